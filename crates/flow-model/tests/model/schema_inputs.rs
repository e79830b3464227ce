//! Inputs that a JSON Schema declares.

use serde_json::{Value, json};

use crate::inputs::{accept, schema};

fn order() -> Value {
    json!({ "schema": {
        "type": "object",
        "required": ["id", "the-place"],
        "properties": {
            "id": { "type": "integer", "minimum": 1 },
            "note": { "type": ["string", "null"], "default": "none" },
            "lines": { "type": "array", "items": { "$ref": "#/$defs/line" } },
            "the-place": {},
        },
        "$defs": { "line": { "type": "object", "required": ["sku"] } },
    } })
}

#[test]
fn properties_are_the_declared_inputs() {
    let (inputs, faults) = schema(&order());
    assert!(faults.is_empty(), "{faults:?}");
    let names: Vec<_> = inputs.fields.iter().flatten().map(|field| field.name.to_string()).collect();
    assert_eq!(names, ["id", "note", "lines"], "what is no name is reached as inputs[…]");
    assert_eq!(schema(&json!({ "schema": { "type": "object" } })).0.fields, None, "none are declared");
    assert_eq!(inputs.to_json_schema(), order()["schema"]);
}

#[test]
fn what_fits_is_accepted_with_defaults() {
    let given = json!({ "id": 1, "the-place": 2, "more": true });
    let expected = json!({ "id": 1, "the-place": 2, "more": true, "note": "none" });
    assert_eq!(accept(&order(), given), Ok(expected));
    let null = json!({ "id": 1, "the-place": null, "note": null });
    assert_eq!(accept(&order(), null.clone()), Ok(null), "null is a value like others");
}

#[test]
fn every_fault_is_told_with_its_place() {
    let faults = accept(&order(), json!({ "id": 0, "lines": [{ "sku": 1 }, {}, 5] })).unwrap_err();
    let mut faults = faults;
    faults.sort();
    let expected =
        ["/id schema_mismatch", "/lines/1/sku required", "/lines/2 schema_mismatch", "/the-place required"];
    assert_eq!(faults, expected);
}

#[test]
fn a_schema_that_cannot_be_used_is_a_fault() {
    let recursive = json!({ "properties": { "a": { "$ref": "#/$defs/a" } }, "$defs": { "a": { "items": { "$ref": "#/$defs/a" } } } });
    let cases = [
        (
            json!({ "schema": { "type": "nothing" } }),
            vec!["/data/schema/type schema_invalid", "/data/schema schema_invalid"],
        ),
        (json!({ "schema": { "type": "array" } }), vec!["/data/schema/type schema_invalid"]),
        (json!({ "schema": [] }), vec!["/data/schema wrong_type"]),
        (json!({ "schema": { "$ref": "http://127.0.0.1:1/x" } }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": { "$ref": "#" } }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": recursive }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": { "unevaluatedProperties": false } }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": { "pattern": "(" } }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": {}, "fields": [] }), vec!["/data/schema setting_conflict"]),
        (
            json!({ "schema": { "properties": { "a": { "type": "number", "default": "x" }, "b": { "default": 1 } } } }),
            vec!["/data/schema/properties/a/default schema_mismatch"],
        ),
    ];
    for (data, expected) in cases {
        let mut found = schema(&data).1;
        found.sort_by_key(|fault| std::cmp::Reverse(fault.len()));
        assert_eq!(found, expected, "{data}");
    }
}
