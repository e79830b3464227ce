//! Flows that use what any step can have: retries, handlers, conditions, and the steps that pause.

use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

/// Name, document, end, and how many visits call the world.
pub(super) type Row = (&'static str, Value, Result<Value, &'static str>, usize);

fn retry(attempts: u32) -> Value {
    // More attempts than any crash simulation takes away, and pauses that its clock steps over at once.
    json!({ "maxAttempts": attempts, "initialDelayMs": 10, "retryOn": ["network", "on_request"] })
}

/// Flows in which steps fail.
pub(super) fn with_failures() -> impl Iterator<Item = Row> {
    let start = |name| flow(name).api("start", [required("n", "number")]);
    let retried = start("retried")
        .step("one", "work", json!({ "n": "{{n}}", "flaky": 2 }))
        .with("retry", retry(8))
        .step("two", "work", json!({ "n": "{{one.n + 1}}" }))
        .done("end", [("n", "{{two.n}}")])
        .build();
    let exhausted = start("exhausted")
        .step("bad", "work", json!({ "fail": true }))
        .with("retry", retry(3))
        .done("end", [("n", 1)])
        .build();
    let continued = start("continued")
        .step("bad", "work", json!({ "fail": true }))
        .with("onError", "continue")
        .step("next", "work", json!({ "code": "{{bad.error.code}}" }))
        .done("end", [("code", "{{next.code}}")])
        .build();
    let by_a_step = start("by a step")
        .step("bad", "work", json!({ "fail": true }))
        .with("onError", json!({ "stepId": "help" }))
        .next("end")
        .step("help", "work", json!({ "code": "{{error.code}}" }))
        .done("end", [("code", "{{help?.code}}")])
        .build();
    let by_the_flow = start("by the flow")
        .step("bad", "work", json!({ "fail": true }))
        .with("retry", retry(2))
        .next("end")
        .step("tidy", "work", json!({ "code": "{{error.code}}", "flaky": 1 }))
        .with("retry", retry(8))
        .ends()
        .done("end", [("n", 1)])
        .setting("onError", json!({ "stepId": "tidy" }));
    let rescued = by_the_flow.clone().step("ask", "user-approval", json!({ "message": "{{error.code}}" }));
    let rescued = rescued.done("sorry", [("code", "{{error.code}}"), ("by", "{{ask.decidedBy}}")]);
    let rescued = rescued.setting("onError", json!({ "stepId": "ask" }));
    let rescued = without(rescued.build(), "tidy");
    let limited = retried.clone();
    let limited = with_setting(limited, "concurrency", json!({ "limit": 1, "key": "{{n}}" }));
    let rows = [
        ("retried", retried, Ok(json!({ "n": 2 })), 2),
        ("exhausted", exhausted, Err("on_request"), 1),
        ("continued", continued, Ok(json!({ "code": "on_request" })), 2),
        ("by a step", by_a_step, Ok(json!({ "code": "on_request" })), 2),
        ("by the flow", by_the_flow.build(), Err("on_request"), 2),
        ("limited", limited, Ok(json!({ "n": 2 })), 2),
        ("rescued", rescued, Ok(json!({ "code": "on_request", "by": "Ada" })), 1),
    ];
    rows.into_iter()
}

/// Flows that pass steps over, wait for the clock, or show a form.
pub(super) fn with_pauses() -> impl Iterator<Item = Row> {
    let start = |name| flow(name).api("start", [required("n", "number")]);
    let skipped = start("skipped")
        .step("off", "work", json!({ "n": 1 }))
        .with("disabled", true)
        .step("never", "work", json!({ "n": 2 }))
        .with("when", "off != null")
        .step("log", "log", json!({ "message": "n is {{n}}" }))
        .step("one", "work", json!({ "n": "{{never ?? n}}" }))
        .with("when", "n == 1")
        .done("end", [("n", "{{one.n}}")])
        .build();
    let clock = start("clock")
        .step("before", "work", json!({ "n": 1 }))
        .step("wait", "wait", json!({ "durationMs": 20 }))
        .step("after", "work", json!({ "n": 2 }))
        .step("again", "wait", json!({ "until": "2020-01-01T00:00:00Z" }))
        .done("end", [("n", "{{after.n}}")])
        .build();
    let form = start("form")
        .step("form", "show-form", json!({ "title": "Who?", "fields": [required("who", "string")] }))
        .step(
            "which",
            "switch",
            json!({ "value": "{{form.who}}", "cases": [
            { "equals": "Ada", "nextStepId": "ada" },
        ] }),
        )
        .next("end")
        .step("ada", "work", json!({ "who": "{{form.who}}", "flaky": 1 }))
        .with("retry", retry(8))
        .done("end", [("who", "{{ada?.who}}")])
        .build();
    let rows = [
        ("skipped", skipped, Ok(json!({ "n": 1 })), 1),
        ("clock", clock, Ok(json!({ "n": 2 })), 2),
        ("form", form, Ok(json!({ "who": "Ada" })), 1),
    ];
    rows.into_iter()
}

fn with_setting(mut document: Value, key: &str, value: Value) -> Value {
    document["settings"][key] = value;
    document
}

fn without(mut document: Value, step: &str) -> Value {
    let steps = document["definition"]["steps"].as_array_mut().unwrap();
    steps.retain(|it| it["id"] != step);
    document
}
