//! What goes in and what comes out.

use flow_expr::{ScriptCode, ScriptExpression, ScriptFailureKind as Kind};
use serde_json::json;

use crate::support::{assert_fails, expressions, function, pools, run, script, value, value_of, with};

#[tokio::test]
async fn values_come_through_as_they_are() {
    let values = json!({
        "text": "Ærøskøbing 😀 \u{0} \" \\ \n",
        "number": 0.1, "integer": 9_007_199_254_740_991_i64, "negative": -5,
        "null": null, "true": true, "empty": {}, "none": [], "nested": [{"a": [[1, "2"]]}],
        "10": "keys", "2": "in", "b": "order", "__proto__": {"polluted": true}, "constructor": 1,
    });
    for (name, engine) in pools() {
        let outcome = engine.evaluate(with(expressions(&["(() => v)()"]), "v", values.clone())).await;
        assert_eq!(outcome.failure, None, "{name}");
        // JavaScript puts keys that are indexes first.
        assert_eq!(outcome.values, std::slice::from_ref(&values), "{name}");
        assert!(outcome.values[0].to_string().starts_with(r#"{"2":"in","10":"keys","text":"#), "{name}");
    }
    assert_eq!(value_of(&with(expressions(&["({}).polluted ?? v.polluted ?? 'safe'"]), "v", values)), "safe");
}

#[test]
fn numbers_are_those_of_the_native_evaluator() {
    let cases = [
        ("[1][0]", "1"),
        ("1.0 * 1", "1"),
        ("-0", "0"),
        ("1e3", "1000"),
        ("2 ** 53", "9007199254740992"),
        ("2 ** 53 + 2", "9007199254740994.0"),
        ("1e21", "1e+21"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("5e-324", "5e-324"),
        ("NaN", "null"),
        ("-Infinity", "null"),
        ("[NaN, Infinity]", "[null,null]"),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source).to_string(), expected, "{source}");
        let native = flow_expr::Expression::parse(source).unwrap().evaluate(&Nothing).unwrap();
        assert_eq!(native.to_string(), expected, "{source}, natively");
    }
}

struct Nothing;

impl flow_expr::Scope for Nothing {
    fn lookup(&self, _: &str) -> flow_expr::Lookup<'_> {
        flow_expr::Lookup::Unknown
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn what_json_lacks_is_what_stringify_makes_of_it() {
    let cases = [
        ("undefined", json!(null)),
        ("new Date(0)", json!("1970-01-01T00:00:00.000Z")),
        ("new Date(NaN)", json!(null)),
        ("[undefined, () => 1, Symbol()]", json!([null, null, null])),
        ("({ a: undefined, f() {}, b: 1 })", json!({"b": 1})),
        ("({ toJSON: () => 5 })", json!(5)),
        ("({ toJSON: () => undefined })", json!(null)),
        ("new Map([[1, 2]])", json!({})),
        ("/x/", json!({})),
        ("Object(3)", json!(3)),
        ("'\\ud800' + 'a\\udc00'", json!("\u{fffd}a\u{fffd}")),
        ("({ '\\ud800': 1 })", json!({"\u{fffd}": 1})),
        ("'\\ud83d\\ude00'", json!("😀")),
        ("'\\\\ud800'", json!("\\ud800")),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn what_json_cant_hold_is_a_failure_that_says_so() {
    let cases = [
        ("() => 1", "a function"),
        ("class {}", "a function"),
        ("Math.max", "a function"),
        ("Symbol('x')", "a symbol"),
        ("10n", "a BigInt"),
        ("[10n]", "a BigInt"),
        ("(() => { const a = {}; a.a = a; return a })()", "contains itself"),
        ("Promise.resolve(1)", "a promise"),
        ("(async () => 1)()", "a promise"),
        ("(() => { let a = 1; for (let i = 0; i < 200; i++) a = [a]; return a })()", "nested more than 127"),
    ];
    for (source, message) in cases {
        assert_fails(source, Kind::NotJson, message);
    }
}

#[test]
fn only_the_truth_is_told_where_it_alone_is_asked_for() {
    let truth = |source: &str| {
        let expression = ScriptExpression { source: source.into(), chance_index: 0, as_truth: true };
        value_of(&script(ScriptCode::Expressions(vec![expression])))
    };
    for source in ["'a'", "[]", "({})", "() => 1", "10n", "Symbol()", "-1", "Promise.resolve(false)"] {
        assert_eq!(truth(source), true, "{source}");
    }
    for source in ["''", "0", "NaN", "null", "undefined", "0n"] {
        assert_eq!(truth(source), false, "{source}");
    }
}

#[test]
fn values_until_the_first_failure_are_kept() {
    let outcome = run(&expressions(&["[1].map(x => x)", "'two'", "nothing()", "'four'"]));
    assert_eq!(outcome.values, [json!([1]), json!("two")]);
    assert_eq!(outcome.failure.unwrap().message, "ReferenceError: nothing is not defined");
}

#[test]
fn a_function_returns_what_its_promise_comes_to() {
    let cases = [
        ("return 1", json!(1)),
        ("", json!(null)),
        ("return", json!(null)),
        ("const x = await Promise.resolve(20); return x + 1", json!(21)),
        ("let n = 0; for await (const x of [1, Promise.resolve(2)]) n += x; return n", json!(3)),
        ("return Promise.all([1, (async () => 2)()])", json!([1, 2])),
        ("return (await Promise.allSettled([Promise.reject(new Error('x'))]))[0].status", json!("rejected")),
        ("return [typeof this, arguments.length]", json!(["undefined", 0])),
        ("// a comment at the end\nreturn 1 // another", json!(1)),
    ];
    for (body, expected) in cases {
        assert_eq!(value_of(&function(body)), expected, "{body}");
    }
    let inputs = with(function("inputs.n += 1; return inputs"), "inputs", json!({"n": 1}));
    assert_eq!(value_of(&inputs), json!({"n": 2}));
    assert_eq!(*inputs.names[0].1, json!({"n": 1}));
}
