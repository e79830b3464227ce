//! A server that flows call, and that tells the test of each call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A local server.
pub(crate) struct World {
    server: MockServer,
    calls: UnboundedReceiver<Request>,
}

struct Answer {
    body: Value,
    /// How many of the first calls are never answered within a test's time.
    held: usize,
    /// How many of the first calls are answered with a 503.
    failing: usize,
    seen: AtomicUsize,
    calls: UnboundedSender<Request>,
}

impl Respond for Answer {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        self.calls.send(request.clone()).unwrap();
        let status = if number < self.failing { 503 } else { 200 };
        let answer = ResponseTemplate::new(status).set_body_json(&self.body);
        if number < self.held { answer.set_delay(Duration::from_secs(600)) } else { answer }
    }
}

impl World {
    /// A server whose first `held` calls hang.
    pub(crate) async fn new(body: Value, held: usize) -> Self {
        Self::with(body, held, 0).await
    }

    /// A server whose first `failing` calls fail.
    pub(crate) async fn failing(body: Value, failing: usize) -> Self {
        Self::with(body, 0, failing).await
    }

    async fn with(body: Value, held: usize, failing: usize) -> Self {
        let server = MockServer::start().await;
        let (sender, calls) = unbounded_channel();
        let answer = Answer { body, held, failing, seen: AtomicUsize::new(0), calls: sender };
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { server, calls }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// The next call, once it arrives.
    pub(crate) async fn call(&mut self) -> Request {
        const LONGEST: Duration = Duration::from_secs(60);
        tokio::time::timeout(LONGEST, self.calls.recv()).await.expect("nobody called").unwrap()
    }
}

/// A flow with a call, a condition, an approval and a final step.
pub(crate) fn risk_check() -> Value {
    serde_json::from_str(include_str!("../../docs/examples/customer-risk.json")).unwrap()
}

/// A flow that waits for an approval at once.
pub(crate) fn approval() -> Value {
    json!({
        "name": "Approval",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "ask" },
            { "id": "ask", "type": "user-approval", "data": { "message": "Go on?" }, "nextStepId": "end" },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "decision", "output": "{{approval.decision}}" },
            ] } },
        ] },
    })
}
