//! The failures of steps that wait for nobody, and those that an expression brings to any step.

use flow_engine::{Registry, ScriptFailureKind as Kind};
use flow_testkit::documents::flow;
use flow_testkit::{ScriptedEngine, script_failure};
use serde_json::{Value, json};

use super::{alone, failing, transform};
use crate::run_flow::sub_flow;
use crate::world::{World, error, output};

async fn code(kind: &str, data: Value, inputs: Value) -> String {
    error(&World::new().run_alone(&alone(kind, data), inputs).await).code
}

#[tokio::test]
async fn each_type_fails_as_is_described() {
    let steps = json!([transform("t", "1")]);
    let branch = |id: &str| json!({ "name": id, "steps": [failing(id)] });
    for (kind, data, expected) in [
        ("each", json!({ "arrayVariable": "n", "steps": steps }), "not_a_list"),
        ("each", json!({ "arrayVariable": "{{ 'text' }}", "steps": steps }), "not_a_list"),
        ("each", json!({ "arrayVariable": "inputs.many", "steps": steps }), "too_many_items"),
        ("parallel", json!({ "branches": [branch("f"), branch("g")] }), "refused"),
        ("parallel", json!({ "join": "any", "branches": [branch("f"), branch("g")] }), "all_branches_failed"),
        ("wait", json!({ "durationMs": "{{'soon'}}" }), "settings_invalid"),
        ("wait", json!({ "durationMs": "{{-1}}" }), "settings_invalid"),
        ("wait", json!({ "until": "{{n}}" }), "settings_invalid"),
        ("wait", json!({ "event": { "name": "{{''}}" } }), "settings_invalid"),
        ("wait", json!({ "event": { "name": "e", "key": "{{'x'.repeat(513)}}" } }), "settings_invalid"),
        ("run-flow", json!({ "flowId": "{{n}}" }), "flow_not_found"),
        ("log", json!({ "message": "{{n.x.y}}" }), "type_error"),
        ("switch", json!({ "value": 1, "cases": [{ "equals": "{{n.x.y}}" }] }), "type_error"),
        ("transform", json!({ "expression": "n.x.y" }), "type_error"),
        ("each", json!({ "arrayVariable": "n.x.y", "steps": steps }), "type_error"),
        ("while", json!({ "condition": "true", "steps": [failing("f")] }), ""),
        ("show-form", json!({ "title": "{{n.x.y}}", "fields": [] }), "type_error"),
        ("wait", json!({ "until": "{{n.x.y}}" }), "type_error"),
        ("run-flow", json!({ "flowId": "{{n.x.y}}" }), "type_error"),
        ("add-widget-to-message", json!({ "widgetId": "{{n.x.y}}" }), "type_error"),
        ("end-session", json!({ "reason": "{{n.x.y}}" }), "type_error"),
        ("final", json!({ "outputs": [{ "name": "a", "output": "{{n.x.y}}" }] }), "type_error"),
        ("fail", json!({ "message": "no" }), "flow_failed"),
    ] {
        let many = if expected == "too_many_items" { vec![0; 50_001] } else { Vec::new() };
        let inputs = json!({ "n": 7, "many": many });
        match expected {
            "" => _ = output(&World::new().run_alone(&alone(kind, data), inputs).await),
            _ => assert_eq!(code(kind, data.clone(), inputs).await, expected, "{kind} {data}"),
        }
    }
}

#[tokio::test]
async fn a_loop_tells_of_failures_and_goes_on() {
    for (data, expected) in [
        (
            json!({ "condition": "true", "maxIterations": 2, "steps": [transform("t", "1")] }),
            "max_iterations",
        ),
        (json!({ "condition": "true", "steps": [failing("f")] }), "refused"),
    ] {
        let got = output(&World::new().run_alone(&alone("while", data), json!({})).await);
        assert_eq!(got["it"]["errors"][0]["error"]["code"], json!(expected), "{got}");
    }
}

#[tokio::test]
async fn an_expression_fails_under_its_own_code() {
    for (expression, expected) in [
        ("n.x.y", "type_error"),
        ("'x'.repeat(-1)", "range_error"),
        ("parseJson('{')", "invalid_json"),
        ("unbase64('%')", "invalid_base64"),
        ("decodeURI('%')", "invalid_uri"),
        ("resumeUrl('nowhere')", "no_such_wait"),
        ("'x'.repeat(17 * 1024 * 1024)", "output_too_large"),
    ] {
        let data = json!({ "expression": expression });
        assert_eq!(code("transform", data, json!({ "n": 7 })).await, expected, "{expression}");
    }
}

#[tokio::test]
async fn code_and_scripts_fail_under_their_own_codes() {
    for (kind, expected) in [
        (Kind::Threw, "script_error"),
        (Kind::TimedOut, "script_timeout"),
        (Kind::OutOfMemory, "script_out_of_memory"),
        (Kind::NotJson, "not_json"),
        (Kind::OutputTooLarge, "output_too_large"),
        (Kind::NeverSettles, "script_never_settles"),
        (Kind::Busy, "scripts_busy"),
        (Kind::Crashed, "script_crashed"),
        (Kind::Unavailable, "scripts_unavailable"),
    ] {
        for (step, data) in [
            ("nodejs", json!({ "code": "return inputs.n", "inputs": { "n": "{{n}}" } })),
            ("transform", json!({ "expression": "[n].map(x => x)" })),
        ] {
            let world = World::new();
            let scripts = ScriptedEngine::new(move |_| script_failure(kind, "because"));
            let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
            let error = error(&world.run(&engine, &alone(step, data), json!({ "n": 7 })).await);
            assert_eq!((&*error.code, error.step_id.as_deref()), (expected, Some("the-step")), "{step}");
        }
    }
}

#[tokio::test]
async fn a_flow_that_no_api_trigger_begins_cant_be_run_by_another() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    for (kind, data) in [
        ("form", json!({ "title": "t", "fields": [{ "name": "a" }] })),
        ("peer.message", json!({})),
        ("webhook.x", json!({})),
    ] {
        let inner = flow("inner").step("start", kind, data).done("end", [("a", 1)]).build();
        let inner = sub_flow(&world, &engine, &inner).await.to_string();
        let view = world.run(&engine, &alone("run-flow", json!({ "flowId": inner })), json!({})).await;
        assert_eq!(error(&view).code, "no_api_trigger", "{kind}");
    }
}
