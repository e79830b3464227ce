//! What is built in beside what JavaScript's table says: errors, names that hide it, values made on demand.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Group, Names, context, eval, rendered};

#[test]
fn errors_of_calls_say_what_to_do() {
    let scope = context();
    for (source, code, message) in [
        (
            "1 + n.trim()",
            "type_error",
            "`n.trim` is not a function, because `n` is a number; `trim` is a method of texts (line 1, column 5)",
        ),
        (
            "customer.orders.toFixed(2)",
            "type_error",
            "`customer.orders.toFixed` is not a function, because `customer.orders` is an array; `toFixed` is a \
             method of numbers (line 1, column 1)",
        ),
        (
            "customer.slice(1)",
            "type_error",
            "`customer.slice` is not a function, because `customer` is an object; `slice` is a method of texts and \
             arrays (line 1, column 1)",
        ),
        (
            "yes.at(0)",
            "type_error",
            "`yes.at` is not a function, because `yes` is a truth value; `at` is a method of texts and arrays \
             (line 1, column 1)",
        ),
        (
            "customer.nothing.trim()",
            "type_error",
            "cannot read `trim` of undefined (`customer.nothing` is undefined); write `?.` after `customer.nothing` \
             to get undefined instead (line 1, column 1)",
        ),
        (
            "s.repeat(-1)",
            "range_error",
            "`s.repeat(-1)`: the count must be 0 or more, and finite (line 1, column 1)",
        ),
        (
            "list.with(7, 1)",
            "range_error",
            "`list.with(7, 1)`: the index must be that of one of the array's 5 elements (line 1, column 1)",
        ),
        (
            "half.toFixed(200)",
            "range_error",
            "`half.toFixed(200)`: the number of digits must be from 0 to 100 (line 1, column 1)",
        ),
        (
            "JSON.parse('{')",
            "invalid_json",
            "`JSON.parse('{')`: the text is no JSON: EOF while parsing an object at line 1 column 1 (line 1, column 1)",
        ),
        (
            "decodeURI('%')",
            "invalid_uri",
            "`decodeURI('%')`: a `%` in the text isn't followed by two hex digits, or they are no UTF-8 \
             (line 1, column 1)",
        ),
        (
            "Object.keys(nil)",
            "type_error",
            "`Object.keys(nil)`: undefined and null have no members; write `?? {}` after the value if it may be \
             missing (line 1, column 1)",
        ),
        (
            "'a' in s",
            "type_error",
            "`'a' in s`: the right side of `in` must be an object or array (line 1, column 1)",
        ),
        (
            "'x' + s.repeat(1e9)",
            "output_too_large",
            "`s.repeat(1e9)` makes more than 16 MiB of output (line 1, column 7); pass large values on whole, or \
             take the part that is needed",
        ),
        (
            "s.concat(hidden)",
            "type_error",
            "cannot use an object of `s.concat(hidden)` as text or number, because its own member `toString` is no \
             function; use one of its members (line 1, column 1)",
        ),
        (
            "custmer.name.trim()",
            "unknown_name",
            "nothing here is named `custmer` (line 1, column 1); did you mean `customer`?",
        ),
    ] {
        let error = eval(source, &scope).expect_err(source);
        assert_eq!(error.code(), code, "{source}");
        assert_eq!(error.to_string(), message, "{source}");
    }
}

#[test]
fn a_name_of_the_scope_hides_what_is_built_in() {
    let scope = Names {
        undefined: vec!["Number"],
        ..Names::of(json!({"Math": {"PI": 3, "max": 1}, "uuid": "u-1", "str": "text", "Date": "2024-05-06"}))
    };
    for (source, expected) in [
        ("Math.PI", json!(3)),
        ("Math.E", json!(null)),
        ("Math?.PI.toFixed(1)", json!("3.0")),
        ("uuid.toUpperCase()", json!("U-1")),
        ("uuid", json!("u-1")),
        ("Date.slice(0, 4)", json!("2024")),
        ("Number.EPSILON", json!(f64::EPSILON)),
    ] {
        assert_eq!(*eval(source, &scope).unwrap(), expected, "{source}");
    }
    for (source, message) in [
        (
            "1 + uuid()",
            "`uuid` is not a function, because a value of the flow is named `uuid`; give the value another name \
             (line 1, column 5)",
        ),
        (
            "Math.max(1, 2)",
            "`Math.max` is not a function, because a value of the flow is named `Math`; give the value another name \
             (line 1, column 1)",
        ),
    ] {
        assert_eq!(eval(source, &scope).unwrap_err().to_string(), message, "{source}");
    }
    assert_eq!(eval("Math.abc", &context()).unwrap_err().code(), "unknown_name");
}

#[test]
fn objects_made_on_demand_can_be_called_on() {
    let members = [("text", Arc::new(json!(" ab "))), ("at", Arc::new(json!(1)))].into();
    let group = Group { members, undefined: vec!["later", "flat"] };
    let scope = Names { groups: [("steps", group)].into(), ..Names::default() };
    for (source, expected) in [
        ("steps.text.trim()", json!("ab")),
        ("steps.toString()", json!("[object Object]")),
        ("steps.valueOf().text", json!(" ab ")),
        ("steps.later?.trim()", json!(null)),
        ("steps.flat?.()", json!(null)),
        ("'text' in steps && !('later' in steps) && !('nothing' in steps)", json!(true)),
        ("Object.keys(steps)", json!(["at", "text"])),
        ("JSON.stringify(steps)", json!(r#"{"at":1,"text":" ab "}"#)),
        ("[steps].includes(steps)", json!(true)),
        ("[steps, steps].indexOf(steps, 1)", json!(1)),
    ] {
        assert_eq!(*eval(source, &scope).unwrap(), expected, "{source}");
    }
    assert_eq!(eval("steps.at(0)", &scope).unwrap_err().code(), "type_error");
    assert_eq!(
        eval("steps.trim()", &scope).unwrap_err().to_string(),
        "nothing here is named `steps.trim` (line 1, column 1)"
    );
}

#[test]
fn large_integers_are_passed_through_calls() {
    let scope = context();
    assert_eq!(
        rendered("{{ JSON.stringify(big) }} {{ str([big]) }}", &scope),
        "9007199254740993 [9007199254740993]"
    );
    assert_eq!(
        rendered("{{ [[big]].flat().concat(big).toReversed() }}", &scope),
        "[9007199254740993,9007199254740993]"
    );
    assert_eq!(rendered("{{ JSON.parse('[9007199254740993]') }}", &scope), "[9007199254740993]");
    assert_eq!(*eval("Number(big)", &scope).unwrap(), json!(9_007_199_254_740_992_u64));
}

#[test]
fn what_is_taken_from_a_variable_is_not_copied() {
    let scope = Names::of(json!({"text": "x".repeat(4 << 20), "list": vec!["y".repeat(1 << 20); 8]}));
    for source in [
        "text.trim().slice(1).substring(0, 10).length",
        "list.slice(1).toReversed().concat(list).at(-1).length",
        "[text, text, text, text, text].flat().includes(text)",
    ] {
        eval(source, &scope).unwrap();
    }
}
