//! The schemas of the control steps and triggers agree with the checks that are written by hand.

use std::collections::BTreeSet;

use flow_model::{Document, Faults, Fields, Severity, Step};
use serde_json::{Map, Value, json};

use super::{Entry, built_in};
use crate::Registry;
use crate::control::{CONTROL_TYPES, Control};
use crate::flow::{CompiledTrigger, Names, Templates};

/// What the hand-written check says of settings: whether they have faults, and the fields that it asked for.
fn checked(kind: &str, data: &Value) -> (bool, BTreeSet<&'static str>) {
    let document = json!({ "name": "f", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "it" },
        { "id": "it", "type": kind, "data": data },
    ] } });
    let faults = Faults::new();
    let document = Document::read(&document, &faults);
    let step: &Step = &document.steps[1];
    let fields = Fields::new(&step.data, "/data", &faults);
    let (silent, none) = (Faults::new(), Map::new());
    let start = CompiledTrigger::compile(&document.steps[0], &Fields::new(&none, "", &silent));
    let (names, registry) = (Names::of(&document, &[start]), Registry::new());
    if step.is_trigger() {
        CompiledTrigger::compile(step, &fields);
    } else {
        Control::compile(step, &fields, Templates::new(&names, &faults, &registry));
    }
    let known = fields.known().into_iter().collect();
    let is_fine = faults.into_vec().iter().all(|fault| fault.severity != Severity::Error);
    (is_fine, known)
}

/// What is asked for to be refused: no setting.
const REFUSED: [(&str, &str); 1] = [("show-form", "schema")];

const FLOW: &str = "0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10";

/// Settings of a type that can be published, and such that can't.
fn rows(kind: &str) -> (Vec<Value>, Vec<Value>) {
    let steps = json!([{ "id": "a", "type": "transform", "data": { "expression": "1" } }]);
    let good_and_bad = match kind {
        "condition" => (
            json!([{ "branches": [] }, { "branches": [{ "name": "a", "condition": "1 > 2", "nextStepId": "b" }, { "condition": "x" }], "elseStepId": "c" },
                { "branches": [{ "condition": "x", "nextStepId": null }], "elseStepId": null }]),
            json!([{}, { "branches": {} }, { "branches": [1] }, { "branches": [{}] }, { "branches": [{ "condition": true }] },
                { "branches": [{ "condition": "x", "name": 1 }] }, { "branches": [{ "condition": "x", "nextStepId": "a b" }] },
                { "branches": [], "elseStepId": 1 }, { "branches": [], "elseStepId": "ü" }]),
        ),
        "switch" => (
            json!([{ "value": 1, "cases": [] }, { "value": "{{x}}", "cases": [{ "equals": [1], "nextStepId": "a" }, {}], "defaultStepId": "b" }]),
            json!([{ "value": 1 }, { "cases": [] }, { "value": 1, "cases": {} }, { "value": 1, "cases": [1] },
                { "value": 1, "cases": [{ "nextStepId": 1 }] }, { "value": 1, "cases": [], "defaultStepId": "a b" }]),
        ),
        "run-flow" => (
            json!([{ "flowId": FLOW }, { "flowId": "{{x}}", "version": 3, "inputs": { "a": "{{x}}" }, "wait": false },
                { "flowId": FLOW, "version": "^1.2", "inputs": "{{x}}", "wait": null }]),
            json!([{}, { "flowId": 5 }, { "flowId": FLOW, "version": true }, { "flowId": FLOW, "inputs": [] },
                { "flowId": FLOW, "inputs": "x" }, { "flowId": FLOW, "wait": "{{x}}" }]),
        ),
        "final" => (
            json!([{}, { "outputs": [] }, { "outputs": [{ "name": "a", "output": { "b": "{{x}}" } }, { "name": "c" }] }]),
            json!([{ "outputs": {} }, { "outputs": [1] }, { "outputs": [{}] }, { "outputs": [{ "name": 1 }] }]),
        ),
        "fail" => (
            json!([{ "message": "m" }, { "message": "{{x}}", "code": "c", "httpStatus": 404, "details": [1] }]),
            json!([{}, { "message": 1 }, { "message": "m", "code": 1 }, { "message": "m", "httpStatus": 200 },
                { "message": "m", "httpStatus": 600 }, { "message": "m", "httpStatus": "{{x}}" }, { "message": "m", "httpStatus": 404.5 }]),
        ),
        "each" => (
            json!([{ "arrayVariable": "x", "steps": steps }, { "arrayVariable": [1, 2], "steps": steps, "concurrency": 100, "maxItems": 1, "onItemError": "continue" },
                { "arrayVariable": "{{x}}", "steps": steps, "concurrency": 1, "onItemError": "stop" }]),
            json!([{ "steps": steps }, { "arrayVariable": 1, "steps": steps }, { "arrayVariable": {}, "steps": steps }, { "arrayVariable": "x" },
                { "arrayVariable": "x", "steps": {} }, { "arrayVariable": "x", "steps": [] },
                { "arrayVariable": "x", "steps": steps, "concurrency": 0 }, { "arrayVariable": "x", "steps": steps, "concurrency": 101 },
                { "arrayVariable": "x", "steps": steps, "maxItems": 0 }, { "arrayVariable": "x", "steps": steps, "maxItems": "{{x}}" },
                { "arrayVariable": "x", "steps": steps, "onItemError": "go on" }]),
        ),
        "while" => (
            json!([{ "condition": "x", "steps": steps }, { "condition": "x", "steps": steps, "maxIterations": 5 }]),
            json!([{ "steps": steps }, { "condition": true, "steps": steps }, { "condition": "x" }, { "condition": "x", "steps": [] },
                { "condition": "x", "steps": steps, "maxIterations": 0 }, { "condition": "x", "steps": steps, "maxIterations": "5" }]),
        ),
        "parallel" => (
            json!([{ "branches": [{ "steps": steps }] }, { "branches": [{ "name": "a", "steps": steps }], "join": "any" },
                { "branches": [{ "steps": steps }], "join": "settled" }, { "branches": [{ "steps": steps }], "join": "all" }]),
            json!([{}, { "branches": {} }, { "branches": [] }, { "branches": [1] }, { "branches": [{}] }, { "branches": [{ "steps": [] }] },
                { "branches": [{ "name": "a b", "steps": steps }] }, { "branches": [{ "steps": steps }], "join": "some" }]),
        ),
        "set-variables" => (
            json!([{ "variables": [] }, { "variables": [{ "name": "a", "value": { "b": [1] } }, { "name": "c" }] }]),
            json!([{}, { "variables": {} }, { "variables": [1] }, { "variables": [{ "value": 1 }] }, { "variables": [{ "name": 1 }] }]),
        ),
        "transform" => (json!([{ "expression": "1 + x" }]), json!([{}, { "expression": 1 }])),
        "nodejs" => (
            json!([{ "code": "return 1" }, { "code": "return inputs.a", "inputs": { "a": "{{x}}" } }, { "code": "", "inputs": null }]),
            json!([{}, { "code": 1 }, { "code": "return 1", "inputs": [] }, { "code": "return 1", "inputs": "{{x}}" }]),
        ),
        "log" => (
            json!([{ "message": "m" }, { "message": "m", "level": "warn", "data": [1] }]),
            json!([{}, { "message": 1 }, { "message": "m", "level": "loud" }, { "message": "m", "level": 1 }]),
        ),
        "wait" => (
            json!([{ "durationMs": 1 }, { "durationMs": "5" }, { "durationMs": " 5 " }, { "durationMs": "{{x}}" }, { "durationMs": 1.5 },
                { "until": "2026-01-31T09:00:00Z" }, { "until": "{{x}}" },
                { "event": { "name": "e" } }, { "event": { "name": "e", "key": "{{x}}" }, "expiresInMs": 1 }]),
            json!([{}, { "durationMs": -1 }, { "durationMs": true }, { "durationMs": "soon" }, { "until": 5 }, { "event": "e" },
                { "event": {} }, { "event": { "name": "" } }, { "event": { "name": 1 } }, { "event": { "name": "e", "key": 1 } },
                { "event": { "name": "e" }, "expiresInMs": 0 }]),
        ),
        "user-approval" => (
            json!([{ "message": "m" }, { "message": "m", "approvers": ["{{x}}", 3], "expiresInMs": 1, "onExpire": "reject" }, { "message": "m", "onExpire": "a" }]),
            json!([{}, { "message": 1 }, { "message": "m", "approvers": "a" }, { "message": "m", "expiresInMs": 0 },
                { "message": "m", "expiresInMs": "{{x}}" }, { "message": "m", "onExpire": "a b" }, { "message": "m", "onExpire": 1 }]),
        ),
        "show-form" => (
            json!([{ "title": "t", "fields": [] },
                { "title": "t", "description": "d", "fields": [{ "name": "a" }, { "name": "b", "type": "select", "required": true, "label": "B", "options": ["x", { "label": "Y", "value": "y" }], "default": "x" }], "expiresInMs": 1 }]),
            json!([{}, { "title": "t" }, { "title": 1, "fields": [] }, { "title": "t", "fields": {} }, { "title": "t", "fields": [1] },
                { "title": "t", "fields": [{}] }, { "title": "t", "fields": [{ "name": 1 }] }, { "title": "t", "fields": [{ "name": "a", "type": "odd" }] },
                { "title": "t", "fields": [{ "name": "a", "required": "yes" }] }, { "title": "t", "description": 1, "fields": [] },
                { "title": "t", "fields": [], "expiresInMs": 0 }]),
        ),
        "client-tool" => (
            json!([{ "toolName": "t" }, { "toolName": "t", "parameters": { "a": "{{x}}" }, "expiresInMs": 1 }, { "toolName": "t", "parameters": [{ "key": "a" }] },
                { "toolName": "t", "parameters": "{\"a\": 1}" }, { "toolName": "t", "parameters": "{{x}}" }]),
            json!([{}, { "toolName": 1 }, { "toolName": "t", "parameters": 1 }, { "toolName": "t", "parameters": [1] },
                { "toolName": "t", "parameters": [{ "value": 1 }] }, { "toolName": "t", "expiresInMs": 0 }]),
        ),
        "add-widget-to-message" => (
            json!([{ "widgetId": "w" }, { "widgetId": "{{x}}", "widgetName": "n", "initialState": { "a": "{{x}}" } }]),
            json!([{}, { "widgetId": 1 }, { "widgetId": "w", "widgetName": 1 }]),
        ),
        "end-session" => (json!([{}, { "reason": "{{x}}" }, { "reason": null }]), json!([{ "reason": 1 }])),
        "api" => (
            json!([{}, { "fields": [] }, { "fields": [{ "name": "a", "type": "array", "required": false, "default": [1] }] }]),
            json!([{ "fields": {} }, { "fields": [1] }, { "fields": [{ "type": "string" }] }, { "fields": [{ "name": "a", "type": "odd" }] },
                { "fields": [{ "name": "a", "type": 1 }] }, { "fields": [{ "name": "a", "required": 1 }] }, { "schema": 1 }]),
        ),
        other => panic!("`{other}` has no rows; add settings that can be published and such that can't"),
    };
    let list = |rows: Value| rows.as_array().unwrap().clone();
    (list(good_and_bad.0), list(good_and_bad.1))
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    built_in::controls().iter().map(|entry| &**entry).chain(built_in::trigger("api"))
}

#[test]
fn every_control_step_has_an_entry() {
    let keys: BTreeSet<_> = built_in::controls().iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, BTreeSet::from(CONTROL_TYPES));
    for key in flow_model::TRIGGER_TYPES.iter().chain([&"webhook.orders"]) {
        assert!(built_in::trigger(key).is_some(), "{key}");
    }
}

#[test]
fn a_schema_accepts_what_the_check_does() {
    for entry in entries() {
        let (good, bad) = rows(&entry.key);
        for data in good {
            assert!(checked(&entry.key, &data).0, "the check of {} refuses {data}", entry.key);
            assert!(entry.accepts(&data), "the schema of {} refuses {data}", entry.key);
        }
        for data in bad {
            assert!(!checked(&entry.key, &data).0, "the check of {} accepts {data}", entry.key);
            assert!(!entry.accepts(&data), "the schema of {} accepts {data}", entry.key);
        }
    }
}

#[test]
fn a_schema_names_the_fields_that_the_check_asks_for() {
    for entry in entries() {
        let (good, _) = rows(&entry.key);
        let asked = good.iter().flat_map(|data| checked(&entry.key, data).1);
        let asked = asked.filter(|name| !REFUSED.contains(&(&entry.key, name))).collect::<BTreeSet<_>>();
        let named: BTreeSet<_> = entry.properties().map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, asked, "{}", entry.key);
    }
}
