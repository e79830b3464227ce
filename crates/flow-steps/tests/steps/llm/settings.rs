//! Settings: what is found when a flow is published, and what only a run can find.

use flow_engine::Step;
use flow_model::{Faults, Fields};
use flow_steps::{AskToLlm, ExtractData};
use serde_json::{Value, json};

use super::fake::Fake;
use super::{ask, nobody};
use crate::support::code;

fn faults(step: &dyn Step, settings: &Value) -> Vec<(String, &'static str)> {
    let faults = Faults::new();
    step.check(&Fields::new(settings.as_object().unwrap(), "", &faults));
    faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn check(step: &dyn Step, table: impl IntoIterator<Item = (Value, Vec<(&'static str, &'static str)>)>) {
    for (settings, expected) in table {
        let expected: Vec<_> = expected.into_iter().map(|(at, code)| (at.to_owned(), code)).collect();
        assert_eq!(faults(step, &settings), expected, "{settings}");
    }
}

#[test]
fn each_mistake_of_a_question_is_found_at_publish_with_its_place() {
    let with = |key: &str, value: Value| {
        let mut settings = json!({ "prompt": "Hello" });
        settings[key] = value;
        settings
    };
    check(
        &AskToLlm::new(nobody()),
        [
            (json!({ "prompt": "Hello" }), vec![]),
            (json!({}), vec![("/prompt", "required")]),
            (json!({ "prompt": "  " }), vec![("/prompt", "required")]),
            (json!({ "prompt": 5 }), vec![("/prompt", "wrong_type")]),
            (with("system", json!([])), vec![("/system", "wrong_type")]),
            (with("model", json!(1)), vec![("/model", "wrong_type")]),
            (with("temperature", json!("hot")), vec![("/temperature", "wrong_type")]),
            (with("temperature", json!(-0.1)), vec![("/temperature", "out_of_range")]),
            (with("temperature", json!(2.1)), vec![("/temperature", "out_of_range")]),
            (with("temperature", json!(2)), vec![]),
            (with("maxTokens", json!(0)), vec![("/maxTokens", "out_of_range")]),
            (with("maxTokens", json!(1.5)), vec![("/maxTokens", "wrong_type")]),
            (with("maxTokens", json!(1)), vec![]),
            (with("responseFormat", json!("xml")), vec![("/responseFormat", "value_unknown")]),
            (with("responseFormat", json!(1)), vec![("/responseFormat", "wrong_type")]),
            (with("responseFormat", json!({})), vec![("/responseFormat/schema", "required")]),
            (
                with("responseFormat", json!({ "schema": "string" })),
                vec![("/responseFormat/schema", "wrong_type")],
            ),
            (
                with("responseFormat", json!({ "schema": { "type": "text" } })),
                vec![("/responseFormat/schema", "schema_invalid")],
            ),
            (
                with("responseFormat", json!({ "schema": { "pattern": "(" }, "strict": true })),
                vec![
                    ("/responseFormat/schema", "schema_invalid"),
                    ("/responseFormat/strict", "unknown_field"),
                ],
            ),
            (with("images", json!({})), vec![("/images", "wrong_type")]),
            (
                with(
                    "images",
                    json!([
                        "https://h/x",
                        "data:image/png;base64,AA",
                        "ftp://h/x",
                        "cat",
                        5,
                        "data:text/html,x"
                    ]),
                ),
                vec![
                    ("/images/2", "url_invalid"),
                    ("/images/3", "url_invalid"),
                    ("/images/4", "wrong_type"),
                    ("/images/5", "url_invalid"),
                ],
            ),
            (with("stream", json!(true)), vec![("/stream", "unknown_field")]),
        ],
    );
}

#[test]
fn each_mistake_of_an_extraction_is_found_at_publish_with_its_place() {
    let fields = |rows: Value| json!({ "text": "x", "fields": rows });
    check(
        &ExtractData::new(nobody()),
        [
            (fields(json!([{ "name": "a", "type": "date", "label": "A" }])), vec![]),
            (json!({ "text": "x", "schema": { "type": "object" } }), vec![]),
            (json!({}), vec![("/text", "required"), ("/fields", "required")]),
            (
                json!({ "text": "x", "fields": [{ "name": "a" }], "schema": {} }),
                vec![("/schema", "setting_conflict")],
            ),
            (fields(json!([])), vec![("/fields", "required")]),
            (fields(json!({})), vec![("/fields", "wrong_type")]),
            (fields(json!([{ "type": "string" }])), vec![("/fields/0/name", "required")]),
            (
                fields(json!([{ "name": "a", "type": "money" }])),
                vec![("/fields/0/type", "field_type_unknown")],
            ),
            (fields(json!([{ "name": "a", "type": "file" }])), vec![("/fields/0/type", "value_unknown")]),
            (fields(json!([{ "name": "a" }, { "name": "a" }])), vec![("/fields", "field_duplicate")]),
            (json!({ "text": "x", "schema": { "required": 5 } }), vec![("/schema", "schema_invalid")]),
            (json!({ "text": "x", "schema": {}, "temperature": 1 }), vec![("/temperature", "unknown_field")]),
        ],
    );
}

#[test]
fn templates_stand_wherever_a_value_can() {
    let question = json!({
        "prompt": "{{p}}", "system": "{{s}}", "model": "{{m}}", "temperature": "{{t}}", "maxTokens": "{{n}}",
        "responseFormat": "{{f}}", "images": ["{{i}}", "data:image/png;base64,{{b}}"],
    });
    let schema =
        json!({ "prompt": "x", "responseFormat": { "schema": { "enum": "{{names}}" } }, "images": "{{i}}" });
    check(&AskToLlm::new(nobody()), [(question, vec![]), (schema, vec![])]);
    let fields = json!({ "text": "{{t}}", "fields": "{{f}}", "instructions": "{{i}}" });
    let schema = json!({ "text": "{{t}}", "schema": "{{s}}", "model": "{{m}}" });
    check(&ExtractData::new(nobody()), [(fields, vec![]), (schema, vec![])]);
}

#[tokio::test]
async fn what_a_template_filled_in_wrongly_fails_the_step() {
    let fake = Fake::start([]).await;
    for settings in [
        json!({ "prompt": null }),
        json!({ "prompt": "x", "temperature": "0.5" }),
        json!({ "prompt": "x", "temperature": "{{" }),
        json!({ "prompt": "x", "maxTokens": -1 }),
        json!({ "prompt": "x", "responseFormat": "{{" }),
        json!({ "prompt": "x", "responseFormat": { "schema": { "pattern": "{{" } } }),
        json!({ "prompt": "x", "images": ["file:///etc/passwd"] }),
        json!({ "prompt": "x", "images": "https://host/cat.png" }),
    ] {
        assert_eq!(code(ask(&fake, settings.clone()).await), "settings_invalid", "{settings}");
    }
    assert!(fake.asked().is_empty());
}
