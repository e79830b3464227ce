//! Reads the answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8};
use flow_engine::StepError;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use url::Url;

use super::failure::from_client;
use super::retry_after::retry_after;
use super::settings::{Expected, ResponseType};

/// The bytes of an answer that are read: the bound of a step's output.
const MOST_BYTES: usize = 1024 * 1024;

pub(super) async fn read(
    mut answer: Response,
    expected: Expected,
    started: Instant,
) -> Result<Value, StepError> {
    let (status, url) = (answer.status(), answer.url().clone());
    let headers = answer.headers().clone();
    let failed = expected.fail_on_status && status.as_u16() >= 400;
    // A failing answer is shown as it is, whatever was hoped for; and one to a `HEAD` never has a body.
    let response_type = if failed || expected.is_head { ResponseType::Auto } else { expected.response_type };
    // Base64 has four characters for three bytes.
    let most = if response_type == ResponseType::Binary { MOST_BYTES / 4 * 3 } else { MOST_BYTES };
    let mut bytes = Vec::new();
    let reading = |error| from_client(&reqwest::Method::GET, &url, &error);
    while let Some(chunk) = answer.chunk().await.map_err(reading)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > most {
            let message = format!("the answer of {url} has more than {most} bytes; ask for less of it");
            return Err(StepError::new("output_too_large", message));
        }
    }
    let (body, broken) = match body(&bytes, &headers, response_type) {
        Ok(body) => (body, None),
        Err(error) => (text(&bytes, &headers), Some(error)),
    };
    let shown = json!({
        "status": status.as_u16(),
        "headers": header_object(&headers),
        "body": body,
        "durationMs": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    match broken {
        _ if failed => Err(status_failure(status, &headers, &url, shown)),
        Some(error) => Err(not_json(&url, &error, shown)),
        None => Ok(shown),
    }
}

/// The answer goes with it whole: the beginning of it could end in the middle of a secret, which nobody would find then.
fn not_json(url: &Url, error: &serde_json::Error, shown: Value) -> StepError {
    let message = format!("the answer of {url} isn't JSON ({error}); the details have it");
    StepError { details: Some(Box::new(shown)), ..StepError::new("response_not_json", message) }
}

fn status_failure(status: StatusCode, headers: &HeaderMap, url: &Url, shown: Value) -> StepError {
    let message = format!("{url} answered {status}");
    let retry_after = retry_after(status, headers);
    StepError { code: "http_status".to_owned(), message, details: Some(Box::new(shown)), retry_after }
}

/// The text, in the character set that the answer names, in UTF-8 otherwise.
fn text(bytes: &[u8], headers: &HeaderMap) -> Value {
    let mut parameters =
        content_type(headers).split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let named = charset.and_then(|(_, label)| Encoding::for_label(label.trim().trim_matches('"').as_bytes()));
    let (text, _, _) = named.unwrap_or(UTF_8).decode(bytes);
    Value::String(text.into_owned())
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn body(bytes: &[u8], headers: &HeaderMap, response_type: ResponseType) -> Result<Value, serde_json::Error> {
    if bytes.is_empty() && response_type != ResponseType::Json {
        return Ok(Value::Null);
    }
    match response_type {
        ResponseType::Text => Ok(text(bytes, headers)),
        ResponseType::Binary => Ok(Value::String(STANDARD.encode(bytes))),
        ResponseType::Auto if says_json(headers) => {
            Ok(serde_json::from_slice(bytes).unwrap_or_else(|_| text(bytes, headers)))
        }
        ResponseType::Auto => Ok(text(bytes, headers)),
        ResponseType::Json => serde_json::from_slice(bytes),
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let essence = content_type(headers).split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// Names in lower case; a repeated header's values are joined as RFC 9110 §5.2 joins them.
fn header_object(headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let joined = values.collect::<Vec<_>>().join(", ");
        object.insert(name.as_str().to_owned(), Value::String(joined));
    }
    Value::Object(object)
}
