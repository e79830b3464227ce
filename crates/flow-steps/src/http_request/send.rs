//! Sends the request, and follows where it is sent on.

use std::time::Duration;

use flow_engine::StepError;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use url::Url;

use super::body::Body;
use super::failure::{from_client, from_outbound};
use super::response;
use super::settings::Settings;
use crate::Outbound;
use crate::files::OwnFiles;

/// How often a request may be sent on.
const MOST_REDIRECTS: usize = 10;
/// What another origin isn't told.
const PRIVATE_HEADERS: [header::HeaderName; 4] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION, header::WWW_AUTHENTICATE];

/// Sends a request and reads the answer; `key` lets the other side tell a repeat.
pub(super) async fn send(
    outbound: &Outbound,
    files: &OwnFiles,
    key: &str,
    time_limit: Duration,
    settings: Settings,
) -> Result<Value, StepError> {
    let started = tokio::time::Instant::now();
    let method = settings.method.clone();
    let asked = settings.url.clone();
    let work = async {
        let expected = settings.expected();
        let answer = follow(outbound, files, key, settings).await?;
        response::read(answer, expected, started).await
    };
    tokio::time::timeout(time_limit, work).await.unwrap_or_else(|_| {
        let message = format!("{method} {asked} had no whole answer after {} s", time_limit.as_secs_f32());
        Err(StepError::new("timeout", message))
    })
}

async fn follow(
    outbound: &Outbound,
    files: &OwnFiles,
    key: &str,
    settings: Settings,
) -> Result<Response, StepError> {
    let Settings { mut method, mut url, mut headers, mut body, follow_redirects, .. } = settings;
    let key_header = header::HeaderName::from_static("idempotency-key");
    if let Ok(value) = HeaderValue::from_str(key) {
        headers.entry(key_header).or_insert(value);
    }
    for _ in 0..=MOST_REDIRECTS {
        let client = outbound.client(&url).map_err(from_outbound)?;
        let request = client.request(method.clone(), url.clone()).headers(headers.clone());
        let request = body.attach(request, &headers, files).await?;
        let answer = request.send().await.map_err(|error| from_client(&method, &url, &error))?;
        let Some(target) = redirect(&answer, &url).filter(|_| follow_redirects) else { return Ok(answer) };
        let target = Outbound::parse(target?.as_str()).map_err(from_outbound)?;
        if becomes_get(answer.status(), &method) {
            method = Method::GET;
            body = Body::Empty;
            headers.remove(header::CONTENT_TYPE);
        }
        if target.origin() != url.origin() {
            drop_private(&mut headers);
        }
        url = target;
    }
    let message = format!("{url} is one redirect too many; at most {MOST_REDIRECTS} are followed");
    Err(StepError::new("too_many_redirects", message))
}

/// Where an answer sends the request on; none when it doesn't.
fn redirect(answer: &Response, from: &Url) -> Option<Result<Url, StepError>> {
    let redirects = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = answer.headers().get(header::LOCATION).filter(|_| redirects)?;
    let target = location.to_str().ok().and_then(|location| from.join(location).ok());
    Some(target.ok_or_else(|| {
        let shown = String::from_utf8_lossy(location.as_bytes()).into_owned();
        StepError::new("url_invalid", format!("{from} redirects to `{shown}`, which is no URL"))
    }))
}

/// Whether the redirected request is a GET without a body (RFC 9110 §15.4, as every browser reads it).
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

fn drop_private(headers: &mut HeaderMap) {
    for name in &PRIVATE_HEADERS {
        headers.remove(name);
    }
}
