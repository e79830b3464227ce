//! JSON values whose strings are templates.

use std::sync::Arc;

use flow_expr::JsonTemplate;
use serde_json::json;

use crate::support::context;

#[test]
fn every_string_is_a_template() {
    let value = json!({
        "url": "https://x/{{customer.name}}",
        "{{key}}": "{{n}}",
        "list": ["{{list}}", {"deep": ["a", "{{ customer.address }}"]}, 1, null],
        "plain": {"a": ["b", 1.5]},
        "literal": "\\{{n}}",
        "gone": "{{missing}}",
    });
    let template = JsonTemplate::parse(&value).unwrap();
    assert!(!template.is_constant());
    let expected = json!({
        "url": "https://x/Ada",
        "{{key}}": 3,
        "list": [[1, "two", null, [3, [4]], {"five": 5}], {"deep": ["a", {"city": "Brno"}]}, 1, null],
        "plain": {"a": ["b", 1.5]},
        "literal": "{{n}}",
        "gone": null,
    });
    let found = template.evaluate(&context()).unwrap();
    assert_eq!(found.to_string(), expected.to_string());
}

#[test]
fn a_constant_and_a_lone_variable_are_shared() {
    let scope = context();
    let constant = JsonTemplate::parse(&json!({"a": ["\\{{", {"b": null}], "c": []})).unwrap();
    assert!(constant.is_constant());
    let first = constant.evaluate(&scope).unwrap();
    assert_eq!(*first, json!({"a": ["{{", {"b": null}], "c": []}));
    assert!(Arc::ptr_eq(&first, &constant.evaluate(&scope).unwrap()));
    let lone = JsonTemplate::parse(&json!("{{customer}}")).unwrap();
    assert!(Arc::ptr_eq(&lone.evaluate(&scope).unwrap(), &scope.values["customer"]));
}

#[test]
fn every_fault_is_found_at_once() {
    let value = json!({"a/b": ["ok", "{{ x", {"~": "{{ f( }}"}], "c": "{{ 1n }}", "fine": "{{ n }}"});
    let faults = JsonTemplate::parse(&value).unwrap_err();
    let pointers: Vec<&str> = faults.iter().map(|fault| &*fault.pointer).collect();
    assert_eq!(pointers, ["/a~1b/1", "/a~1b/2/~0", "/c"]);
    for fault in &faults {
        assert!(value.pointer(&fault.pointer).is_some_and(|text| text.is_string()));
    }
    assert!(faults[0].to_string().starts_with("`/a~1b/1`: `{{` is not closed"), "{}", faults[0]);
}

#[test]
fn names_and_errors_tell_the_string() {
    let template = JsonTemplate::parse(&json!({"a": ["{{x}} {{y.z}}"], "b": "{{n.m.o}}"})).unwrap();
    let names: Vec<_> =
        template.free_names().into_iter().map(|(pointer, name)| (pointer, &*name.name)).collect();
    assert_eq!(names, [("/a/0", "x"), ("/a/0", "y"), ("/b", "n")]);
    let template = JsonTemplate::parse(&json!({"b": [1, "{{n.m.o}}"]})).unwrap();
    let error = template.evaluate(&context()).unwrap_err();
    assert_eq!(error.place().pointer.as_deref(), Some("/b/1"));
    assert_eq!(
        error.to_string(),
        "cannot read `o` of undefined (`n.m` is undefined); write `?.` after `n.m` to get undefined instead \
         (line 1, column 3 of `/b/1`)"
    );
}
