//! The pause that a failing answer asks for.

use std::time::Duration;

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::send;

const DATE: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

/// What the failure says after an answer with that status and those headers.
async fn asked(status: u16, headers: &[(&str, &str)]) -> Option<Duration> {
    let server = MockServer::start().await;
    let answer = headers
        .iter()
        .fold(ResponseTemplate::new(status), |answer, (name, value)| answer.insert_header(*name, *value));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let failure = send(&server, json!({ "url": server.uri() })).await.unwrap_err();
    assert_eq!(failure.code, "http_status");
    failure.retry_after
}

#[tokio::test]
async fn seconds_count_from_now_and_a_date_from_the_answers_own() {
    for status in [429, 503] {
        assert_eq!(asked(status, &[("Retry-After", "7")]).await, Some(Duration::from_secs(7)));
        assert_eq!(asked(status, &[("Retry-After", "0")]).await, Some(Duration::ZERO));
        let later = [("Date", DATE), ("Retry-After", "Wed, 21 Oct 2026 07:30:05 GMT")];
        assert_eq!(asked(status, &later).await, Some(Duration::from_secs(125)));
        let old_form = [("Date", DATE), ("Retry-After", "Wednesday, 21-Oct-26 07:28:09 GMT")];
        assert_eq!(asked(status, &old_form).await, Some(Duration::from_secs(9)));
    }
}

#[tokio::test]
async fn what_asks_for_nothing_or_cant_be_read_is_no_pause() {
    for status in [429, 503] {
        assert_eq!(asked(status, &[]).await, None);
        for wrong in ["-1", "1.5", "soon", "", "99999999999999999999999", "2026-10-21T07:28:00Z"] {
            assert_eq!(asked(status, &[("Retry-After", wrong)]).await, None, "{wrong:?}");
        }
        let over = [("Date", DATE), ("Retry-After", "Wed, 21 Oct 2026 07:00:00 GMT")];
        assert_eq!(asked(status, &over).await, None);
        let undated = [("Date", "once"), ("Retry-After", DATE)];
        assert_eq!(asked(status, &undated).await, None);
    }
    for status in [400, 404, 500, 502] {
        assert_eq!(asked(status, &[("Retry-After", "7")]).await, None, "{status}");
    }
}
