//! Expressions have the values that Node.js gives them; `with_node.mjs` writes the table.

use serde_json::{Value, json};

use crate::support::{context, eval, parsed, template};

#[test]
fn expressions_have_the_values_of_javascript() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("expressions.json")).expect("the table is JSON");
    assert!(cases.len() > 350);
    let scope = context();
    let mut wrong = Vec::new();
    for case in &cases {
        let source = case["source"].as_str().expect("a case has a source");
        let json = case["json"].as_str().expect("a case has a value");
        let expected: Value = serde_json::from_str(json).expect("the value is JSON");
        let found = parsed(source).evaluate(&scope);
        // Also says in which order members stand and how numbers look.
        let text = template(&format!("{{{{ {source}\n}}}}")).render_text(&scope);
        let shown = match &expected {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            _ => json.to_owned(),
        };
        let truthy = parsed(source).is_truthy(&scope);
        let equal = |found: &Value| {
            found == &expected || found.as_f64().is_some_and(|n| Some(n) == expected.as_f64())
        };
        if !found.as_deref().is_ok_and(equal) || text != Ok(shown) || truthy != Ok(case["truthy"] == true) {
            wrong.push(format!(
                "{source}\n  expected {json}\n  found {found:?}\n  text {text:?}\n  truthy {truthy:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
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
