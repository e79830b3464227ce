//! The document as written, and the checks of its graph.

use flow_model::{Document, Faults, Severity, validate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strategies::any_json;

fn faults(document: &Value) -> Vec<String> {
    let faults = Faults::new();
    let read = Document::read(document, &faults);
    validate(&read, &faults);
    let has_errors = faults.has_errors();
    let rows = faults.into_vec();
    assert_eq!(has_errors, rows.iter().any(|fault| fault.severity == Severity::Error));
    for fault in &rows {
        assert!(!fault.message.is_empty() && fault.message.len() < 1000, "{:.200}", fault.message);
        assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'), "{}", fault.pointer);
    }
    rows.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

fn steps(steps: Value) -> Value {
    json!({ "name": "f", "definition": { "steps": steps } })
}

fn step(id: &str, kind: &str, next: Option<&str>) -> Value {
    match next {
        Some(next) => json!({ "id": id, "type": kind, "nextStepId": next }),
        None => json!({ "id": id, "type": kind }),
    }
}

#[test]
fn a_right_document_has_no_fault() {
    let right =
        steps(json!([step("s", "api", Some("a")), step("a", "log", Some("e")), step("e", "final", None)]));
    assert_eq!(faults(&right), Vec::<String>::new());
}

#[test]
fn each_fault_of_the_graph_has_its_place_and_code() {
    let s = || step("s", "api", Some("a"));
    let e = || step("e", "final", None);
    let cases = [
        (json!([e()]), vec!["/definition/steps no_trigger"]),
        (json!([step("s", "api", None)]), vec!["/definition/steps no_final"]),
        (
            json!([s(), step("a", "log", Some("x")), e()]),
            vec!["/definition/steps/1/nextStepId step_unknown", "/definition/steps/2 step_unreachable"],
        ),
        (
            json!([s(), step("a", "log", Some("s")), e()]),
            vec!["/definition/steps/1/nextStepId step_is_trigger", "/definition/steps/2 step_unreachable"],
        ),
        (
            json!([step("s", "api", Some("e")), step("a", "log", Some("e")), e()]),
            vec!["/definition/steps/1 step_unreachable"],
        ),
        (
            json!([s(), step("a", "log", Some("a")), e()]),
            vec!["/definition/steps/2 step_unreachable", "/definition/steps/1/nextStepId cycle"],
        ),
        (
            json!([s(), step("a", "log", Some("b")), step("b", "log", Some("a")), e()]),
            vec!["/definition/steps/3 step_unreachable", "/definition/steps/2/nextStepId cycle"],
        ),
        (
            json!([s(), step("a", "log", Some("e")), step("a", "log", Some("e")), e()]),
            vec!["/definition/steps/2/id step_duplicate"],
        ),
        (
            json!([
                s(),
                step("a", "log", Some("a-b")),
                step("a-b", "log", Some("a_b")),
                step("a_b", "log", Some("e")),
                e()
            ]),
            vec!["/definition/steps/3/id variable_duplicate"],
        ),
        (
            json!([step("s", "api", Some("9")), step("9", "log", Some("e")), e()]),
            vec!["/definition/steps/1/id variable_invalid"],
        ),
        (
            json!([s(), { "id": "a", "type": "user-approval", "nextStepId": "e", "rejectNextStepId": "x",
                       "data": { "onExpire": "y" } }, e()]),
            vec![
                "/definition/steps/1/rejectNextStepId step_unknown",
                "/definition/steps/1/data/onExpire step_unknown",
            ],
        ),
        (
            json!([s(), { "id": "a", "type": "condition", "data": {
            "branches": [{ "nextStepId": "e" }, 5, { "nextStepId": "x" }, { "nextStepId": 5 }], "elseStepId": "y" } }, e()]),
            vec![
                "/definition/steps/1/data/branches/2/nextStepId step_unknown",
                "/definition/steps/1/data/elseStepId step_unknown",
            ],
        ),
    ];
    for (written, expected) in cases {
        assert_eq!(faults(&steps(written.clone())), expected, "{written}");
    }
}

#[test]
fn ways_that_meet_again_are_no_cycle() {
    let diamond = steps(json!([
        step("s", "api", Some("c")),
        { "id": "c", "type": "condition", "data": { "branches": [{ "nextStepId": "a" }, { "nextStepId": "a" }], "elseStepId": "b" } },
        step("a", "log", Some("e")),
        step("b", "log", Some("a")),
        step("e", "final", None),
    ]));
    assert_eq!(faults(&diamond), Vec::<String>::new());
    let expiry = steps(json!([
        step("s", "api", Some("a")),
        { "id": "a", "type": "user-approval", "data": { "onExpire": "reject" }, "nextStepId": "e" },
        step("e", "final", None),
    ]));
    assert_eq!(faults(&expiry), Vec::<String>::new());
}

#[test]
fn settings_that_would_be_ignored_are_reported() {
    let document = json!({
        "name": "f",
        "definition": { "steps": [
            { "id": "s", "type": "api", "nextStepId": "e", "odd": 1 },
            { "id": "e", "type": "final", "retry": {}, "timeoutMs": 1, "onError": "fail", "when": "true",
              "disabled": false, "pinnedOutput": 1 },
        ] },
        "settings": { "timeoutMs": 1, "concurrency": {}, "onError": { "stepId": "e" }, "callbacks": [],
                      "retentionDays": 1, "creditLimit": 1, "odd": 1 },
    });
    let mut found = faults(&document);
    found.sort();
    let mut expected: Vec<String> =
        ["/settings/concurrency/limit required", "/settings/callbacks setting_unsupported"]
            .map(str::to_owned)
            .to_vec();
    expected.extend([
        "/definition/steps/0/odd unknown_field".to_owned(),
        "/settings/odd unknown_field".to_owned(),
        "/settings/retentionDays setting_without_effect".to_owned(),
    ]);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_chain_of_any_length_is_judged_without_deep_recursion() {
    const COUNT: usize = 5_000;
    let mut chain = vec![step("s", "api", Some("x0"))];
    chain.extend((0..COUNT).map(|n| step(&format!("x{n}"), "log", Some(&format!("x{}", n + 1)))));
    chain.push(step(&format!("x{COUNT}"), "final", None));
    assert_eq!(faults(&steps(chain.clone().into())), Vec::<String>::new());
    chain.pop();
    chain.push(step(&format!("x{COUNT}"), "log", Some("x0")));
    let expected = [
        "/definition/steps no_final".to_owned(),
        format!("/definition/steps/{}/nextStepId cycle", COUNT + 1),
    ];
    assert_eq!(faults(&steps(chain.into())), expected);
}

/// Any JSON where a step's member may stand, by the names that matter.
fn hostile_step() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "id",
        "type",
        "name",
        "data",
        "nextStepId",
        "rejectNextStepId",
        "output",
        "retry",
        "onError",
        "odd",
    ]);
    let value = prop_oneof![
        any_json(),
        prop::sample::select(vec!["a", "b", "s", "api", "final", "condition", "user-approval", "flow"])
            .prop_map(Value::from),
        Just(
            json!({ "branches": [{ "nextStepId": "a" }, { "nextStepId": "b" }], "elseStepId": "s", "onExpire": "b" })
        ),
        prop::sample::select(vec!["a", "b", "s"]).prop_map(|id| json!({ "stepId": id })),
    ];
    proptest::collection::vec((keys, value), 0..9).prop_map(|rows| {
        Value::Object(rows.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    })
}

proptest! {
    #[test]
    fn any_json_is_judged(document in any_json()) {
        faults(&document);
        faults(&json!({ "name": document.clone(), "definition": document.clone(), "settings": document.clone() }));
        faults(&steps(document));
    }

    #[test]
    fn any_steps_are_judged(written in proptest::collection::vec(hostile_step(), 0..8)) {
        let mut document = steps(written.into());
        faults(&document);
        document["settings"] = json!({ "onError": { "stepId": "a" } });
        faults(&document);
    }
}
