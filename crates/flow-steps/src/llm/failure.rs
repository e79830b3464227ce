//! What a failed question says of itself. What the endpoint says goes into it cut, and never with the key.

use std::error::Error;

use flow_engine::StepError;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::http_request::retry_after;

/// The most characters of somebody else's words that a message quotes.
const MOST_QUOTED: usize = 500;

/// Says what went wrong with one endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures<'a> {
    /// What its name and port are.
    pub(super) host: &'a str,
    /// What no message may hold.
    pub(super) key: &'a str,
}

impl Failures<'_> {
    /// The request didn't get through, or its answer wasn't begun.
    pub(super) fn of_client(self, error: &reqwest::Error) -> StepError {
        let code = if error.is_timeout() { "timeout" } else { "network" };
        StepError::new(code, format!("asking the model at {} failed: {}", self.host, innermost(error)))
    }

    /// It took too long.
    pub(super) fn timeout(self, what: &str) -> StepError {
        StepError::new("timeout", format!("the model at {} {what}", self.host))
    }

    /// It answered with another status than 200.
    pub(super) fn status(self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> StepError {
        let code = match status.as_u16() {
            401 | 403 => "llm_unauthorized",
            408 => "timeout",
            429 | 500.. => "llm_unavailable",
            _ => "llm_refused",
        };
        let body: Option<Value> = serde_json::from_slice(body).ok().or_else(|| {
            let text = String::from_utf8_lossy(body);
            (!text.trim().is_empty()).then(|| Value::String(text.trim().to_owned()))
        });
        let said = body.map(|body| format!(": {}", self.quote(&message(&body)))).unwrap_or_default();
        let advice = match code {
            "llm_unauthorized" => "; check the setting FLOW_LLM__API_KEY",
            _ if status.is_redirection() => {
                "; redirects aren't followed: check the setting FLOW_LLM__BASE_URL"
            }
            _ => "",
        };
        let message = format!("the model at {} answered {status}{said}{advice}", self.host);
        StepError {
            code: code.to_owned(),
            message,
            details: Some(Box::new(json!({ "status": status.as_u16() }))),
            retry_after: retry_after(status, headers),
        }
    }

    /// The answer ended before it was whole. Like any failure of the network it is worth another attempt.
    pub(super) fn cut(self, why: &str) -> StepError {
        let message = format!("the answer of the model at {} broke off: {}", self.host, self.quote(why));
        let details = Some(Box::new(json!({ "class": "network" })));
        StepError { details, ..StepError::new("llm_stream_cut", message) }
    }

    /// The endpoint says in the middle of an answer that it has failed.
    pub(super) fn reported(self, error: &Value) -> StepError {
        self.cut(&message(error))
    }

    /// The answer isn't one of a model.
    pub(super) fn unreadable(self, data: &[u8], why: &str) -> StepError {
        let start = self.quote(&String::from_utf8_lossy(data));
        let message = format!(
            "the model at {} sent what is no chat completion ({why}); check the setting FLOW_LLM__BASE_URL; it \
             begins with: {start}",
            self.host
        );
        StepError::new("llm_answer_unreadable", message)
    }

    /// The answer is longer than a step's output may be.
    pub(super) fn too_large(self) -> StepError {
        let message = format!("the model at {} answered more than 1 MiB; ask for less", self.host);
        StepError::new("output_too_large", message)
    }

    /// The model declined to answer.
    pub(super) fn declined(self, why: &str) -> StepError {
        StepError::new("llm_refused", format!("the model refused to answer: {}", self.quote(why)))
    }

    fn quote(self, text: &str) -> String {
        let hidden = if self.key.is_empty() { text.to_owned() } else { text.replace(self.key, "***") };
        cut(&hidden, MOST_QUOTED)
    }
}

/// The first characters of a text.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The words in an endpoint's error, of which there are many shapes.
fn message(error: &Value) -> String {
    let inner = error.get("error").unwrap_or(error);
    let words = inner.get("message").or_else(|| error.get("message")).or_else(|| error.get("detail"));
    match words.unwrap_or(inner) {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The outermost text of a client's error only repeats the URL; the innermost says what happened.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
