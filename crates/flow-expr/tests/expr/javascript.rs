//! Expressions have the values that Node.js gives them; `with_node.mjs` writes the tables.

use flow_expr::EvalError;
use serde_json::{Value, json};

use crate::support::{context, eval, parsed, template};

#[test]
fn expressions_have_the_values_of_javascript() {
    check(include_str!("expressions.json"), 350);
}

#[test]
fn methods_of_texts_have_the_values_of_javascript() {
    check(include_str!("text_methods.json"), 1000);
}

#[test]
fn methods_of_arrays_have_the_values_of_javascript() {
    check(include_str!("array_methods.json"), 500);
}

#[test]
fn functions_constants_and_operators_have_the_values_of_javascript() {
    check(include_str!("builtins.json"), 1000);
}

#[test]
fn every_operator_and_conversion_of_every_kind_of_value_is_that_of_javascript() {
    check(include_str!("coercions.json"), 700);
}

#[test]
fn methods_at_their_edges_are_those_of_javascript() {
    check(include_str!("edges.json"), 250);
}

/// Checks the cases of a table, of which there are at least so many.
fn check(table: &str, least: usize) {
    let cases: Vec<Value> = serde_json::from_str(table).expect("the table is JSON");
    assert!(cases.len() > least);
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// What is wrong with the value of a case, if something is.
fn wrong(case: &Value) -> Option<String> {
    let scope = context();
    let source = case["source"].as_str().expect("a case has a source");
    let found = parsed(source).evaluate(&scope);
    if let Some(throws) = case["throws"].as_str() {
        let thrown = found.as_ref().err().map(EvalError::code);
        return (thrown != Some(code(throws)))
            .then(|| format!("{source}\n  throws {throws}\n  found {found:?}"));
    }
    let json = case["json"].as_str().expect("a case has a value");
    let expected: Value = serde_json::from_str(json).expect("the value is JSON");
    // Also says in which order members stand and how numbers look.
    let text = template(&format!("{{{{ {source}\n}}}}")).render_text(&scope);
    let shown = match &expected {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        _ => json.to_owned(),
    };
    let truthy = parsed(source).is_truthy(&scope);
    let equal = found.as_deref().is_ok_and(|found| alike(found, &expected));
    let right = equal && text == Ok(shown) && truthy == Ok(case["truthy"] == true);
    (!right).then(|| {
        format!("{source}\n  expected {json}\n  found {found:?}\n  text {text:?}\n  truthy {truthy:?}")
    })
}

/// Whether two values are equal but for how a number is held.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (a, b) => a == b,
    }
}

/// The code of JavaScript's error.
fn code(name: &str) -> &'static str {
    match name {
        "TypeError" => "type_error",
        "RangeError" => "range_error",
        "SyntaxError" => "invalid_json",
        "URIError" => "invalid_uri",
        _ => "unknown_name",
    }
}

#[test]
fn integers_beyond_doubles_pass_alone_and_in_literals() {
    let scope = context();
    assert_eq!(*eval("big", &scope).unwrap(), json!(9_007_199_254_740_993_u64));
    assert_eq!(
        *eval("[big, {big}]", &scope).unwrap(),
        json!([9_007_199_254_740_993_u64, {"big": 9_007_199_254_740_993_u64}])
    );
    assert_eq!(*eval("nil ?? big", &scope).unwrap(), json!(9_007_199_254_740_993_u64));
    assert_eq!(*eval("+big", &scope).unwrap(), json!(9_007_199_254_740_992_u64));
}

#[test]
fn whole_results_of_arithmetic_are_json_integers() {
    let scope = context();
    for (source, expected) in [
        ("whole + 0", "1"),
        ("half * 4", "2"),
        ("-0", "0"),
        ("2 ** 53", "9007199254740992"),
        ("2 ** 53 * 2", "1.8014398509481984e+16"),
        ("whole", "1.0"),
        ("0.1", "0.1"),
    ] {
        assert_eq!(eval(source, &scope).unwrap().to_string(), expected, "{source}");
    }
}

#[test]
fn only_own_members_exist() {
    let scope = context();
    for source in [
        "obj.constructor",
        "obj.__proto__",
        "obj.toString",
        "obj.hasOwnProperty",
        "list.map",
        "list.constructor",
        "s.toUpperCase",
        "s.constructor",
        "n.toFixed",
        "yes.constructor",
        "({}).constructor",
        "[].concat",
    ] {
        assert_eq!(*eval(source, &scope).unwrap(), json!(null), "{source}");
    }
    assert_eq!(*eval("hidden.toString + proto.valueOf", &scope).unwrap(), json!(2));
}

#[test]
fn half_of_a_surrogate_pair_reads_as_the_replacement_character() {
    let scope = context();
    assert_eq!(*eval("emoji[1]", &scope).unwrap(), json!("\u{fffd}"));
    assert_eq!(*eval("[...emoji][1]", &scope).unwrap(), json!("😀"));
}
