//! The functions of the flow language.

use flow_expr::ScriptFailureKind as Kind;
use flow_expr::functions::with_decision;
use serde_json::json;

use crate::support::{assert_fails, expressions, failure_of, value, value_of, with};

#[test]
fn functions_give_what_they_promise() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let cases = [
        ("str({ a: [1, 'x'] })", json!(r#"{"a":[1,"x"]}"#)),
        ("str('a')", json!("\"a\"")),
        ("str(undefined) + str()", json!("nullnull")),
        ("sha256() === sha256('undefined')", json!(true)),
        ("hmacSha256('key') === hmacSha256('key', undefined)", json!(true)),
        ("parseJson('{\"a\": [1]}').a[0]", json!(1)),
        ("parseJson(str({ '__proto__': 1 }))", json!({})),
        ("base64('Ærø')", json!("w4Zyw7g=")),
        ("base64('')", json!("")),
        ("unbase64(base64('Ærø 😀'))", json!("Ærø 😀")),
        ("base64('\\ud800')", json!("77+9")),
        ("sha256('')", json!(empty)),
        ("sha256(12) === sha256('12')", json!(true)),
        ("base64(null) === base64('null')", json!(true)),
        ("unbase64('Pz8_') + unbase64('YQ')", json!("???a")),
        (
            "hmacSha256('Jefe', 'what do ya want for nothing?')",
            json!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ),
        ("getDate()", json!("2026-01-31T09:00:00.000Z")),
        ("['a', 'b'].map(base64)", json!(["YQ==", "Yg=="])),
    ];
    for (source, expected) in cases {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn functions_say_what_they_cant_do() {
    let cases = [
        ("unbase64('%')", "TypeError: the text is no base64"),
        ("unbase64('/w==')", "TypeError: the bytes in the base64 are no UTF-8 text"),
        ("parseJson('{')", "TypeError: the text is no JSON"),
        ("parseJson({})", "TypeError: the text is no JSON"),
        ("parseJson('1\\0')", "TypeError: the text is no JSON"),
        ("parseJson('['.repeat(200) + ']'.repeat(200))", "TypeError: the text is no JSON"),
        ("parseJson('[1e400]')", "TypeError: the text is no JSON"),
        ("parseJson('{\"\\\\ud800\": 1}')", "TypeError: the text is no JSON"),
        ("sha256(Symbol())", "TypeError: "),
    ];
    for (source, message) in cases {
        assert_fails(source, Kind::Threw, message);
    }
    assert_fails("str((() => { const a = []; a.push(a); return a })())", Kind::NotJson, "contains itself");
    assert_fails("new sha256('')", Kind::Threw, "TypeError");
}

#[test]
fn a_wait_that_is_to_come_has_its_url() {
    let with_urls = |source: &str| {
        let mut script = with(expressions(&[source]), "x", json!(1));
        script.resume_urls.push(("ask".into(), "https://flows.example/r/1".to_owned()));
        script.resume_urls.push(("wait".into(), "https://flows.example/r/2?token=t".to_owned()));
        script
    };
    let bound = with_decision("https://flows.example/r/2?token=t", "reject").unwrap();
    let cases = [
        ("resumeUrl('ask')", "https://flows.example/r/1"),
        ("resumeUrl('ask', undefined)", "https://flows.example/r/1"),
        ("resumeUrl('ask', 'approve')", "https://flows.example/r/1?decision=approve"),
        ("resumeUrl('wait', 'reject')", &bound),
    ];
    for (source, expected) in cases {
        assert_eq!(value_of(&with_urls(source)), expected, "{source}");
    }
    let unknown = failure_of(&with_urls("resumeUrl('other')"));
    assert_eq!(unknown.message, "TypeError: there is no link for `other`: name a step that waits");
    let decision = failure_of(&with_urls("resumeUrl('ask', 'maybe')"));
    assert!(decision.message.contains("`approve` or `reject`"), "{decision}");
}
