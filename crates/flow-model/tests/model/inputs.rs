//! Which inputs a trigger's fields accept.

use flow_model::{Faults, Fields, InputSchema};
use serde_json::{Map, Value, json};

pub(crate) fn schema(data: &Value) -> (InputSchema, Vec<String>) {
    let faults = Faults::new();
    let schema = InputSchema::read(&Fields::new(data.as_object().unwrap(), "/data", &faults));
    (schema, listed(faults))
}

fn listed(faults: Faults) -> Vec<String> {
    faults.into_vec().iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

pub(crate) fn accept(data: &Value, inputs: Value) -> Result<Value, Vec<String>> {
    let (schema, written) = schema(data);
    assert!(written.is_empty(), "{written:?}");
    let Value::Object(inputs) = inputs else { panic!("{inputs}") };
    let faults = Faults::new();
    let accepted = schema.accept(inputs, "", &faults);
    let faults = listed(faults);
    if faults.is_empty() { Ok((*accepted).clone()) } else { Err(faults) }
}

/// A field of that type, declared as little as can be.
fn field(kind: &str) -> Value {
    match kind {
        "select" | "multiselect" => json!({ "name": "x", "type": kind, "options": ["a"] }),
        _ => json!({ "name": "x", "type": kind }),
    }
}

#[test]
fn each_type_takes_its_values() {
    let right = [
        ("string", json!("a")),
        ("text", json!("a\nb")),
        ("number", json!(1.5)),
        ("boolean", json!(false)),
        ("date", json!("2026-01-31")),
        ("select", json!("a")),
        ("multiselect", json!(["a"])),
        ("file", json!("0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10")),
        ("email", json!("ada@example.com")),
        ("url", json!("https://example.com/a?b#c")),
        ("object", json!({ "a": 1 })),
        ("array", json!([1, "a"])),
    ];
    let in_json = |value: &Value| std::mem::discriminant(value);
    for (kind, value) in &right {
        let data = json!({ "fields": [field(kind)] });
        assert_eq!(accept(&data, json!({ "x": value })), Ok(json!({ "x": value })), "{kind}");
        for (_, other) in right.iter().filter(|(_, other)| in_json(other) != in_json(value)) {
            let refused = accept(&data, json!({ "x": other }));
            assert_eq!(refused, Err(vec!["/x wrong_type".to_owned()]), "{kind} {other}");
        }
    }
}

#[test]
fn what_is_absent() {
    let data = json!({ "fields": [
        { "name": "must", "required": true },
        { "name": "may" },
        { "name": "preset", "type": "number", "default": 7 },
        { "name": "both", "type": "boolean", "default": false, "required": true },
    ] });
    let accepted = accept(&data, json!({ "must": "a", "other": [1] }));
    assert_eq!(accepted, Ok(json!({ "must": "a", "other": [1], "preset": 7, "both": false })));
    for absent in [json!({}), json!({ "must": null })] {
        assert_eq!(accept(&data, absent), Err(vec!["/must required".to_owned()]));
    }
    let all = accept(&data, json!({ "may": 1, "preset": "x", "both": 0 }));
    let expected = ["/must required", "/may wrong_type", "/preset wrong_type", "/both wrong_type"];
    assert_eq!(all, Err(expected.map(str::to_owned).to_vec()), "all faults at once");
}

#[test]
fn a_trigger_without_fields_takes_any_object() {
    assert_eq!(schema(&json!({})).0.fields, None);
    assert_eq!(accept(&json!({}), json!({ "a~/b": 1 })), Ok(json!({ "a~/b": 1 })));
    assert_eq!(schema(&json!({ "fields": [] })).0.fields, Some(Vec::new()));
}

#[test]
fn faults_in_the_fields_themselves() {
    let cases = [
        (json!({ "fields": {} }), vec!["/data/fields wrong_type"]),
        (json!({ "fields": ["a"] }), vec!["/data/fields/0 wrong_type"]),
        (json!({ "fields": [{}] }), vec!["/data/fields/0/name required"]),
        (json!({ "fields": [{ "name": 5 }] }), vec!["/data/fields/0/name wrong_type"]),
        (json!({ "fields": [{ "name": "a b" }] }), vec!["/data/fields/0/name invalid_name"]),
        (
            json!({ "fields": [{ "name": "a", "type": "money" }] }),
            vec!["/data/fields/0/type field_type_unknown"],
        ),
        (
            json!({ "fields": [{ "name": "a", "required": "yes" }] }),
            vec!["/data/fields/0/required wrong_type"],
        ),
        (json!({ "fields": [{ "name": "a", "default": 5 }] }), vec!["/data/fields/0/default wrong_type"]),
        (json!({ "fields": [{ "name": "a" }, { "name": "a" }] }), vec!["/data/fields field_duplicate"]),
    ];
    for (data, expected) in cases {
        assert_eq!(schema(&data).1, expected, "{data}");
    }
}

#[test]
fn a_name_with_odd_letters_is_escaped_in_the_pointer() {
    let faults = Faults::new();
    let map = Map::from_iter([("a~/b".to_owned(), json!(1))]);
    Fields::new(&map, "/data", &faults).warn_of_unknown();
    assert_eq!(listed(faults), ["/data/a~0~1b unknown_field"]);
}
