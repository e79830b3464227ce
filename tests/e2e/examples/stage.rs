//! A server with an example published, and the hosts that it calls.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::FOLDER;
use super::hosts::{Call, Hosts};
use crate::client::{Client, Reply};
use crate::server::{Home, Server};

/// The secret that the fan-out's caller signs with.
pub(crate) const SIGNING_KEY: &str = "a-key-that-the-shop-signs-with";

pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) hosts: Hosts,
    pub(crate) server: Server,
    _home: Home,
}

/// An example as it was published.
pub(crate) struct Published {
    pub(crate) id: String,
    /// The reply of the publish.
    pub(crate) body: Value,
}

impl Stage {
    /// A server, and hosts that answer so.
    pub(crate) async fn new(answer: impl Fn(&Call) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        Self::priced("", answer).await
    }

    /// The same with what things cost, as a section of the file of settings.
    pub(crate) async fn priced(
        prices: &str,
        answer: impl Fn(&Call) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let hosts = Hosts::start(answer).await;
        let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", &hosts.address());
        let home =
            home.set("FLOW_LLM__BASE_URL", &hosts.url("model")).set("FLOW_LLM__DEFAULT_MODEL", "small");
        let file = home.dir.path().join("settings.toml");
        std::fs::write(&file, prices).unwrap();
        let home = home.set("FLOW_CONFIG", file.to_str().unwrap());
        let server = home.start();
        Self { client: server.client(), hosts, server, _home: home }
    }

    /// Publishes an example of `docs/examples`, after it was changed so.
    pub(crate) async fn publish(&self, name: &str, change: impl FnOnce(&mut Value)) -> Published {
        let text = std::fs::read_to_string(format!("{FOLDER}/{name}.json")).unwrap();
        for secret in secrets_of(&text) {
            let path = format!("/v1/secret/{secret}");
            let put =
                self.client.request(Method::PUT, &path).json(&json!({ "value": secret_value(&secret) }));
            assert!(put.send().await.unwrap().status().is_success());
        }
        let mut local = text.clone();
        for host in hosts_of(&text) {
            local =
                local.replace(&format!("https://{host}"), &self.hosts.url(host.trim_end_matches(".example")));
        }
        let mut document: Value = serde_json::from_str(&local).unwrap();
        hurry(&mut document);
        change(&mut document);
        let created = self.client.post("/v1/flow", document).await;
        assert_eq!((created.status, &created.body["issues"]), (201, &json!([])), "{}", created.body);
        let id = created.body["_id"].as_str().unwrap().to_owned();
        let published = self.client.post(&format!("/v1/flow/{id}/publish"), json!({})).await;
        assert_eq!(published.status, 200, "{}", published.body);
        Published { id, body: published.body }
    }

    /// Starts a run from the dashboard by a trigger that has fields.
    pub(crate) async fn trigger(&self, flow: &Published, kind: &str, inputs: Value) -> Reply {
        let body = json!({ "trigger": { "type": kind }, "inputs": inputs });
        self.client.post(&format!("/v1/flow/execute/{}", flow.id), body).await
    }

    /// Starts a run from the dashboard as an assistant's message does.
    pub(crate) async fn message(&self, flow: &Published, data: Value) -> Reply {
        let body = json!({ "trigger": { "type": "peer.message", "data": data } });
        self.client.post(&format!("/v1/flow/execute/{}", flow.id), body).await
    }

    /// Starts a run as a client.
    pub(crate) async fn execute(&self, flow: &Published, inputs: Value) -> Reply {
        self.client.execute(&flow.id, inputs).await
    }

    /// The end of a run, which shows no secret.
    pub(crate) async fn end(&self, run: &Value) -> Value {
        let run = run.as_str().unwrap_or_else(|| panic!("{run} is no run"));
        let end = self.client.until_ended(run).await;
        assert!(!end.to_string().contains("value-of-"), "{end}");
        end
    }

    /// Returns once a run waits at that step.
    pub(crate) async fn until_waiting(&self, run: &Value, step: &str) {
        let mut seen = 0;
        loop {
            let path = format!("/v1/flowrun/poll/{}?since={seen}&wait=30", run.as_str().unwrap());
            let poll = self.client.get(&path).await.body;
            let events = poll["events"].as_array().unwrap_or_else(|| panic!("{poll}"));
            if events.iter().any(|event| event["type"] == "wait.opened" && event["stepId"] == step) {
                return;
            }
            assert!(!["completed", "failed"].contains(&poll["status"].as_str().unwrap()), "{poll}");
            seen = poll["seq"].as_u64().unwrap();
        }
    }

    /// Decides as a link says that was made for one decision; whoever has got it can.
    pub(crate) async fn decide(&self, link: &Value) {
        let link = link.as_str().unwrap_or_else(|| panic!("{link} is no link"));
        let (_, decision) =
            link.split_once("&decision=").unwrap_or_else(|| panic!("{link} is for any decision"));
        let answer = json!({ "decision": decision });
        let decided = reqwest::Client::new().post(link).json(&answer).send().await.unwrap();
        assert_eq!(decided.status(), 200, "{}", decided.text().await.unwrap());
    }

    /// The messages of the flow's log, the newest first.
    pub(crate) async fn log(&self, flow: &Published) -> Vec<String> {
        let log = self.client.get(&format!("/v1/flow/{}/logs?limit=100", flow.id)).await.body;
        log["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a secret of a test is.
pub(crate) fn secret_value(name: &str) -> String {
    if name == "SHOP_SIGNING_KEY" { SIGNING_KEY.to_owned() } else { format!("value-of-{name}") }
}

/// Lets all attempts follow each other at once.
fn hurry(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Object(retry)) = members.get_mut("retry") {
                retry.insert("initialDelayMs".to_owned(), json!(5));
            }
            members.values_mut().for_each(hurry);
        }
        Value::Array(entries) => entries.iter_mut().for_each(hurry),
        _ => {}
    }
}

/// A step of the top graph.
pub(crate) fn step<'a>(document: &'a mut Value, id: &str) -> &'a mut Value {
    let steps = document["definition"]["steps"].as_array_mut().unwrap();
    steps.iter_mut().find(|step| step["id"] == id).unwrap()
}

/// The names of the secrets that a document uses.
pub(crate) fn secrets_of(document: &str) -> BTreeSet<String> {
    let named = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let of_steps = document.split("{{secrets.").skip(1).map(named);
    let of_webhooks =
        document.split(r#""secret": ""#).skip(1).map(named).filter(|name: &String| {
            name.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !name.is_empty()
        });
    of_steps.chain(of_webhooks).collect()
}

/// The hosts that a document names.
pub(crate) fn hosts_of(document: &str) -> BTreeSet<String> {
    let named = |rest: &str| rest.split_inclusive(".example").next().unwrap().to_owned();
    document.split("https://").skip(1).map(named).collect()
}
