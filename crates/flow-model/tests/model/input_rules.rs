//! What fields ask of their values beyond a type.

use flow_model::InputSchema;
use serde_json::{Value, json};

use crate::inputs::{accept, schema};

/// The fault of a value of a field `x` with those settings; none when it is accepted.
#[track_caller]
fn fault(settings: &Value, value: Value) -> Option<String> {
    let mut field = json!({ "name": "x" });
    field.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    accept(&json!({ "fields": [field] }), json!({ "x": value })).err().map(|faults| faults.join(", "))
}

#[test]
fn a_format_is_kept() {
    let cases = [
        (
            "date",
            "invalid_date",
            vec!["2026-01-31", "2024-02-29", "2026-01-31T09:00:00Z", "2026-01-31T09:00:00.5+02:00"],
            vec![
                "",
                "2026-02-29",
                "2026-1-31",
                "26-01-31",
                "2026-01-31T09:00:00",
                "yesterday",
                "2026-01-31 ",
            ],
        ),
        (
            "email",
            "invalid_email",
            vec!["a@b", "ada.l+x@mail.example.com", "jürgen@exämple.de"],
            vec!["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b..c", "a@-b.c", "a@b.c\n", "Ada <a@b.c>"],
        ),
        (
            "url",
            "invalid_url",
            vec!["https://example.com", "http://127.0.0.1:8080/a?b=c#d", "ftp://host/file"],
            vec![
                "",
                "example.com",
                "/path",
                "mailto:a@b.c",
                "javascript:alert(1)",
                "https://",
                "https://a b",
            ],
        ),
    ];
    for (kind, code, right, wrong) in cases {
        let settings = json!({ "type": kind });
        for text in right {
            assert_eq!(fault(&settings, json!(text)), None, "{kind} {text}");
        }
        for text in wrong {
            assert_eq!(fault(&settings, json!(text)), Some(format!("/x {code}")), "{kind} {text}");
        }
    }
}

#[test]
fn a_choice_is_one_of_the_options() {
    let options = json!(["a", { "label": "Bee", "value": "b" }]);
    let (one, some) = (
        json!({ "type": "select", "options": options }),
        json!({ "type": "multiselect", "options": options, "min": 1, "max": 2 }),
    );
    assert_eq!(fault(&one, json!("b")), None);
    assert_eq!(fault(&one, json!("Bee")), Some("/x option_unknown".to_owned()));
    assert_eq!(fault(&some, json!(["a", "b"])), None);
    let all = fault(&some, json!(["a", "c", 1])).unwrap();
    assert_eq!(all, "/x/1 option_unknown, /x/2 option_unknown, /x above_max", "all faults at once");
    assert_eq!(fault(&some, json!([])), Some("/x below_min".to_owned()));
}

#[test]
fn a_range_holds_its_ends() {
    let cases = [
        (
            json!({ "type": "number", "min": 0, "max": 1.5 }),
            vec![json!(0), json!(1.5)],
            vec![json!(-1), json!(1.6)],
        ),
        (
            json!({ "type": "number", "min": 9_007_199_254_740_993_u64, "max": 9_007_199_254_740_993_u64 }),
            vec![json!(9_007_199_254_740_993_u64)],
            vec![json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_994_u64)],
        ),
        (
            json!({ "type": "string", "min": 2, "max": 3 }),
            vec![json!("äö"), json!("abc")],
            vec![json!("ä"), json!("abcd")],
        ),
        (json!({ "type": "array", "min": 1, "max": 1 }), vec![json!([1])], vec![json!([]), json!([1, 2])]),
        (
            json!({ "type": "date", "min": "2026-01-10", "max": "2026-01-31" }),
            vec![json!("2026-01-10"), json!("2026-01-31"), json!("2026-01-31T23:59:59Z")],
            vec![json!("2026-01-09"), json!("2026-02-01"), json!("2026-02-01T00:00:00Z")],
        ),
        (
            json!({ "type": "date", "min": "2026-01-10T12:00:00+02:00", "max": "2026-01-10T11:00:00Z" }),
            vec![json!("2026-01-10T10:00:00Z"), json!("2026-01-10")],
            vec![json!("2026-01-10T09:59:59Z"), json!("2026-01-10T11:00:01Z"), json!("2026-01-11")],
        ),
    ];
    for (settings, inside, outside) in cases {
        for value in inside {
            assert_eq!(fault(&settings, value.clone()), None, "{settings} {value}");
        }
        let codes = outside.len() - 1;
        for (index, value) in outside.into_iter().enumerate() {
            let code = if index == 0 { "below_min" } else { "above_max" };
            assert_eq!(
                fault(&settings, value.clone()),
                Some(format!("/x {code}")),
                "{settings} {value} {codes}"
            );
        }
    }
}

#[test]
fn a_pattern_is_for_the_whole_text() {
    let settings = json!({ "pattern": "[A-Z]{2}|x" });
    for (text, is_right) in
        [("AB", true), ("x", true), ("ABC", false), ("ab", false), ("AB\n", false), ("xx", false)]
    {
        let expected = (!is_right).then(|| "/x pattern_mismatch".to_owned());
        assert_eq!(fault(&settings, json!(text)), expected, "{text:?}");
    }
    let slow = json!({ "pattern": "(a+)+b" });
    assert!(fault(&slow, json!("a".repeat(100_000))).is_some(), "in linear time");
}

#[test]
fn settings_that_cannot_work_are_faults() {
    let cases = [
        (json!({ "type": "select" }), vec!["options required"]),
        (json!({ "type": "multiselect", "options": [] }), vec!["options required"]),
        (json!({ "type": "select", "options": "a" }), vec!["options wrong_type"]),
        (
            json!({ "type": "select", "options": [1, { "label": "A" }] }),
            vec!["options/0 wrong_type", "options/1 wrong_type"],
        ),
        (json!({ "type": "select", "options": ["a", "a"] }), vec!["options/1 option_duplicate"]),
        (json!({ "type": "select", "options": ["a"], "default": "b" }), vec!["default option_unknown"]),
        (
            json!({ "type": "multiselect", "options": ["a"], "default": ["a", "b"] }),
            vec!["default/1 option_unknown"],
        ),
        (json!({ "type": "number", "min": 2, "max": 1 }), vec!["min range_invalid"]),
        (json!({ "type": "number", "min": "1" }), vec!["min wrong_type"]),
        (json!({ "type": "string", "min": -1, "max": 1.5 }), vec!["min wrong_type", "max wrong_type"]),
        (json!({ "type": "date", "min": "soon" }), vec!["min wrong_type"]),
        (json!({ "type": "date", "min": "2026-02-01", "max": "2026-01-01" }), vec!["min range_invalid"]),
        (json!({ "type": "number", "min": 1, "default": 0 }), vec!["default below_min"]),
        (json!({ "pattern": "(" }), vec!["pattern pattern_invalid"]),
        (json!({ "pattern": "a)(b" }), vec!["pattern pattern_invalid"]),
        (json!({ "pattern": "(?=a)" }), vec!["pattern pattern_invalid"]),
        (json!({ "pattern": "((a{100}){100}){100}" }), vec!["pattern pattern_invalid"]),
        (json!({ "type": "email", "default": "nobody" }), vec!["default invalid_email"]),
        (json!({ "label": 1, "placeholder": [] }), vec!["label wrong_type", "placeholder wrong_type"]),
        (json!({ "type": "boolean", "min": 1 }), vec!["min setting_without_effect"]),
        (json!({ "type": "number", "pattern": "a" }), vec!["pattern setting_without_effect"]),
        (json!({ "options": ["a"] }), vec!["options setting_without_effect"]),
        (json!({ "colour": "red" }), vec!["colour unknown_field"]),
    ];
    for (settings, expected) in cases {
        let mut field = json!({ "name": "x" });
        field.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let expected: Vec<_> = expected.iter().map(|fault| format!("/data/fields/0/{fault}")).collect();
        assert_eq!(schema(&json!({ "fields": [field] })).1, expected, "{settings}");
    }
}

#[test]
fn fields_are_parameters_of_a_tool() {
    let fields = json!([
        { "name": "who", "required": true, "label": "Name", "description": "of the customer", "min": 1, "max": 9, "pattern": "a+" },
        { "name": "many", "type": "number", "min": 1, "max": 2.5, "default": 2, "required": true },
        { "name": "day", "type": "date", "min": "2026-01-01" },
        { "name": "site", "type": "url" },
        { "name": "mail", "type": "email" },
        { "name": "size", "type": "select", "options": ["s", { "label": "Large", "value": "l" }] },
        { "name": "tags", "type": "multiselect", "options": ["a"], "max": 1 },
        { "name": "rest", "type": "object" },
    ]);
    let (inputs, faults): (InputSchema, _) = schema(&json!({ "fields": fields }));
    assert!(faults.is_empty(), "{faults:?}");
    let properties = json!({
        "who": { "type": "string", "pattern": "^(?:a+)$", "description": "Name: of the customer", "minLength": 1, "maxLength": 9 },
        "many": { "type": "number", "default": 2, "minimum": 1, "maximum": 2.5 },
        "day": { "type": "string", "format": "date" },
        "site": { "type": "string", "format": "uri" },
        "mail": { "type": "string", "format": "email" },
        "size": { "type": "string", "enum": ["s", "l"] },
        "tags": { "type": "array", "items": { "enum": ["a"] }, "maxItems": 1 },
        "rest": { "type": "object" },
    });
    let expected = json!({ "type": "object", "properties": properties, "required": ["who"] });
    assert_eq!(inputs.to_json_schema(), expected);
}
