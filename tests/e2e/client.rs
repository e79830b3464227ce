//! A client of the HTTP API.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// A reply: status, and the body as JSON.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(address: &str, token: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { http, base: format!("http://{address}"), token: token.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let text = reply.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Makes and publishes a flow, and returns its id.
    pub(crate) async fn publish(&self, document: Value) -> String {
        let created = self.post("/v1/flow", document).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let id = created.body["_id"].as_str().unwrap().to_owned();
        let published = self.post(&format!("/v1/flow/{id}/publish"), json!({})).await;
        assert_eq!(published.status, 200, "{}", published.body);
        id
    }

    /// Executes a published flow.
    pub(crate) async fn execute(&self, flow: &str, inputs: Value) -> Reply {
        self.post(&format!("/v1/client/flow/{flow}/execute"), inputs).await
    }

    /// Executes a published flow without waiting, and returns the run's id.
    pub(crate) async fn start(&self, flow: &str, inputs: Value) -> String {
        let request = self.request(Method::POST, &format!("/v1/client/flow/{flow}/execute"));
        let reply = self.send(request.header("Prefer", "respond-async").json(&inputs)).await;
        assert_eq!(reply.status, 202, "{}", reply.body);
        reply.body["appRunId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn approve(&self, run: &str) -> Reply {
        self.post(&format!("/v1/flowrun/resume/{run}"), json!({ "decision": "approve" })).await
    }

    pub(crate) async fn cancel(&self, run: &str) -> Reply {
        self.post(&format!("/v1/flowrun/cancel/{run}"), json!({})).await
    }

    /// Polls a run until an event of that type is stored, and returns that event.
    pub(crate) async fn until_event(&self, run: &str, kind: &str) -> Value {
        let mut seen = 0;
        loop {
            let poll = self.get(&format!("/v1/flowrun/poll/{run}?since={seen}&wait=30")).await;
            assert_eq!(poll.status, 200, "{}", poll.body);
            let events = poll.body["events"].as_array().unwrap();
            if let Some(event) = events.iter().find(|event| event["type"] == kind) {
                return event.clone();
            }
            assert!(events.iter().all(|event| event["type"] != "run.failed"), "{}", poll.body);
            seen = poll.body["seq"].as_u64().unwrap();
        }
    }

    /// Polls a run until it has ended, and returns the last poll.
    pub(crate) async fn until_ended(&self, run: &str) -> Value {
        let mut seen = 0;
        loop {
            let poll = self.get(&format!("/v1/flowrun/poll/{run}?since={seen}&wait=30")).await;
            assert_eq!(poll.status, 200, "{}", poll.body);
            if ["completed", "failed", "cancelled"].contains(&poll.body["status"].as_str().unwrap()) {
                return poll.body;
            }
            seen = poll.body["seq"].as_u64().unwrap();
        }
    }
}
