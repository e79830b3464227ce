//! Values found in a text.

use serde_json::{Value, json};

use super::extract;
use super::fake::{Fake, Reply};
use crate::support::code;

fn order() -> Value {
    json!([
        { "name": "number", "type": "string", "required": true, "description": "with its dashes" },
        { "name": "total", "type": "number" },
        { "name": "placed", "type": "date" },
        { "name": "state", "type": "select", "options": ["open", { "label": "Shut", "value": "closed" }], "required": true },
        { "name": "tags", "type": "multiselect", "options": ["a", "b"], "default": [] },
        { "name": "paid", "type": "boolean", "default": false, "label": "Paid" },
    ])
}

#[tokio::test]
async fn fields_are_found_and_defaults_stand_in() {
    let found = r#"{"number":"A-1","total":12.5,"placed":"2026-01-31","state":"closed","paid":null}"#;
    let fake = Fake::start([Reply::says([found])]).await;
    let settings = json!({ "text": "Order A-1 …", "fields": order(), "instructions": "Totals in EUR" });
    assert_eq!(
        extract(&fake, settings).await.unwrap(),
        json!({
            "number": "A-1", "total": 12.5, "placed": "2026-01-31", "state": "closed", "paid": false, "tags": [],
        })
    );
    let asked = &fake.asked()[0].body;
    assert_eq!(asked["model"], "small");
    assert_eq!(asked["messages"][1], json!({ "role": "user", "content": "Order A-1 …" }));
    assert!(asked["messages"][0]["content"].as_str().unwrap().contains("Totals in EUR"));
    let schema = &asked["response_format"]["json_schema"]["schema"];
    assert_eq!(
        *schema,
        json!({
            "type": "object", "required": ["number", "state"], "additionalProperties": false,
            "properties": {
                "number": { "type": "string", "description": "with its dashes" },
                "total": { "type": ["number", "null"] },
                "placed": { "type": ["string", "null"], "format": "date" },
                "state": { "type": "string", "enum": ["open", "closed"] },
                "tags": { "type": ["array", "null"], "items": { "enum": ["a", "b"] } },
                "paid": { "type": ["boolean", "null"], "description": "Paid" },
            },
        })
    );
}

#[tokio::test]
async fn what_does_not_fit_is_asked_for_again_and_then_fails() {
    let (wrong, right) = (r#"{"number":"A-1","state":"lost"}"#, r#"{"number":"A-1","state":"open"}"#);
    let settings = json!({ "text": "Order A-1", "fields": order(), "model": "large" });
    let fake = Fake::start([Reply::says([wrong]), Reply::says([right])]).await;
    assert_eq!(extract(&fake, settings.clone()).await.unwrap()["state"], "open");
    assert_eq!(fake.asked()[1].body["model"], "large");

    let not_a_date = r#"{"number":"A-1","state":"open","placed":"yesterday"}"#;
    let fake = Fake::start([Reply::says([wrong]), Reply::says([not_a_date])]).await;
    let failure = extract(&fake, settings).await.unwrap_err();
    assert_eq!(failure.code, "llm_answer_invalid");
    assert!(failure.message.contains("/placed: \"yesterday\" is not a \"date\""), "{failure}");
}

#[tokio::test]
async fn a_schema_says_as_well_what_is_wanted() {
    let schema = json!({ "type": "array", "items": { "type": "string" } });
    let fake = Fake::start([Reply::says([r#"["a","b"]"#])]).await;
    let found = extract(&fake, json!({ "text": { "names": "a, b" }, "schema": schema })).await.unwrap();
    assert_eq!(found, json!(["a", "b"]));
    assert_eq!(fake.asked()[0].body["messages"][1]["content"], r#"{"names":"a, b"}"#);
}

#[tokio::test]
async fn what_a_template_filled_in_wrongly_fails_the_step() {
    let fake = Fake::start([]).await;
    for settings in [
        json!({ "text": "x", "fields": "{{fields}}" }),
        json!({ "text": "x", "fields": [] }),
        json!({ "text": null, "fields": [{ "name": "a" }] }),
        json!({ "text": "x", "schema": { "type": "nothing" } }),
    ] {
        assert_eq!(code(extract(&fake, settings.clone()).await), "settings_invalid", "{settings}");
    }
    assert!(fake.asked().is_empty());
}
