//! What publishing refuses of the settings of steps and flows, and of the newer control steps.

use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::publish_faults::{around, faults, one};

const IT: &str = "/definition/steps/1";

#[tokio::test]
async fn settings_of_any_step() {
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("retry", json!(3), vec!["/retry wrong_type"]),
        ("retry", json!({}), vec![]),
        ("retry", json!({ "maxAttempts": 0 }), vec!["/retry/maxAttempts out_of_range"]),
        ("retry", json!({ "maxAttempts": 101 }), vec!["/retry/maxAttempts out_of_range"]),
        ("retry", json!({ "maxAttempts": "3" }), vec!["/retry/maxAttempts wrong_type"]),
        ("retry", json!({ "maxAttempts": 100, "initialDelayMs": 0, "maxDelayMs": 86_400_000 }), vec![]),
        ("retry", json!({ "initialDelayMs": -1 }), vec!["/retry/initialDelayMs wrong_type"]),
        ("retry", json!({ "maxDelayMs": 86_400_001 }), vec!["/retry/maxDelayMs out_of_range"]),
        ("retry", json!({ "backoff": "linear" }), vec!["/retry/backoff value_unknown"]),
        ("retry", json!({ "jitter": "yes" }), vec!["/retry/jitter wrong_type"]),
        ("retry", json!({ "retryOn": "5xx" }), vec!["/retry/retryOn wrong_type"]),
        ("retry", json!({ "retryOn": ["5xx", 429, null] }), vec!["/retry/retryOn/2 wrong_type"]),
        ("retry", json!({ "times": 3 }), vec!["/retry/times unknown_field"]),
        ("timeoutMs", json!(0), vec!["/timeoutMs out_of_range"]),
        ("timeoutMs", json!("1s"), vec!["/timeoutMs wrong_type"]),
        ("timeoutMs", json!(u64::MAX), vec![]),
        ("onError", json!("stop"), vec!["/onError value_unknown"]),
        ("onError", json!(5), vec!["/onError value_unknown"]),
        ("onError", json!({}), vec!["/onError/stepId required"]),
        ("onError", json!({ "stepId": 5 }), vec!["/onError/stepId wrong_type"]),
        ("onError", json!({ "stepId": "a b" }), vec!["/onError/stepId invalid_name"]),
        ("onError", json!({ "stepId": "gone" }), vec!["/onError/stepId step_unknown"]),
        ("onError", json!({ "stepId": "start" }), vec!["/onError/stepId step_is_trigger"]),
        ("onError", json!({ "stepId": "it" }), vec!["/onError/stepId cycle"]),
        ("onError", json!({ "stepId": "end", "more": 1 }), vec!["/onError/more unknown_field"]),
        ("when", json!(true), vec!["/when wrong_type"]),
        ("when", json!("n >"), vec!["/when expression_syntax"]),
        ("when", json!("{{n}}"), vec!["/when expression_syntax"]),
        ("when", json!("nobody > 1"), vec!["/when unknown_name"]),
        ("disabled", json!("yes"), vec!["/disabled wrong_type"]),
        ("pinnedOutput", json!([1]), vec![]),
    ];
    for (key, value, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|fault| format!("{IT}{fault}")).collect();
        let document = around(|document| document.step("it", "work", json!({})).with(key, value.clone()));
        assert_eq!(faults(&document).await, expected, "{key} {value}");
    }
}

#[tokio::test]
async fn settings_that_a_step_makes_no_use_of() {
    let waits = [
        ("wait", json!({ "durationMs": 1 })),
        ("user-approval", json!({ "message": "m" })),
        ("client-tool", json!({ "toolName": "t" })),
        ("show-form", json!({ "title": "t", "fields": [] })),
    ];
    let both = |document: Builder| document.with("timeoutMs", 5).with("retry", json!({}));
    for (kind, data) in waits {
        let found = faults(&around(|document| both(document.step("it", kind, data)))).await;
        let expected =
            [format!("{IT}/timeoutMs setting_unsupported"), format!("{IT}/retry setting_without_effect")];
        assert_eq!(found, expected, "{kind}");
    }
    let runs = json!({ "flowId": "0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10" });
    let found = faults(&around(|document| both(document.step("it", "run-flow", runs)))).await;
    assert_eq!(found, [format!("{IT}/timeoutMs setting_unsupported")], "it can be tried again");
    for (kind, data) in [("transform", json!({ "expression": "1" })), ("log", json!({ "message": "m" }))] {
        let found = faults(&around(|document| both(document.step("it", kind, data)))).await;
        let expected = ["timeoutMs", "retry"].map(|key| format!("{IT}/{key} setting_without_effect"));
        assert_eq!(found, expected, "{kind}");
    }
    let trigger =
        flow("f").api("start", []).with("retry", json!({})).with("timeoutMs", 5).with("when", "true");
    let trigger = trigger.with("onError", "continue").with("disabled", true).done("end", [("a", 1)]).build();
    let expected = ["retry", "timeoutMs", "onError", "when", "disabled"];
    let expected = expected.map(|key| format!("/definition/steps/0/{key} setting_unsupported"));
    assert_eq!(faults(&trigger).await, expected);
}

#[tokio::test]
async fn settings_of_a_flow() {
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("timeoutMs", json!(1), vec![]),
        ("timeoutMs", json!(0), vec!["/timeoutMs out_of_range"]),
        ("timeoutMs", json!(1.5), vec!["/timeoutMs wrong_type"]),
        ("onError", json!({ "stepId": "end" }), vec![]),
        ("onError", json!({}), vec!["/onError/stepId required"]),
        ("onError", json!("continue"), vec!["/onError wrong_type"]),
        ("onError", json!({ "stepId": "gone" }), vec!["/onError/stepId step_unknown"]),
        ("onError", json!({ "stepId": "start" }), vec!["/onError/stepId step_is_trigger"]),
        ("onError", json!({ "stepId": "it" }), vec!["/onError/stepId handler_shares_step"]),
        ("onError", json!({ "stepId": "end", "more": 1 }), vec!["/onError/more unknown_field"]),
        ("concurrency", json!({ "limit": 1 }), vec![]),
        ("concurrency", json!({ "limit": 10_000, "key": "{{n}} {{inputs.n}} {{flow.name}}" }), vec![]),
        (
            "concurrency",
            json!({ "limit": 1, "key": "{{_trigger.type}}{{currentUser.email}}{{currentDate}}" }),
            vec![],
        ),
        (
            "concurrency",
            json!({ "limit": 1, "key": "{{[n].map(x => x)}}" }),
            vec!["/concurrency/key expression_unsupported"],
        ),
        ("concurrency", json!(1), vec!["/concurrency wrong_type"]),
        ("concurrency", json!({}), vec!["/concurrency/limit required"]),
        ("concurrency", json!({ "limit": 0 }), vec!["/concurrency/limit out_of_range"]),
        ("concurrency", json!({ "limit": 10_001 }), vec!["/concurrency/limit out_of_range"]),
        ("concurrency", json!({ "limit": -1 }), vec!["/concurrency/limit wrong_type"]),
        ("concurrency", json!({ "limit": 1.5 }), vec!["/concurrency/limit wrong_type"]),
        ("concurrency", json!({ "limit": 1, "key": 5 }), vec!["/concurrency/key wrong_type"]),
        ("concurrency", json!({ "limit": 1, "key": "{{n" }), vec!["/concurrency/key expression_syntax"]),
        ("concurrency", json!({ "limit": 1, "key": "{{it.n}}" }), vec!["/concurrency/key unknown_name"]),
        ("concurrency", json!({ "limit": 1, "key": "{{steps.it}}" }), vec!["/concurrency/key unknown_name"]),
        ("concurrency", json!({ "limit": 1, "key": "{{gone}}" }), vec!["/concurrency/key unknown_name"]),
        ("concurrency", json!({ "limit": 1, "more": 1 }), vec!["/concurrency/more unknown_field"]),
    ];
    for (key, value, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|fault| format!("/settings{fault}")).collect();
        let document = around(|document| document.step("it", "work", json!({})).setting(key, value.clone()));
        assert_eq!(faults(&document).await, expected, "{key} {value}");
    }
}

#[tokio::test]
async fn settings_of_the_newer_control_steps() {
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("switch", json!({}), vec!["/data/value required", "/data/cases required"]),
        ("switch", json!({ "value": 1, "cases": {} }), vec!["/data/cases wrong_type"]),
        ("switch", json!({ "value": 1, "cases": [5] }), vec!["/data/cases/0 wrong_type"]),
        (
            "switch",
            json!({ "value": "{{nobody}}", "cases": [{ "equals": ["{{n"], "nextStepId": "gone", "more": 1 }], "defaultStepId": "lost" }),
            vec![
                "/data/cases/0/nextStepId step_unknown",
                "/data/defaultStepId step_unknown",
                "/data/value unknown_name",
                "/data/cases/0/equals/0 expression_syntax",
                "/data/cases/0/more unknown_field",
            ],
        ),
        ("transform", json!({}), vec!["/data/expression required"]),
        ("transform", json!({ "expression": 5 }), vec!["/data/expression wrong_type"]),
        ("transform", json!({ "expression": "{{n}}" }), vec!["/data/expression expression_syntax"]),
        ("log", json!({}), vec!["/data/message required"]),
        ("log", json!({ "level": "loud", "message": "m" }), vec!["/data/level value_unknown"]),
        ("log", json!({ "message": "m", "data": { "a": "{{nobody}}" } }), vec!["/data/data/a unknown_name"]),
        ("show-form", json!({}), vec!["/data/title required", "/data/fields required"]),
        ("show-form", json!({ "title": "t", "fields": 5 }), vec!["/data/fields wrong_type"]),
        (
            "show-form",
            json!({ "title": "t", "fields": [{ "name": "a b" }, { "name": "a", "type": "odd" }, 5] }),
            vec![
                "/data/fields/2 wrong_type",
                "/data/fields/0/name invalid_name",
                "/data/fields/1/type field_type_unknown",
            ],
        ),
        (
            "show-form",
            json!({ "title": "{{n", "fields": [], "expiresInMs": 0 }),
            vec!["/data/title expression_syntax", "/data/expiresInMs out_of_range"],
        ),
        (
            "show-form",
            json!({ "title": "t", "description": "{{n", "fields": [{ "name": "a", "type": "odd" }] }),
            vec!["/data/description expression_syntax", "/data/fields/0/type field_type_unknown"],
        ),
        ("run-flow", json!({}), vec!["/data/flowId required"]),
        ("run-flow", json!({ "flowId": 5 }), vec!["/data/flowId wrong_type"]),
        ("run-flow", json!({ "flowId": "other" }), vec!["/data/flowId wrong_type"]),
        ("run-flow", json!({ "flowId": "{{nobody}}" }), vec!["/data/flowId unknown_name"]),
        (
            "run-flow",
            json!({ "flowId": "{{n}}", "version": "newest", "inputs": 5, "wait": "no", "more": 1 }),
            vec![
                "/data/version wrong_type",
                "/data/inputs wrong_type",
                "/data/wait wrong_type",
                "/data/more unknown_field",
            ],
        ),
        (
            "run-flow",
            json!({ "flowId": "{{n}}", "version": 0, "wait": 1 }),
            vec!["/data/version wrong_type", "/data/wait wrong_type"],
        ),
        (
            "run-flow",
            json!({ "flowId": "{{n}}", "version": "^1.2", "inputs": { "a": "{{n" }, "wait": false }),
            vec!["/data/inputs/a expression_syntax"],
        ),
        ("run-flow", json!({ "flowId": "{{n}}", "version": 3, "inputs": "{{inputs}}" }), vec![]),
        ("wait", json!({}), vec!["/data/durationMs required"]),
        (
            "wait",
            json!({ "durationMs": 1, "until": "2026-01-31T09:00:00Z" }),
            vec!["/data/until setting_conflict"],
        ),
        (
            "wait",
            json!({ "until": 5, "event": { "name": "e" }, "durationMs": 1 }),
            vec!["/data/event setting_conflict", "/data/until wrong_type"],
        ),
        ("wait", json!({ "event": { "name": "e", "key": "{{n}}" }, "expiresInMs": 1 }), vec![]),
        ("wait", json!({ "event": "e" }), vec!["/data/event wrong_type"]),
        ("wait", json!({ "event": {} }), vec!["/data/event/name required"]),
        (
            "wait",
            json!({ "event": { "name": "", "key": 5, "more": 1 }, "expiresInMs": 0 }),
            vec![
                "/data/expiresInMs out_of_range",
                "/data/event/name invalid_name",
                "/data/event/key wrong_type",
                "/data/event/more unknown_field",
            ],
        ),
        (
            "wait",
            json!({ "event": { "name": "{{nobody}}", "key": "a\tb" } }),
            vec!["/data/event/name unknown_name", "/data/event/key invalid_name"],
        ),
        ("wait", json!({ "event": { "name": "{{n" } }), vec!["/data/event/name expression_syntax"]),
        ("wait", json!({ "durationMs": 1, "expiresInMs": 1 }), vec!["/data/expiresInMs unknown_field"]),
        ("wait", json!({ "durationMs": -1 }), vec!["/data/durationMs wrong_type"]),
        ("wait", json!({ "durationMs": "soon" }), vec!["/data/durationMs wrong_type"]),
        ("wait", json!({ "durationMs": true }), vec!["/data/durationMs wrong_type"]),
        ("wait", json!({ "durationMs": "{{nobody}}" }), vec!["/data/durationMs unknown_name"]),
        ("wait", json!({ "durationMs": "{{n" }), vec!["/data/durationMs expression_syntax"]),
        ("wait", json!({ "until": 5 }), vec!["/data/until wrong_type"]),
        ("wait", json!({ "until": "tomorrow" }), vec!["/data/until wrong_type"]),
        ("wait", json!({ "until": "2026-01-31T09:00:00Z", "more": 1 }), vec!["/data/more unknown_field"]),
    ];
    for (kind, data, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|fault| format!("{IT}{fault}")).collect();
        assert_eq!(faults(&one(kind, data.clone())).await, expected, "{kind} {data}");
    }
}
