//! What each step that waits for nobody comes to.

use serde_json::{Value, json};

use super::{alone, failing, started, transform};
use crate::world::{World, output};

const NOBODY: &str = "nothing was ended: the run wasn't started by a message of a conversation";

/// The type, the settings, and the result, with the input `n` of 7.
fn rows() -> Vec<(&'static str, Value, Value)> {
    let each = |more: Value, steps: Value| {
        let mut data = json!({ "arrayVariable": [1, 2, 3], "steps": steps });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let branches = json!([
        { "name": "a", "steps": [transform("t", "n"), ] },
        { "name": "b", "steps": [failing("f")] },
    ]);
    let row = |index: u8, item: u8| json!({ "index": index, "item": item, "t": item + 7 });
    vec![
        (
            "set-variables",
            json!({ "variables": [{ "name": "a", "value": "{{n}}" }, { "name": "b" }] }),
            json!({ "a": 7, "b": null }),
        ),
        ("set-variables", json!({ "variables": [] }), json!({})),
        ("transform", json!({ "expression": "[n, `${n}`]" }), json!([7, "7"])),
        (
            "condition",
            json!({ "branches": [{ "condition": "n > 7" }, { "name": "b", "condition": "n" }] }),
            json!({ "branch": "b" }),
        ),
        (
            "condition",
            json!({ "branches": [{ "name": "a", "condition": "n > 7" }], "elseStepId": "end" }),
            json!({ "branch": null }),
        ),
        (
            "switch",
            json!({ "value": "{{n}}", "cases": [{ "equals": "7" }, { "equals": 7.0 }] }),
            json!({ "case": 7.0 }),
        ),
        ("switch", json!({ "value": "{{n}}", "cases": [], "defaultStepId": "end" }), json!({ "case": null })),
        ("log", json!({ "message": "{{n}}", "level": "debug", "data": [1] }), Value::Null),
        (
            "end-session",
            json!({}),
            json!({ "success": false, "message": NOBODY, "sessionId": null, "endReason": "flow_completed",
            "endedAt": "2026-01-01T00:00:00.000Z", "conversationId": null, "error": NOBODY }),
        ),
        (
            "each",
            each(json!({ "maxItems": 2, "concurrency": 2 }), json!([transform("t", "item + n")])),
            json!({
            "item": 2, "items": [1, 2], "results": [row(0, 1), row(1, 2)], "errors": [],
            "successfulItems": 2, "failedItems": 0, "totalItems": 3, "processedItems": 2 }),
        ),
        (
            "each",
            json!({ "arrayVariable": "{{[n]}}", "steps": [transform("t", "_each")] }),
            json!({
            "item": 7, "items": [7], "errors": [],
            "results": [{ "index": 0, "item": 7, "t": { "item": 7, "index": 0, "total": 1, "isFirst": true, "isLast": true } }],
            "successfulItems": 1, "failedItems": 0, "totalItems": 1, "processedItems": 1 }),
        ),
        (
            "while",
            json!({ "condition": "iteration < 1", "steps": [transform("t", "_while")] }),
            json!({
            "iterations": 1, "errors": [], "lastIteration": { "iteration": 0, "t": { "iteration": 0, "run": 1, "isFirst": true } },
            "results": [{ "iteration": 0, "t": { "iteration": 0, "run": 1, "isFirst": true } }] }),
        ),
        (
            "while",
            json!({ "condition": "false", "steps": [transform("t", "1")] }),
            json!({ "iterations": 0, "results": [], "errors": [], "lastIteration": null }),
        ),
        ("parallel", json!({ "branches": [branches[0]] }), json!({ "a": 7 })),
        ("parallel", json!({ "branches": branches, "join": "any" }), json!({ "a": 7 })),
    ]
}

#[tokio::test]
async fn each_type_comes_to_what_is_described() {
    for (kind, data, expected) in rows() {
        let world = World::new();
        let mut got = output(&world.run_alone(&alone(kind, data.clone()), json!({ "n": 7 })).await);
        // The moment is the clock's.
        if let Some(at) = got.pointer_mut("/it/endedAt") {
            assert!(at.as_str().unwrap().parse::<flow_model::Timestamp>().is_ok(), "{at}");
            *at = json!("2026-01-01T00:00:00.000Z");
        }
        assert_eq!(got, json!({ "it": expected }), "{kind} {data}");
    }
}

#[tokio::test]
async fn the_result_of_each_type_has_the_name_that_is_asked_for() {
    for (kind, data, expected) in rows().into_iter().filter(|(kind, ..)| *kind != "end-session") {
        let document = started(kind, data.clone()).output("named");
        let document = document
            .done("end", [("it", "{{named}}"), ("by", "{{steps['the-step']}}"), ("n", "{{n}}")])
            .build();
        let got = output(&World::new().run_alone(&document, json!({ "n": 7 })).await);
        assert_eq!(got, json!({ "it": expected, "by": expected, "n": 7 }), "{kind} {data}");
    }
}

#[tokio::test]
async fn the_settled_branches_say_how_each_ended() {
    let data = json!({ "join": "settled", "branches": [
        { "name": "a", "steps": [transform("t", "n")] },
        { "name": "b", "steps": [failing("f")] },
    ] });
    let got = output(&World::new().run_alone(&alone("parallel", data), json!({ "n": 7 })).await);
    let (a, b) = (&got["it"]["a"], &got["it"]["b"]);
    assert_eq!(a, &json!({ "status": "completed", "value": 7 }));
    assert_eq!(
        (&b["status"], &b["error"]["code"], &b["error"]["stepId"]),
        (&json!("failed"), &json!("refused"), &json!("f"))
    );
}

#[tokio::test]
async fn a_step_that_is_passed_over_comes_to_null() {
    for (kind, data, _) in rows() {
        for (key, value) in [("when", json!("n > 7")), ("disabled", json!(true))] {
            let document =
                started(kind, data.clone()).with(key, value).done("end", [("it", "{{the_step ?? null}}")]);
            let got = output(&World::new().run_alone(&document.build(), json!({ "n": 7 })).await);
            assert_eq!(got, json!({ "it": null }), "{kind} {key}");
        }
    }
}
