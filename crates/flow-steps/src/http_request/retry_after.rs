//! `Retry-After`: how long a server that has too much to do asks to be left alone.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName};

/// The pause that a failing answer asks for (RFC 9110 §10.2.3); none when it asks for none, or says it in a way
/// that can't be read. Only of a 429 and a 503: elsewhere the header means something else, or nothing.
///
/// A date counts from the answer's own `Date`, since the two clocks needn't agree.
pub(crate) fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = httpdate::parse_http_date(text(header::DATE)?).ok()?;
    // A moment that is over asks for nothing.
    until.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_without_the_answers_own_date_says_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        assert_eq!(retry_after(StatusCode::SERVICE_UNAVAILABLE, &headers), None);
        headers.insert(header::DATE, "Wed, 21 Oct 2026 07:27:00 GMT".parse().unwrap());
        assert_eq!(retry_after(StatusCode::SERVICE_UNAVAILABLE, &headers), Some(Duration::from_secs(60)));
    }
}
