//! The vectors of the Standard Webhooks libraries and of GitHub's documentation.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const RIGHT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
    pairs.collect()
}

fn standard_of(secret: &str, signature: &str, body: &[u8], now: i64) -> bool {
    let at = AT.to_string();
    let headers =
        headers(&[("webhook-id", ID), ("webhook-timestamp", &at), ("webhook-signature", signature)]);
    check(Signature::Standard, &secret.into(), &headers, body, Timestamp::from_millis(now * 1000)).is_ok()
}

#[test]
fn the_published_vector_is_right() {
    assert!(standard_of(SECRET, RIGHT, BODY, AT));
    assert!(standard_of(&SECRET[6..], RIGHT, BODY, AT), "the prefix may be left out");
    assert!(
        standard_of(SECRET, &format!("v1,bm8= v2,{} {RIGHT}", &RIGHT[3..]), BODY, AT),
        "one of several is enough"
    );
}

#[test]
fn whatever_differs_is_refused() {
    assert!(!standard_of(SECRET, RIGHT, b"{}", AT));
    assert!(!standard_of("whsec_AAAA", RIGHT, BODY, AT));
    assert!(!standard_of(SECRET, &RIGHT.replace("v1", "v2"), BODY, AT));
    for signature in ["", "v1", "v1,", "v1,x", &RIGHT[3..]] {
        assert!(!standard_of(SECRET, signature, BODY, AT), "{signature}");
    }
    assert!(!standard_of("whsec_no base64", RIGHT, BODY, AT) && !standard_of("", RIGHT, BODY, AT));
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    for (now, is_right) in [(AT - 300, true), (AT + 300, true), (AT - 301, false), (AT + 301, false)] {
        assert_eq!(standard_of(SECRET, RIGHT, BODY, now), is_right, "{now}");
    }
}

#[test]
fn every_header_is_needed() {
    let at = AT.to_string();
    let all = [("webhook-id", ID), ("webhook-timestamp", at.as_str()), ("webhook-signature", RIGHT)];
    for left_out in 0..all.len() {
        let some: Vec<_> =
            all.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, pair)| *pair).collect();
        let now = Timestamp::from_millis(AT * 1000);
        assert!(check(Signature::Standard, &SECRET.into(), &headers(&some), BODY, now).is_err());
    }
}

#[test]
fn the_hub_vector_is_right() {
    // docs.github.com, "Validating webhook deliveries", §Testing the webhook payload validation.
    let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let of = |signature: &str, body: &[u8]| {
        let headers = headers(&[("x-hub-signature-256", signature)]);
        let now = Timestamp::from_millis(0);
        check(Signature::HubSha256, &"It's a Secret to Everybody".into(), &headers, body, now).is_ok()
    };
    assert!(of(right, b"Hello, World!"));
    for wrong in ["", "sha256=", "sha256=zz", "sha256=7", &right[7..], &right.replace("757", "756")] {
        assert!(!of(wrong, b"Hello, World!"), "{wrong}");
    }
    assert!(!of(right, b"Hello, World"));
}
