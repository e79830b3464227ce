//! Objects made on demand, sharing and truth.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Group, Names, context, eval, parsed, rendered};

fn steps() -> Names {
    let members = [
        ("fetch", Arc::new(json!({"body": {"id": 7}}))),
        ("count", Arc::new(json!(3))),
        ("text", Arc::new(json!("ab"))),
    ]
    .into();
    let group = Group { members, undefined: vec!["later"] };
    Names { groups: [("steps", group)].into(), ..Names::of(json!({"n": 1})) }
}

#[test]
fn members_are_looked_up_one_by_one() {
    let scope = steps();
    for (source, expected) in [
        ("steps.fetch.body.id", json!(7)),
        ("steps['fetch'].body", json!({"id": 7})),
        ("steps.later", json!(null)),
        ("steps.later?.body", json!(null)),
        ("typeof steps", json!("object")),
        ("!steps", json!(false)),
        ("steps === steps", json!(true)),
        ("steps == '[object Object]'", json!(true)),
        ("`${steps}`", json!("[object Object]")),
        ("steps", json!({"fetch": {"body": {"id": 7}}, "count": 3, "text": "ab"})),
        ("({...steps, n})", json!({"fetch": {"body": {"id": 7}}, "count": 3, "text": "ab", "n": 1})),
        ("({...steps}).fetch.body.id", json!(7)),
        ("[steps][0].count", json!(3)),
        ("[...{...steps}.text]", json!(["a", "b"])),
        ("({...{...steps}.text})", json!({"0": "a", "1": "b"})),
        ("({...steps}).text[1]", json!("b")),
    ] {
        assert_eq!(*eval(source, &scope).unwrap(), expected, "{source}");
    }
    assert_eq!(rendered("{{steps}}!", &scope), r#"{"count":3,"fetch":{"body":{"id":7}},"text":"ab"}!"#);
    assert_eq!(parsed("steps.fetch").is_truthy(&scope), Ok(true));
}

#[test]
fn an_unknown_member_is_an_unknown_name() {
    let scope = steps();
    let error = eval("1 + steps.fetsh.body", &scope).unwrap_err();
    assert_eq!(error.code(), "unknown_name");
    assert_eq!(
        error.to_string(),
        "nothing here is named `steps.fetsh` (line 1, column 5); did you mean `steps.fetch`?"
    );
    assert_eq!(eval("steps?.fetsh", &scope).unwrap_err().code(), "unknown_name");
}

#[test]
fn a_whole_variable_is_shared() {
    let scope = context();
    for source in [
        "customer",
        "(customer)",
        "nil ?? customer",
        "yes && customer",
        "yes ? customer : 1",
        "[customer][0]",
    ] {
        assert!(Arc::ptr_eq(&eval(source, &scope).unwrap(), &scope.values["customer"]), "{source}");
    }
    let steps = steps();
    let fetch = eval("steps.fetch", &steps).unwrap();
    assert!(Arc::ptr_eq(&fetch, &steps.groups["steps"].members["fetch"]));
}
