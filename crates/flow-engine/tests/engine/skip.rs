//! Steps that are passed over, and outputs that are pinned while drafting.

use std::sync::Arc;

use flow_engine::{Execute, Registry, RunView, Target};
use flow_model::RunStatus;
use flow_testkit::documents::{Builder, flow, optional};
use serde_json::{Value, json};

use crate::flows::{created, edit, publish};
use crate::world::{World, echo, error, output, soon, steps};

fn start() -> Builder {
    flow("skip").api("start", [optional("n", "number"), optional("x", "object")])
}

/// Runs it, and how often the world was called.
async fn played(document: Builder, inputs: Value) -> (RunView, usize) {
    let (world, step) = (World::new(), echo());
    let engine = world.engine(steps(&step)).await;
    let view = world.run(&engine, &document.build(), inputs).await;
    (view, step.calls().len())
}

fn guarded(key: &str, value: impl Into<Value>) -> Builder {
    let document = start().step("it", "work", json!({ "a": 1 })).output("result").with(key, value);
    document.done("end", [("result", "{{result}}"), ("same", "{{steps.it === null}}")])
}

#[tokio::test]
async fn a_step_is_passed_over_unless_its_when_holds() {
    let cases = [
        ("n > 1", json!({ "n": 2 }), true),
        ("n > 1", json!({ "n": 1 }), false),
        ("n", json!({}), false),
        ("n", json!({ "n": 0 }), false),
        ("'false'", json!({}), true),
        ("x?.a", json!({ "x": { "a": [] } }), true),
        ("null", json!({}), false),
    ];
    for (when, inputs, runs) in cases {
        let (view, calls) = played(guarded("when", when), inputs.clone()).await;
        let expected = if runs { json!({ "a": 1 }) } else { Value::Null };
        assert_eq!(output(&view), json!({ "result": expected, "same": !runs }), "{when} {inputs}");
        assert_eq!(calls, usize::from(runs), "{when} {inputs}");
        let status = view.state.visit("it").unwrap().status.as_str();
        assert_eq!(status, if runs { "completed" } else { "skipped" });
    }
}

#[tokio::test]
async fn a_disabled_step_is_passed_over_and_nothing_of_it_is_evaluated() {
    let (view, calls) = played(guarded("disabled", true).with("id", "end"), json!({})).await;
    assert_eq!((output(&view)["result"].clone(), calls), (Value::Null, 0));
    let document = start().step("it", "work", json!({ "a": "{{x.a.b}}" })).with("disabled", true);
    let (view, calls) =
        played(document.with("when", "x.a.b").done("end", [("it", "{{it}}")]), json!({})).await;
    assert_eq!((output(&view), calls), (json!({ "it": null }), 0));
    let (_, calls) = played(guarded("disabled", false), json!({})).await;
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn a_when_without_a_value_fails_the_step() {
    let (view, calls) = played(guarded("when", "x.a.b"), json!({})).await;
    assert_eq!((error(&view).step_id.as_deref(), calls), (Some("it"), 0));
    assert_eq!(view.state.visit("it").unwrap().status.as_str(), "failed");
}

#[tokio::test]
async fn any_type_of_step_can_be_passed_over() {
    let off = |document: Builder| document.with("disabled", true).with("nextStepId", "end");
    let end = |document: Builder| document.done("end", [("it", "{{it ?? 'null'}}")]);
    for document in [
        start().set("it", [("v", json!(1))]),
        start().condition("it", [("a", "1 < 2", "other")], Some("other")),
        start().step(
            "it",
            "switch",
            json!({ "value": 1, "cases": [{ "equals": 1, "nextStepId": "other" }] }),
        ),
        start().fail("it", "on purpose"),
        start().approval("it", "?"),
        start().tool("it", "t", json!({})),
        start().step("it", "wait", json!({ "durationMs": 1_000_000 })),
        start().step("it", "show-form", json!({ "title": "t", "fields": [] })),
        start().step("it", "transform", json!({ "expression": "1" })),
        start().step("it", "log", json!({ "message": "m" })),
    ] {
        let shows = document.clone().build()["definition"]["steps"][1]["type"].to_string();
        let other = |document: Builder| document.set("other", [("o", json!(1))]).next("end");
        let leads_elsewhere = shows.contains("condition") || shows.contains("switch");
        let document = if leads_elsewhere { other(off(document)) } else { off(document) };
        let (view, _) = played(end(document), json!({})).await;
        assert_eq!(output(&view), json!({ "it": "null" }), "{shows}");
    }
}

#[tokio::test]
async fn a_run_whose_last_step_is_passed_over_ends_well_without_output() {
    let (view, _) = played(start().done("end", [("a", 1)]).with("when", "n == 1"), json!({})).await;
    assert_eq!(output(&view), json!({}));
    let (view, _) = played(start().done("end", [("a", 1)]).with("when", "n == 1"), json!({ "n": 1 })).await;
    assert_eq!(output(&view), json!({ "a": 1 }));
}

/// A flow whose one effect is pinned.
fn pinned() -> Builder {
    start().step("it", "work", json!({ "a": "real" })).with("pinnedOutput", json!({ "a": "pinned" }))
}

#[tokio::test]
async fn a_drafts_run_takes_the_pinned_output_and_a_published_one_never_does() {
    let (world, step) = (World::new(), echo());
    let engine = world.engine(steps(&step)).await;
    let document = pinned().done("end", [("a", "{{it.a}}")]).build();
    let run = async |target: Target| {
        let call = Execute { target, ..world.call(&document, json!({})) };
        let view = soon(engine.execute(call)).await.unwrap().view;
        (output(&view)["a"].clone(), step.calls().len())
    };
    let flow = created(&world, &engine, &document).await;
    assert_eq!(run(Target::Draft(flow)).await, (json!("pinned"), 0));
    assert_eq!(run(Target::Document(Arc::new(document.clone()))).await, (json!("pinned"), 0));
    publish(&world, &engine, flow).await;
    let published = || Target::Published(flow, flow_model::VersionSelector::Latest);
    assert_eq!(run(published()).await, (json!("real"), 1));
    assert_eq!(run(Target::Draft(flow)).await, (json!("real"), 2), "without a draft it is the published one");
    let mut changed = document.clone();
    changed["definition"]["steps"][1]["pinnedOutput"] = json!({ "a": "anew" });
    edit(&world, flow, &changed).await;
    assert_eq!(run(Target::Draft(flow)).await, (json!("anew"), 2));
    assert_eq!(run(published()).await, (json!("real"), 3));
}

#[tokio::test]
async fn a_pinned_step_does_nothing_else() {
    let world = World::new();
    let document = start()
        .set("set", [("v", json!("{{x.a.b}}"))])
        .with("pinnedOutput", json!({ "v": "pinned" }))
        .approval("ask", "{{x.a.b}}")
        .with("pinnedOutput", json!({ "decision": "approve" }))
        .step("wait", "wait", json!({ "durationMs": 1_000_000 }))
        .with("pinnedOutput", 0)
        .step("off", "transform", json!({ "expression": "1" }))
        .with("pinnedOutput", 5)
        .with("disabled", true)
        .step("nothing", "transform", json!({ "expression": "1" }))
        .with("pinnedOutput", Value::Null)
        .done(
            "end",
            [
                ("v", "{{v}}"),
                ("ask", "{{ask.decision}}"),
                ("wait", "{{wait}}"),
                ("off", "{{off}}"),
                ("nothing", "{{nothing}}"),
            ],
        )
        .build();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &document, json!({})).await;
    let expected = json!({ "v": "pinned", "ask": "approve", "wait": 0, "off": null, "nothing": 1 });
    assert_eq!(output(&view), expected);
    let document = start().done("end", [("a", 1)]).with("pinnedOutput", json!({ "b": 2 })).build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!((view.status(), output(&view)), (RunStatus::Completed, json!({ "b": 2 })));
}
