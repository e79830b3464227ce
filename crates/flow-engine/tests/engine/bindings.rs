//! What expressions see: outputs, variables, `steps`, inputs and the names that every flow has.

use std::sync::Arc;

use flow_engine::{Execute, Registry, StartedBy};
use flow_testkit::documents::{flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, echo, output, steps};

#[tokio::test]
async fn a_steps_result_is_reached_by_its_variable_its_id_and_its_name() {
    let document = flow("names")
        .api("start", [])
        .step("load-it", "work", json!({ "v": 1 }))
        .with("name", "Load it, now!")
        .step("other", "work", json!({ "v": 2 }))
        .output("chosen")
        .done(
            "end",
            [
                ("by_default", "{{load_it.v}}"),
                ("by_id", "{{steps['load-it'].v}}"),
                ("by_name", "{{steps.Load_it__now_.v}}"),
                ("by_output", "{{chosen.v}}"),
                ("by_id_too", "{{steps.other.v}}"),
            ],
        )
        .build();
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(
        output(&view),
        json!({ "by_default": 1, "by_id": 1, "by_name": 1, "by_output": 2, "by_id_too": 2 })
    );
}

#[tokio::test]
async fn an_id_wins_over_a_name_in_steps() {
    let document = flow("names")
        .api("start", [])
        .step("a", "work", json!({ "v": 1 }))
        .with("name", "b")
        .step("b", "work", json!({ "v": 2 }))
        .done("end", [("b", "{{steps.b.v}}")])
        .build();
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    assert_eq!(output(&world.run(&engine, &document, json!({})).await), json!({ "b": 2 }));
}

#[tokio::test]
async fn a_known_name_is_undefined_until_it_is_set() {
    let document = flow("undefined")
        .api("start", [optional("given", "string")])
        .condition("c", [("never", "false", "set")], Some("end"))
        .set("set", [("x", json!(1))])
        .done(
            "end",
            [
                ("x", "{{typeof x}}"),
                ("step", "{{typeof set}}"),
                ("in_steps", "{{typeof steps.set}}"),
                ("given", "{{given ?? 'none'}}"),
                ("approval", "{{approval?.decision ?? 'not asked'}}"),
                ("error", "{{typeof error}}"),
            ],
        )
        .build();
    let view = World::new().run_alone(&document, json!({})).await;
    assert_eq!(
        output(&view),
        json!({
            "x": "undefined", "step": "undefined", "in_steps": "undefined", "given": "none",
            "approval": "not asked", "error": "undefined",
        })
    );
}

#[tokio::test]
async fn an_unknown_member_of_steps_fails_with_the_nearest_one() {
    let document = flow("typo").api("start", []).set("load", [("x", json!(1))]);
    let document = document.done("end", [("x", "{{steps['lo' + 'd'].x}}")]).build();
    let error = crate::world::error(&World::new().run_alone(&document, json!({})).await);
    assert_eq!(error.code, "unknown_name");
    assert!(error.message.contains("load"), "{}", error.message);
}

#[tokio::test]
async fn a_later_write_wins_and_an_input_gives_way_to_a_variable() {
    let document = flow("writes")
        .api("start", [required("x", "number")])
        .set("one", [("y", json!("{{x}}")), ("x", json!("{{x + 1}}"))])
        .set("two", [("x", json!("{{x + 1}}"))])
        .done("end", [("x", "{{x}}"), ("y", "{{y}}"), ("input", "{{inputs.x}}"), ("one", "{{one.x}}")])
        .build();
    let view = World::new().run_alone(&document, json!({ "x": 1 })).await;
    assert_eq!(output(&view), json!({ "x": 3, "y": 1, "input": 1, "one": 2 }));
}

#[tokio::test]
async fn a_caller_cant_set_a_variable_with_an_input_that_isnt_declared() {
    let document = flow("guarded")
        .api("start", [required("n", "number")])
        .condition("c", [("checked", "n > 5", "check")], Some("end"))
        .set("check", [("allowed", json!(true))])
        .done("end", [("allowed", "{{allowed ?? false}}"), ("as_input", "{{inputs.allowed}}")])
        .build();
    let view = World::new().run_alone(&document, json!({ "n": 1, "allowed": true, "c": 1 })).await;
    assert_eq!(output(&view), json!({ "allowed": false, "as_input": true }));
}

#[tokio::test]
async fn a_trigger_that_declares_nothing_takes_any_name() {
    let document =
        flow("open").step("start", "api", json!({})).done("end", [("x", "{{x}}"), ("y", "{{typeof y}}")]);
    let view = World::new().run_alone(&document.build(), json!({ "x": [1] })).await;
    assert_eq!(output(&view), json!({ "x": [1], "y": "undefined" }));
}

#[tokio::test]
async fn reserved_names_win_over_inputs() {
    let document = flow("reserved")
        .api(
            "start",
            [required("flow", "string"), required("steps", "string"), required("currentDate", "string")],
        )
        .done("end", [("flow", "{{flow.name}}"), ("input", "{{inputs.flow}}"), ("date", "{{currentDate}}")])
        .build();
    let inputs = json!({ "flow": "mine", "steps": "mine", "currentDate": "mine" });
    let view = World::new().run_alone(&document, inputs).await;
    let expected = json!({ "flow": "reserved", "input": "mine", "date": "2026-01-01T00:00:00.000Z" });
    assert_eq!(output(&view), expected);
}

#[tokio::test]
async fn every_flow_knows_itself_its_step_its_caller_and_its_trigger() {
    let document = flow("selfie")
        .api("start", [])
        .set("first", [("x", json!(1))])
        .with("name", "First step")
        .done(
            "end",
            [
                ("flow", "{{flow}}"),
                ("step", "{{step}}"),
                ("user", "{{currentUser}}"),
                ("trigger", "{{_trigger}}"),
            ],
        )
        .with("name", "The end")
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let call = Execute {
        trigger: StartedBy::Type { kind: "api".into(), data: Arc::new(json!({ "ip": "::1" })) },
        current_user: Arc::new(json!({ "name": "Ada", "role": "admin" })),
        ..world.call(&document, json!({}))
    };
    let view = engine.execute(call).await.unwrap().view;
    assert_eq!(
        output(&view),
        json!({
            "flow": {
                "id": null, "executionId": view.id().to_string(), "name": "selfie", "version": null,
                "currentStepName": "The end", "nextStepName": null, "triggerType": "api",
            },
            "step": {
                "currentId": "end", "currentName": "The end", "previousName": "First step", "nextName": null,
            },
            "user": { "name": "Ada", "role": "admin" },
            "trigger": { "type": "api", "data": { "ip": "::1" } },
        })
    );
}

#[tokio::test]
async fn what_an_expression_saw_stays_as_it_was_when_a_run_is_taken_up_again() {
    let document = flow("dates")
        .api("start", [])
        .set("before", [("at", json!("{{currentDate}}"))])
        .approval("ask", "{{currentDate}}")
        .done("end", [("before", "{{at}}"), ("after", "{{currentDate}}")])
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &document, json!({})).await;
    engine.stop(std::time::Duration::from_secs(5)).await;
    world.clock.advance(std::time::Duration::from_secs(40 * 24 * 3600));
    let next = world.engine(Registry::new()).await;
    let reply = world.resume(&next, view.id(), flow_engine::WaitChoice::Only, crate::world::approve()).await;
    let start: Value = json!("2026-01-01T00:00:00.000Z");
    assert_eq!(output(&reply.unwrap().view), json!({ "before": start, "after": start }));
}
