//! Sends a question, and reads the answer as it comes.

use std::time::Duration;

use flow_engine::StepError;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::answer::{Answer, Chunk};
use super::events::{Events, TooLong};
use super::failure::Failures;
use super::request::{Request, Streamed};
use super::{Endpoint, LlmLimits};

/// The most bytes of an answer's text, and of a chunk of it.
const MOST_BYTES: usize = 1024 * 1024;
/// The most bytes that are read of a failing answer.
const MOST_OF_A_FAILURE: usize = 16 * 1024;
const DONE: &[u8] = b"[DONE]";

/// Asks, and waits for the whole answer: of half of one nothing is known. `key` lets the endpoint tell a repeat.
pub(super) async fn ask(
    endpoint: &Endpoint,
    limits: LlmLimits,
    request: &Request,
    key: &str,
) -> Result<Answer, StepError> {
    let failures = endpoint.failures();
    let body = serde_json::to_vec(&Streamed::from(request))
        .map_err(|error| StepError::new("settings_invalid", error.to_string()))?;
    let sent = endpoint.client.post(endpoint.url.clone()).headers(headers(endpoint, key)).body(body).send();
    let response = within(limits.idle, failures, sent).await?.map_err(|error| failures.of_client(&error))?;
    let reading = Reading { response, idle: limits.idle, failures };
    match reading.response.status() {
        StatusCode::OK if says_json(reading.response.headers()) => reading.whole().await,
        StatusCode::OK => reading.stream().await,
        _ => reading.failure().await,
    }
}

fn headers(endpoint: &Endpoint, key: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
    if let Some(authorization) = &endpoint.authorization {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    if let Ok(value) = HeaderValue::from_str(key) {
        headers.insert(HeaderName::from_static("idempotency-key"), value);
    }
    headers
}

/// Whether the endpoint ignored that the answer should be streamed, as some do.
fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("application/json"))
}

async fn within<T>(
    idle: Duration,
    failures: Failures<'_>,
    work: impl Future<Output = T>,
) -> Result<T, StepError> {
    let sent_nothing = |_| failures.timeout(&format!("sent nothing for {} s", idle.as_secs_f32()));
    tokio::time::timeout(idle, work).await.map_err(sent_nothing)
}

/// An answer under way.
struct Reading<'a> {
    response: Response,
    idle: Duration,
    failures: Failures<'a>,
}

/// Why a stream isn't read on.
enum Stopped {
    Done,
    Failed(Box<StepError>),
    TooLong,
}

impl From<TooLong> for Stopped {
    fn from(TooLong: TooLong) -> Self {
        Self::TooLong
    }
}

impl Reading<'_> {
    async fn piece(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, StepError> {
        let piece = within(self.idle, self.failures, self.response.chunk()).await?;
        piece.map_err(|error| match error.is_timeout() {
            true => self.failures.of_client(&error),
            false => self.failures.cut("the connection was lost"),
        })
    }

    /// A stream is whole when it says so, or when the answer has an end and the connection was closed in good order.
    async fn stream(mut self) -> Result<Answer, StepError> {
        let failures = self.failures;
        let (mut events, mut answer) = (Events::default(), Answer::default());
        while let Some(piece) = self.piece().await? {
            let fed = events.feed(piece.as_ref(), MOST_BYTES, |data| take(&mut answer, data, failures));
            match fed {
                Ok(()) => {}
                Err(Stopped::Done) => return Ok(answer),
                Err(Stopped::Failed(failure)) => return Err(*failure),
                Err(Stopped::TooLong) => return Err(failures.too_large()),
            }
        }
        match answer.finish {
            Some(_) => Ok(answer),
            None => Err(failures.cut("the connection was closed")),
        }
    }

    async fn whole(mut self) -> Result<Answer, StepError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(piece.as_ref());
            // The text is written as JSON, which may take more bytes, and stands among other things.
            if bytes.len() > 2 * MOST_BYTES {
                return Err(self.failures.too_large());
            }
        }
        let mut answer = Answer::default();
        match take(&mut answer, &bytes, self.failures) {
            Err(Stopped::Failed(failure)) => Err(*failure),
            Err(Stopped::TooLong) => Err(self.failures.too_large()),
            Ok(()) | Err(Stopped::Done) if answer.finish.is_some() || answer.bytes() > 0 => Ok(answer),
            Ok(()) | Err(Stopped::Done) => Err(self.failures.unreadable(&bytes, "it has no answer")),
        }
    }

    async fn failure(mut self) -> Result<Answer, StepError> {
        let mut body = Vec::new();
        // The status says enough when the rest of it doesn't come.
        while let Ok(Some(piece)) = self.piece().await {
            body.extend_from_slice(piece.as_ref());
            if body.len() > MOST_OF_A_FAILURE {
                break;
            }
        }
        Err(self.failures.status(self.response.status(), self.response.headers(), &body))
    }
}

fn take(answer: &mut Answer, data: &[u8], failures: Failures<'_>) -> Result<(), Stopped> {
    if data.trim_ascii() == DONE {
        return Err(Stopped::Done);
    }
    if data.trim_ascii().is_empty() {
        return Ok(());
    }
    let chunk: Chunk = serde_json::from_slice(data)
        .map_err(|error| Stopped::Failed(Box::new(failures.unreadable(data, &error.to_string()))))?;
    if let Some(error) = chunk.error.as_ref().filter(|error| !matches!(error, Value::Null)) {
        return Err(Stopped::Failed(Box::new(failures.reported(error))));
    }
    answer.add(chunk);
    if answer.bytes() > MOST_BYTES { Err(Stopped::TooLong) } else { Ok(()) }
}
