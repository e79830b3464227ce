//! The functions of the flow language, and what they take from a run.

use flow_expr::{Ambient, Chance, ChanceSource, Template, functions};
use serde_json::json;

use crate::support::{Names, context, eval, rendered};

fn source() -> ChanceSource {
    ChanceSource { seed: 7, place: "orders[3]/call".to_owned() }
}

fn within_a_step() -> Names {
    let ambient = Ambient::new(1_700_000_000_123, "2023-11-14T22:13:20.123Z", source());
    Names { ambient: Some(ambient), ..context() }
}

#[test]
fn pure_functions() {
    let scope = context();
    for (source, expected) in [
        ("str(customer.orders[0])", json!(r#"{"id":1,"total":10.5}"#)),
        ("str('a\"b')", json!(r#""a\"b""#)),
        ("str(n) + str(missing) + str() + str(NaN)", json!("3nullnullnull")),
        ("str([undefined, {a: undefined}])", json!("[null,{}]")),
        ("str({b: 1, 1: 2})", json!(r#"{"1":2,"b":1}"#)),
        ("parseJson('{\"a\":[1,2]}').a.at(-1)", json!(2)),
        ("parseJson(str(customer)).name", json!("Ada")),
        ("base64('')", json!("")),
        ("base64('a')", json!("YQ==")),
        ("base64('é😀')", json!("w6nwn5iA")),
        ("base64(12)", json!("MTI=")),
        ("unbase64('w6nwn5iA')", json!("é😀")),
        ("unbase64('YQ==') + unbase64('YQ') + unbase64('')", json!("aa")),
        ("unbase64('Pz8_') + unbase64('Pz8/')", json!("??????")),
        ("unbase64(base64(s))", json!("hello")),
        ("sha256('')", json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
        ("sha256('abc')", json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        // RFC 4231, test case 2.
        (
            "hmacSha256('Jefe', 'what do ya want for nothing?')",
            json!("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ),
        ("hmacSha256('', '')", json!("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")),
        ("hmacSha256('k'.repeat(200), 'a').length", json!(64)),
    ] {
        assert_eq!(*eval(source, &scope).unwrap(), expected, "{source}");
    }
}

#[test]
fn texts_that_cant_be_read_are_errors() {
    let scope = context();
    for (source, code) in [
        ("parseJson('')", "invalid_json"),
        ("parseJson(customer)", "invalid_json"),
        ("parseJson('1e999')", "invalid_json"),
        ("unbase64('Y')", "invalid_base64"),
        ("unbase64('Y*==')", "invalid_base64"),
        ("unbase64('_/==')", "invalid_base64"),
        ("unbase64('/w==')", "invalid_base64"),
    ] {
        assert_eq!(eval(source, &scope).expect_err(source).code(), code, "{source}");
    }
    assert_eq!(
        eval("1 + unbase64('/w==')", &scope).unwrap_err().to_string(),
        "`unbase64('/w==')`: the bytes in the base64 are no UTF-8 text (line 1, column 5)"
    );
}

#[test]
fn time_is_that_of_the_step() {
    let scope = within_a_step();
    assert_eq!(*eval("getDate()", &scope).unwrap(), json!("2023-11-14T22:13:20.123Z"));
    assert_eq!(*eval("Date.now()", &scope).unwrap(), json!(1_700_000_000_123_i64));
    assert_eq!(*eval("getDate().slice(0, 10)", &scope).unwrap(), json!("2023-11-14"));
}

#[test]
fn chance_is_a_stream_for_each_expression() {
    let template = "{{ uuid() }} {{ n }} {{ Math.random() }} {{ [Math.random(), uuid(), Math.random()] }}";
    let mut first = Chance::new(&source(), 0);
    let mut second = Chance::new(&source(), 1);
    let mut third = Chance::new(&source(), 2);
    let drawn = json!([third.number(), third.uuid(), third.number()]);
    let expected = format!("{} 3 {} {drawn}", first.uuid(), second.number());
    assert_eq!(rendered(template, &within_a_step()), expected);
    assert_eq!(rendered(template, &within_a_step()), expected, "a repeat draws the same");
    let scope = within_a_step();
    let twice = Template::parse(template).unwrap();
    assert_ne!(twice.render_text(&scope).unwrap(), twice.render_text(&scope).unwrap());
}

#[test]
fn a_wait_has_a_url() {
    let scope = within_a_step();
    let url = "https://flows.test/resume/ask?token=t";
    assert_eq!(*eval("resumeUrl('ask')", &scope).unwrap(), json!(url));
    assert_eq!(*eval("resumeUrl('ask', undefined)", &scope).unwrap(), json!(url));
    for decision in ["approve", "reject"] {
        let token = functions::decision_token("t", decision);
        let expected = format!("https://flows.test/resume/ask?token={token}&decision={decision}");
        assert_eq!(*eval(&format!("resumeUrl('ask', '{decision}')"), &scope).unwrap(), json!(expected));
    }
    assert_ne!(functions::decision_token("t", "approve"), functions::decision_token("t", "reject"));
    assert_eq!(
        functions::with_decision("https://a.test/b", "reject").unwrap(),
        "https://a.test/b?decision=reject"
    );
    for (source, code, message) in [
        (
            "resumeUrl('ask', 'maybe')",
            "invalid_decision",
            "`resumeUrl('ask', 'maybe')`: the decision must be `approve` or `reject` (line 1, column 1)",
        ),
        (
            "resumeUrl('call')",
            "no_such_wait",
            "`resumeUrl('call')`: there is no link for `call`: name an approval, a form or a client tool of this \
             flow; and the server needs a key to make links with (line 1, column 1)",
        ),
    ] {
        let error = eval(source, &scope).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message), "{source}");
    }
}

#[test]
fn outside_of_a_step_there_is_no_time_and_no_chance() {
    let scope = context();
    for source in ["uuid()", "getDate()", "Math.random()", "Date.now()", "resumeUrl('ask')"] {
        let error = eval(source, &scope).unwrap_err();
        assert_eq!(error.code(), "outside_of_step", "{source}");
        assert_eq!(
            error.to_string(),
            format!(
                "`{source}`: time, chance and links are those of a run's step, and this is evaluated outside of \
                 one; use it in a step's settings (line 1, column 1)"
            )
        );
    }
}
