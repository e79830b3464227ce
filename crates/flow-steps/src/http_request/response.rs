//! Reads the answer.

use flow_engine::StepError;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use url::Url;

use super::failure::from_client;
use super::retry_after::retry_after;
use super::settings::ResponseType;

/// The bytes of an answer that are read: the bound of a step's output.
const MOST_BYTES: usize = 1024 * 1024;

pub(super) async fn read(
    mut answer: Response,
    response_type: ResponseType,
    fail_on_status: bool,
    started: Instant,
) -> Result<Value, StepError> {
    let (status, url) = (answer.status(), answer.url().clone());
    let headers = answer.headers().clone();
    let mut bytes = Vec::new();
    let reading = |error| from_client(&reqwest::Method::GET, &url, &error);
    while let Some(chunk) = answer.chunk().await.map_err(reading)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_BYTES {
            let message = format!("the answer of {url} has more than 1 MiB; ask for less of it");
            return Err(StepError::new("output_too_large", message));
        }
    }
    let failed = fail_on_status && status.as_u16() >= 400;
    // A failing answer is shown as it is, whatever was hoped for.
    let response_type = if failed { ResponseType::Auto } else { response_type };
    let (body, broken) = match body(&bytes, &headers, response_type) {
        Ok(body) => (body, None),
        Err(error) => (text(&bytes), Some(error)),
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

fn text(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).into_owned())
}

fn body(bytes: &[u8], headers: &HeaderMap, response_type: ResponseType) -> Result<Value, serde_json::Error> {
    if bytes.is_empty() && response_type != ResponseType::Json {
        return Ok(Value::Null);
    }
    match response_type {
        ResponseType::Text => Ok(text(bytes)),
        ResponseType::Auto if says_json(headers) => {
            Ok(serde_json::from_slice(bytes).unwrap_or_else(|_| text(bytes)))
        }
        ResponseType::Auto => Ok(text(bytes)),
        ResponseType::Json => serde_json::from_slice(bytes),
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
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
