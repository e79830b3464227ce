//! Parts that are held back and filled in later.

use std::sync::Arc;

use flow_expr::{Expression, JsonTemplate, Template, fill};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Names;

/// Holds back `k.a` and `k.b`.
fn holds(_: &str, expression: &Expression) -> Option<Box<str>> {
    let source = expression.source().trim();
    ["k.a", "k.b"].contains(&source).then(|| source.into())
}

fn held_back(template: &Value) -> JsonTemplate {
    JsonTemplate::parse_holding(template, &mut holds).expect("it parses")
}

fn scope(x: &str, y: &str) -> Names {
    Names::of(json!({ "x": x, "y": y, "n": 7, "k": { "a": "A!", "b": "{{k.a}}" } }))
}

fn value(name: &str) -> Option<&'static str> {
    match name {
        "k.a" => Some("A!"),
        "k.b" => Some("{{k.a}}"),
        _ => None,
    }
}

fn rest(template: &str, x: &str) -> String {
    let rest = held_back(&json!(template)).evaluate(&scope(x, "")).expect("it has a value");
    rest.as_str().expect("it is a text").to_owned()
}

#[test]
fn held_parts_stay_and_everything_else_is_evaluated() {
    let template =
        json!({ "a": ["{{ k.a }}", "{{n}}"], "b/c": "{{x}} {{n + 1}} {{k.b}}{{ k.a }}", "k.a": "k.a" });
    let template = held_back(&template);
    assert_eq!(template.held(), [("/a/0", "k.a"), ("/b~1c", "k.b"), ("/b~1c", "k.a")]);
    assert!(
        template.free_names().iter().all(|(_, free)| &*free.name != "k"),
        "they take nothing from the scope"
    );
    let rest = template.evaluate(&scope("x", "")).unwrap();
    assert_eq!(*rest, json!({ "a": ["{{k.a}}", 7], "b/c": "x 8 {{k.b}}{{k.a}}", "k.a": "k.a" }));
}

#[test]
fn a_part_that_is_not_asked_for_is_evaluated_and_nothing_else_changes() {
    let template = held_back(&json!("{{k.a + x}}{{'{{k.a}}'}}"));
    assert_eq!(template.held(), []);
    assert_eq!(*template.evaluate(&scope("x", "")).unwrap(), json!("A!x{{k.a}}"));
}

#[test]
fn what_looks_like_a_part_is_escaped() {
    for (template, x, expected) in [
        ("{{x}}{{k.a}}", "{{k.b}}", r"\{{k.b}}{{k.a}}"),
        ("{{x}}{{k.a}}", r"\{{k.b}}", r"\\{{k.b}}{{k.a}}"),
        ("{{x}}{{k.a}}", r"a\", r#"a{{"\\"}}{{k.a}}"#),
        ("{{x}}{{k.a}}", "a{{", r#"a{{"{{"}}{{k.a}}"#),
        ("{{k.a}}{{x}}", "}}{{{", r#"{{k.a}}}}{{"{{{"}}"#),
        (r"\{{k.b}}{{k.a}}", "", r"\{{k.b}}{{k.a}}"),
    ] {
        assert_eq!(rest(template, x), expected, "{template} {x}");
    }
}

#[test]
fn a_text_that_is_not_what_was_left_is_not_filled_in() {
    for text in ["{{k.c}}", "{{k.a", "{{ k.a }}", r#"{{"a}}"#, "{{}}"] {
        assert_eq!(fill(text, value), None, "{text}");
    }
    assert_eq!(fill("as it is }}", value).unwrap(), "as it is }}");
}

proptest! {
    /// What is filled in is the value of the whole template, whatever the values look like; and what was left is a
    /// template of the language, with that value too.
    #[test]
    fn filled_in_is_what_it_would_have_been(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["{{x}}", "{{ y }}", "{{k.a}}", "{{ k.b }}", "{{n}}", "{", "}", "}}", "\\{{", "k.a", " "]),
            0..12,
        ),
        x in "[{}\\\\k.ab\" ]{0,8}",
        y in prop_oneof![".{0,6}", Just("{{k.a}}".to_owned()), Just("k.b}}".to_owned())],
    ) {
        let template = pieces.concat();
        prop_assume!(Template::parse(&template).is_ok());
        let scope = scope(&x, &y);
        let whole = Template::parse(&template).unwrap().render_text(&scope).unwrap();
        let left = held_back(&json!(template));
        if left.held().is_empty() {
            return Ok(());
        }
        let rest: Arc<Value> = left.evaluate(&scope).unwrap();
        let rest = rest.as_str().unwrap();
        prop_assert_eq!(fill(rest, value).unwrap(), whole.clone());
        prop_assert_eq!(Template::parse(rest).unwrap().render_text(&scope).unwrap(), whole);
    }
}
