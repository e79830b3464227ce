//! What comes back from a step that used secrets is recorded without them, in whatever form it has them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use flow_engine::StepError;
use flow_testkit::{KnownSecrets, ScriptedStep};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{document, engine, stored, takes_secrets};
use crate::world::{World, error, output};

/// What is recorded of an output of a step that used those secrets.
async fn recorded(secrets: &[(&str, &str)], returned: Value) -> Value {
    let world = World::new();
    let known = KnownSecrets::new(world.workspace, secrets.iter().copied());
    let step = takes_secrets(ScriptedStep::new("work").returns(returned));
    let engine = engine(&world, &step, &known).await;
    let used: String = secrets.iter().map(|(name, _)| format!("{{{{secrets.{name}}}}}")).collect();
    let document =
        document(|flow| flow.step("send", "work", json!({ "url": used })).done("end", [("a", "{{send}}")]));
    output(&world.run(&engine, &document, json!({})).await)["a"].clone()
}

async fn shown(secrets: &[(&str, &str)], text: &str) -> String {
    recorded(secrets, json!(text)).await.as_str().unwrap().to_owned()
}

/// With characters that every encoding changes.
const HARD: &str = "pä ss\"w\\o/rd+?~\n1>";

fn percent(text: &str, plus: bool, lower: bool) -> String {
    let one = |byte: u8| match byte {
        b' ' if plus => "+".to_owned(),
        b if b.is_ascii_alphanumeric() || b == b'-' => char::from(b).to_string(),
        b if lower => format!("%{b:02x}"),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(one).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn json_text(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[tokio::test]
async fn a_value_is_found_in_every_form() {
    let escaped: String = HARD.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    let forms = [
        HARD.to_owned(),
        STANDARD.encode(HARD),
        STANDARD_NO_PAD.encode(HARD),
        URL_SAFE.encode(HARD),
        URL_SAFE_NO_PAD.encode(HARD),
        percent(HARD, false, false),
        percent(HARD, false, true),
        percent(HARD, true, false),
        percent(HARD, true, true),
        hex(HARD),
        hex(HARD).to_uppercase(),
        json_text(HARD),
        json_text(&json_text(HARD)),
        json_text(HARD).replace('/', "\\/"),
        escaped,
        percent(&STANDARD.encode(HARD), false, false),
        percent(&json_text(HARD), false, true),
        percent(&percent(HARD, false, false), false, false),
        STANDARD.encode(json_text(HARD)),
        URL_SAFE.encode(percent(HARD, true, false)),
        hex(&json_text(HARD)),
    ];
    for form in forms {
        assert_eq!(shown(&[("KEY", HARD)], &form).await, "[secret KEY]", "{form}");
        let inside = format!("before ({form}) behind");
        assert_eq!(shown(&[("KEY", HARD)], &inside).await, "before ([secret KEY]) behind", "{form}");
    }
}

#[tokio::test]
async fn a_value_is_found_inside_of_a_longer_base64_text() {
    for before in ["", "a", "ab", "user:", "someone:", "someone@x:"] {
        for behind in ["", "c", "cd", "cde", ", and more of it"] {
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let text = engine.encode(format!("{before}{HARD}{behind}"));
                let shown = shown(&[("KEY", HARD)], &format!("Basic {text}")).await;
                assert!(shown.contains("[secret KEY]"), "{before} {behind}: {shown}");
                let kept = shown.len() - "[secret KEY]".len() - "Basic ".len();
                // Nothing of it is left, not even a digit that has some of its bits.
                assert!(kept * 6 <= (before.len() + behind.len()) * 8 + 6 * 2, "{before} {behind}: {shown}");
                assert!(shown.starts_with(&format!("Basic {}", &text[..before.len() * 8 / 6])), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn keys_numbers_and_lists_are_searched_too() {
    let secrets = [("KEY", "s3cr3t-value"), ("PIN", "48151623")];
    let returned = json!({
        "a s3cr3t-value": { "b": ["s3cr3t-value", 48_151_623, 7, null, true] },
        "kept": "as it is",
    });
    let expected = json!({
        "a [secret KEY]": { "b": ["[secret KEY]", "[secret PIN]", 7, null, true] },
        "kept": "as it is",
    });
    assert_eq!(recorded(&secrets, returned).await, expected);
}

#[tokio::test]
async fn secrets_that_overlap_are_taken_out_together_under_the_longest_ones_name() {
    let nested = [("LONG", "abcd-efgh-ijkl"), ("SHORT", "efgh"), ("NEXT", "ijkl-mnop")];
    for (text, expected) in [
        ("<abcd-efgh-ijkl>", "<[secret LONG]>"),
        ("<efgh>", "<[secret SHORT]>"),
        ("<abcd-efgh-ijkl-mnop>", "<[secret LONG]>"),
        ("<efgh-ijkl-mnop>", "<[secret SHORT]-[secret NEXT]>"),
        ("efghefgh", "[secret SHORT][secret SHORT]"),
    ] {
        assert_eq!(shown(&nested, text).await, expected, "{text}");
    }
    assert_eq!(shown(&[("A", "same-value"), ("B", "same-value")], "same-value").await, "[secret A]");
}

#[tokio::test]
async fn a_url_and_a_header_may_change_it_a_little() {
    let secrets = [("HOST", "Tenant-A1"), ("LINE", "key-of-a-line\n"), ("PATH", "a\\b\tc-d")];
    assert_eq!(shown(&secrets, "http://tenant-a1.test/").await, "http://[secret HOST].test/");
    assert_eq!(shown(&secrets, "key-of-a-line").await, "[secret LINE]");
    assert_eq!(shown(&secrets, "http://x/a/bc-d").await, "http://x/[secret PATH]");
}

#[tokio::test]
async fn what_is_too_short_to_be_told_from_chance_is_left() {
    assert_eq!(shown(&[("PIN", "123"), ("EMPTY", ""), ("BLANK", "     ")], "123     ").await, "123     ");
    assert_eq!(shown(&[("PIN", "1234")], "1234").await, "[secret PIN]");
}

#[tokio::test]
async fn failures_are_recorded_without_it_in_code_message_and_details() {
    let world = World::new();
    let known = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let failure = StepError {
        code: "refused s3cr3t-value".to_owned(),
        message: "https://x/?k=s3cr3t%2Dvalue was refused".to_owned(),
        details: Some(Box::new(json!({ "body": ["s3cr3t-value"], "s3cr3t-value": 1 }))),
        retry_after: None,
    };
    let step = takes_secrets(ScriptedStep::new("work").answers(move |_| Err(failure.clone())));
    let engine = engine(&world, &step, &known).await;
    let document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" })).done("end", [("a", 1)])
    });
    let view = world.run(&engine, &document, json!({})).await;
    let error = error(&view);
    assert_eq!(error.code, "refused [secret KEY]");
    assert_eq!(error.message, "https://x/?k=[secret KEY] was refused");
    assert_eq!(error.details.as_deref(), Some(&json!({ "body": ["[secret KEY]"], "[secret KEY]": 1 })));
    assert!(!stored(&world, &engine, view.id()).await.contains("s3cr3t"));
}

#[tokio::test]
async fn an_output_that_is_nested_without_end_is_refused_as_ever() {
    let deep = (0..400).fold(json!("s3cr3t-value"), |inner, _| json!([inner]));
    let world = World::new();
    let known = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let step = takes_secrets(ScriptedStep::new("work").returns(deep));
    let engine = engine(&world, &step, &known).await;
    let document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" })).done("end", [("a", 1)])
    });
    assert_eq!(error(&world.run(&engine, &document, json!({})).await).code, "output_too_deep");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever stands round a secret, it is not in what is recorded; and what has no secret is recorded as it is.
    #[test]
    fn no_text_round_it_hides_a_secret(before in ".{0,6}", behind in ".{0,6}", secret in "[ -~äß€😀]{6,12}") {
        prop_assume!(secret.trim().len() >= 6);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shown = runtime.block_on(shown(&[("KEY", &secret)], &format!("{before}{secret}{behind}")));
        prop_assert!(shown.contains("[secret KEY]"));
        prop_assert!(!shown.replace("[secret KEY]", "").contains(secret.trim()));
    }
}
