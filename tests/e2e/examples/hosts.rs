//! Stand-ins of all hosts and of the model, on one port: `https://crm.example/leads` is `/crm/leads` here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    /// How many came before it with the same method, host and path.
    pub(crate) number: usize,
}

/// The hosts.
pub(crate) struct Hosts {
    server: MockServer,
    calls: Arc<Calls>,
}

#[derive(Default)]
struct Calls {
    all: Mutex<Vec<Call>>,
    arrived: Notify,
}

struct Answering<F> {
    answer: F,
    calls: Arc<Calls>,
}

impl<F: Fn(&Call) -> ResponseTemplate + Send + Sync> Respond for Answering<F> {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut call = Call::read(request);
        {
            let mut all = self.calls.all.lock().unwrap();
            let same = |other: &&Call| {
                (&other.method, &other.host, &other.path) == (&call.method, &call.host, &call.path)
            };
            call.number = all.iter().filter(same).count();
            all.push(call.clone());
        }
        self.calls.arrived.notify_waiters();
        (self.answer)(&call)
    }
}

impl Hosts {
    pub(crate) async fn start(answer: impl Fn(&Call) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let (server, calls) = (MockServer::start().await, Arc::<Calls>::default());
        Mock::given(any()).respond_with(Answering { answer, calls: calls.clone() }).mount(&server).await;
        Self { server, calls }
    }

    /// The address of a host, without a slash at its end.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("{}/{host}", self.server.uri())
    }

    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The calls of a host so far.
    pub(crate) fn calls(&self, host: &str) -> Vec<Call> {
        self.calls.all.lock().unwrap().iter().filter(|call| call.host == host).cloned().collect()
    }

    /// The calls of a host, once there are so many.
    pub(crate) async fn until_called(&self, host: &str, count: usize) -> Vec<Call> {
        const LONGEST: Duration = Duration::from_secs(30);
        let called = async {
            loop {
                let mut arrived = std::pin::pin!(self.calls.arrived.notified());
                arrived.as_mut().enable();
                let calls = self.calls(host);
                if calls.len() >= count {
                    return calls;
                }
                arrived.await;
            }
        };
        let called = tokio::time::timeout(LONGEST, called).await;
        called.unwrap_or_else(|_| panic!("{host} was called {} times, not {count}", self.calls(host).len()))
    }
}

impl Call {
    fn read(request: &Request) -> Self {
        let path = request.url.path().trim_start_matches('/');
        let (host, path) = path.split_once('/').unwrap_or((path, ""));
        let text = |value: &wiremock::http::HeaderValue| value.to_str().unwrap().to_owned();
        Self {
            host: host.to_owned(),
            method: request.method.to_string(),
            path: format!("/{path}"),
            query: request.url.query_pairs().into_owned().collect(),
            headers: request.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            number: 0,
        }
    }

    /// Its body.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The key that is the same on every attempt.
    pub(crate) fn key(&self) -> &str {
        &self.headers["idempotency-key"]
    }

    pub(crate) fn authorization(&self) -> &str {
        self.headers.get("authorization").map_or("", String::as_str)
    }
}

/// An answer in JSON.
pub(crate) fn reply(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A model's streamed answer, whose text is a value's JSON.
pub(crate) fn says(value: &Value) -> ResponseTemplate {
    let text = value.to_string();
    let (head, tail) = text.split_at(1);
    let delta = |content: &str| json!({ "model": "small", "choices": [{ "delta": { "content": content } }] });
    let usage = json!({ "prompt_tokens": 100, "completion_tokens": 20 });
    let end = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    let chunks = [delta(head), delta(tail), end, json!({ "choices": [], "usage": usage })];
    let mut stream: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    stream.push_str("data: [DONE]\n\n");
    ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream")
}
