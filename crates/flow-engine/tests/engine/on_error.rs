//! What a failure leads to: the step's own care, the flow's, or the run's end.

use flow_engine::WaitChoice::Only;
use flow_engine::{Answer, Registry, RunView, StepError, Store};
use flow_model::RunStatus;
use flow_testkit::ScriptedStep;
use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::world::{World, error, output, soon, steps};

/// A flow that begins with a step that fails as `bad`.
fn failing() -> Builder {
    flow("failing").api("start", []).step("bad", "work", json!({}))
}

/// A step that fails with its input's `code`, if it has one, or as `no` without any, and else echoes.
fn work() -> ScriptedStep {
    ScriptedStep::new("work").answers(|call| match (call.input.get("code"), call.input.get("ok")) {
        (Some(code), _) => Err(StepError::new(code.as_str().unwrap(), "as it was told")),
        (None, Some(_)) => Ok((*call.input).clone()),
        (None, None) => Err(StepError::new("no", "it doesn't")),
    })
}

async fn played(document: Builder) -> RunView {
    let world = World::new();
    let engine = world.engine(steps(&work())).await;
    world.run(&engine, &document.build(), json!({})).await
}

fn to(step: &str) -> Value {
    json!({ "stepId": step })
}

#[tokio::test]
async fn by_default_the_run_fails() {
    for on_error in [None, Some(json!("fail")), Some(Value::Null)] {
        let document = match on_error {
            Some(value) => failing().with("onError", value),
            None => failing(),
        };
        assert_eq!(error(&played(document.done("end", [("a", 1)])).await).code, "no");
    }
}

#[tokio::test]
async fn a_step_that_continues_has_the_error_as_its_output() {
    let outputs = [
        ("whole", "{{result}}"),
        ("code", "{{steps.bad.error.code}}"),
        ("error", "{{error ?? 'none'}}"),
        ("next", "{{next.ok}}"),
    ];
    let document = failing().with("name", "A bad one").output("result").with("onError", "continue");
    let document = document.step("next", "work", json!({ "ok": "{{result.error.message}}" }));
    let view = played(document.done("end", outputs)).await;
    let expected = json!({
        "error": { "code": "no", "message": "it doesn't", "stepId": "bad", "stepName": "A bad one", "attempt": 1 }
    });
    assert_eq!(
        output(&view),
        json!({ "whole": expected, "code": "no", "error": "none", "next": "it doesn't" }),
        "`error` is for a path that takes care of it"
    );
    assert_eq!(view.state.visit("bad").unwrap().status.as_str(), "failed");
}

#[tokio::test]
async fn a_last_step_that_continues_ends_the_run_well() {
    let document = flow("last")
        .api("start", [])
        .condition("which", [("never", "1 > 2", "end")], Some("bad"))
        .step("bad", "work", json!({}))
        .with("onError", "continue")
        .ends()
        .done("end", [("a", 1)]);
    assert_eq!(output(&played(document).await), json!({}));
}

#[tokio::test]
async fn a_step_that_takes_care_sees_the_error() {
    let document = failing()
        .with("onError", to("help"))
        .next("end")
        .step("help", "work", json!({ "ok": "{{error.code}} of {{error.stepId}}" }))
        .done(
            "end",
            [("help", "{{help.ok}}"), ("bad", "{{bad ?? 'nothing'}}"), ("attempt", "{{error.attempt}}")],
        );
    let expected = json!({ "help": "no of bad", "bad": "nothing", "attempt": 1 });
    assert_eq!(output(&played(document).await), expected);
}

#[tokio::test]
async fn the_latest_error_is_the_one_seen() {
    let document = failing()
        .with("onError", to("worse"))
        .next("end")
        .step("worse", "work", json!({ "code": "worse" }))
        .with("onError", to("end"))
        .next("end")
        .done("end", [("code", "{{error.code}}")]);
    assert_eq!(output(&played(document).await), json!({ "code": "worse" }));
}

#[tokio::test]
async fn any_step_can_fail_and_be_taken_care_of() {
    let start = || flow("any").api("start", [flow_testkit::documents::optional("x", "object")]);
    let failures: Vec<(Builder, &str)> = vec![
        (start().fail("it", "on purpose").data("code", "mine"), "mine"),
        (start().set("it", [("v", json!("{{x.a.b}}"))]), "type_error"),
        (start().step("it", "transform", json!({ "expression": "x.a.b" })), "type_error"),
        (start().step("it", "log", json!({ "message": "{{x.a.b}}" })), "type_error"),
        (start().step("it", "wait", json!({ "durationMs": "{{'soon'}}" })), "settings_invalid"),
        (start().step("it", "work", json!({ "a": "{{x.a.b}}" })), "type_error"),
        (start().step("it", "work", json!({ "ok": 1 })).with("when", "x.a.b"), "type_error"),
    ];
    for (document, code) in failures {
        let bare = document.clone().with("nextStepId", "end").done("end", [("a", 1)]);
        let bare = played(bare).await;
        assert_eq!(error(&bare).code, code);
        let goes_on = document.clone().with("onError", "continue").with("nextStepId", "end");
        let view = played(goes_on.done("end", [("code", "{{it.error.code}}")])).await;
        assert_eq!(output(&view), json!({ "code": code }));
        let led = document.with("onError", to("end")).done("end", [("code", "{{error.code}}")]);
        assert_eq!(output(&played(led).await), json!({ "code": code }));
    }
}

#[tokio::test]
async fn a_wait_that_fails_is_taken_care_of() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("tool")
        .api("start", [])
        .tool("look", "look-up", json!({}))
        .expires_in(1_000)
        .with("onError", "continue")
        .done("end", [("code", "{{look.error.code}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    let reply = world.resume(&engine, view.id(), Only, Answer::Tool(Err("no".into()))).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "code": "tool_failed" }));
    let view = world.run(&engine, &document, json!({})).await;
    let view = world.until_ended(&engine, view.id()).await;
    assert_eq!(output(&view), json!({ "code": "wait_expired" }));
}

#[tokio::test]
async fn the_flows_handler_sees_the_error_and_its_final_ends_the_run_well() {
    let document = failing()
        .done("end", [("a", 1)])
        .step("tidy", "work", json!({ "ok": "{{error.code}}" }))
        .done("sorry", [("problem", "{{error.message}}"), ("tidied", "{{tidy.ok}}")])
        .setting("onError", to("tidy"));
    assert_eq!(output(&played(document).await), json!({ "problem": "it doesn't", "tidied": "no" }));
}

#[tokio::test]
async fn without_a_final_the_flows_handler_leaves_the_original_error() {
    let ways: Vec<(Builder, &str)> = vec![
        (failing().done("end", [("a", 1)]).step("tidy", "work", json!({ "ok": 1 })), "it ends well"),
        (failing().done("end", [("a", 1)]).step("tidy", "work", json!({ "code": "worse" })), "it fails too"),
        (
            failing()
                .done("end", [("a", 1)])
                .step("tidy", "work", json!({ "code": "worse" }))
                .with("onError", "continue"),
            "it fails and goes on",
        ),
        (failing().done("end", [("a", 1)]).fail("tidy", "on purpose"), "it fails on purpose"),
        (
            failing().done("end", [("a", 1)]).step("tidy", "work", json!({})).with("disabled", true),
            "it is off",
        ),
        (
            failing()
                .done("end", [("a", 1)])
                .step("tidy", "work", json!({ "code": "worse" }))
                .with("onError", to("more"))
                .ends()
                .step("more", "work", json!({ "ok": 1 })),
            "it has a handler of its own",
        ),
    ];
    for (document, way) in ways {
        let view = played(document.setting("onError", to("tidy"))).await;
        let error = error(&view);
        assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("no", Some("bad")), "{way}");
        assert_eq!(view.record.status, RunStatus::Failed);
        assert!(view.state.visit("tidy").is_some(), "{way}: the handler ran");
    }
}

#[tokio::test]
async fn a_steps_own_care_comes_before_the_flows() {
    let flows = |document: Builder| {
        let document = document.done("sorry", [("by", "the flow"), ("code", "{{error.code}}")]);
        document.setting("onError", to("sorry"))
    };
    let own = failing().with("onError", "continue").done("end", [("by", "the step")]);
    assert_eq!(output(&played(flows(own)).await)["by"], json!("the step"));
    // What takes care fails itself, and nothing takes care of that but the flow.
    let own =
        failing().with("onError", to("help")).next("end").step("help", "work", json!({ "code": "worse" }));
    let view = played(flows(own.next("end").done("end", [("by", "the step")]))).await;
    assert_eq!(output(&view), json!({ "by": "the flow", "code": "worse" }));
}

#[tokio::test]
async fn a_handler_that_leads_to_where_the_run_has_been_ends_it() {
    let document = flow("again").api("start", []).fail("bad", "on purpose").done("end", [("a", 1)]);
    let document = document.with("id", "end").setting("onError", to("bad"));
    let mut document = document.build();
    let steps = document["definition"]["steps"].as_array_mut().unwrap();
    steps[0]["nextStepId"] = json!("which");
    steps.push(json!({ "id": "which", "type": "condition", "nextStepId": "end", "data": { "branches": [
        { "condition": "1 < 2", "nextStepId": "bad" },
    ] } }));
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(error(&view).code, "step_revisited");
    assert_eq!(view.damage, None);
}

#[tokio::test]
async fn a_handler_that_shares_steps_with_the_flow_cant_be_published() {
    let document = flow("shared").api("start", []).set("a", [("x", json!(1))]).step("bad", "work", json!({}));
    let document = document.done("end", [("a", 1)]).setting("onError", to("a")).build();
    let world = World::new();
    let engine = world.engine(steps(&work())).await;
    let faults = engine.flows().validate(&document);
    let faults: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(faults, ["/settings/onError/stepId handler_shares_step"]);
}

#[tokio::test]
async fn a_cancel_triggers_no_handler() {
    let world = World::new();
    let work = work();
    let engine = world.engine(steps(&work)).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]);
    let document = document.step("tidy", "work", json!({ "ok": 1 })).setting("onError", to("tidy")).build();
    let run = world.run(&engine, &document, json!({})).await.id();
    let reply = soon(engine.cancel(world.workspace, run)).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Cancelled);
    assert_eq!(work.calls().len(), 0);
}

#[tokio::test]
async fn a_step_is_taken_care_of_after_its_last_attempt() {
    let world = World::new();
    let work = work();
    let engine = world.engine(steps(&work)).await;
    let document = flow("last")
        .api("start", [])
        .step("bad", "work", json!({ "code": "network" }))
        .with("retry", json!({ "maxAttempts": 3 }))
        .with("onError", "continue")
        .done("end", [("attempt", "{{bad.error.attempt}}")])
        .build();
    let reply = world.as_time_passes(engine.execute(world.call(&document, json!({})))).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "attempt": 3 }));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}
