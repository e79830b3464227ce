//! The global names that the flow defines.

use flow_expr::ScriptFailureKind as Kind;
use serde_json::json;

use crate::support::{expressions, failure_of, function, run, value_of, with};

#[test]
fn what_one_expression_does_isnt_seen_by_the_next() {
    let tampering = [
        "customer.tags.push('new')",
        "(() => { customer.name = 'Eve' })()",
        "(() => { globalThis.left = 1; Array.prototype.map = () => 'mine' })()",
        "(() => { Object.prototype.polluted = true; Math.max = () => 0; JSON.stringify = () => 'x' })()",
        "Object.defineProperty(globalThis, 'str', { value: () => 'mine' }) && 1",
        "(() => { Date.now = () => 0; String.prototype.toUpperCase = () => 'mine' })()",
    ];
    let look = "[customer, typeof left, [1].map(x => x), ({}).polluted, Math.max(1, 2), JSON.stringify([]), \
                str([1]), Date.now(), 'a'.toUpperCase()]";
    let customer = json!({"name": "Ada", "tags": ["old"]});
    for text in tampering {
        let script = with(expressions(&[text, look]), "customer", customer.clone());
        let outcome = run(&script);
        assert_eq!(outcome.failure, None, "{text}");
        let seen = &outcome.values[1];
        let expected = json!([customer, "undefined", [1], null, 2, "[]", "[1]", crate::support::NOW, "A"]);
        assert_eq!(*seen, expected, "{text}");
    }
}

#[test]
fn an_expression_assigns_to_no_name() {
    for text in
        ["(() => { a = 2 })()", "(() => { a; a = 2 })()", "(() => { b = 2 })()", "(() => { c = 2 })()"]
    {
        let mut script = with(expressions(&[text]), "a", json!(1));
        script.undefined.push("b".into());
        let failure = failure_of(&script);
        assert_eq!(failure.kind, Kind::Threw, "{text}: {failure}");
    }
}

#[test]
fn the_code_of_a_step_may_reuse_its_names() {
    let script = with(function("a = a + 1; b = a; const str = 3; return [a, b, str]"), "a", json!(1));
    let mut script = script;
    script.undefined.push("b".into());
    assert_eq!(value_of(&script), json!([2, 2, 3]));
}

#[test]
fn names_without_a_value_exist() {
    let mut script =
        expressions(&["[approval?.decision ?? 'none', typeof approval, 'approval' in globalThis]"]);
    script.undefined.push("approval".into());
    assert_eq!(value_of(&script), json!(["none", "undefined", true]));
    assert_eq!(failure_of(&expressions(&["approval"])).message, "ReferenceError: approval is not defined");
}

#[test]
fn a_name_of_the_flow_hides_one_of_the_language() {
    let script = with(expressions(&["[JSON, sha256('') && uuid, Date]"]), "JSON", json!({"mine": 1}));
    let script = with(with(script, "uuid", json!("u")), "Date", json!("d"));
    assert_eq!(value_of(&script), json!([{"mine": 1}, "u", "d"]));
}

#[test]
fn any_name_is_possible() {
    let names =
        ["my-var", "class", "__proto__", "constructor", "undefined", "größe", "toString", "load", "host"];
    for name in names {
        let source = format!("globalThis[{name:?}]");
        let script = with(expressions(&[&source]), name, json!("here"));
        let expected = if name == "undefined" { json!(null) } else { json!("here") };
        assert_eq!(value_of(&script), expected, "{name}");
    }
}
