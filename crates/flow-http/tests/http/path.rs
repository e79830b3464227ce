//! A client's way through the API, written down whole.

use std::collections::HashMap;

use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

/// Replies one after the other, ids replaced by their names.
#[derive(Default)]
struct Transcript {
    text: String,
    names: HashMap<String, String>,
}

impl Transcript {
    fn name(&mut self, id: &str, name: &str) {
        self.names.insert(id.to_owned(), format!("[{name}]"));
    }

    fn add(&mut self, request: &str, answer: &Answer) {
        let mut body: Value = answer.json();
        redact(&mut body);
        let body = serde_json::to_string_pretty(&body).unwrap();
        let location = answer.header("location");
        let mut entry = format!("{request}\n{} {location}\n{body}\n\n", answer.status.as_u16());
        for (id, name) in &self.names {
            entry = entry.replace(id, name);
        }
        self.text.push_str(&entry);
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if key == "time" || key.ends_with("At") && member.is_string() {
                    *member = json!("[time]");
                } else if key == "durationMs" && member.is_number() {
                    *member = json!("[ms]");
                } else if key == "definitionHash" {
                    *member = json!("[hash]");
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[actix_web::test]
async fn from_a_document_to_a_finished_run() {
    let server = Server::start().await;
    let mut log = Transcript::default();
    let document = flow("Send a quote")
        .api("start", [required("email", "string")])
        .step("price", "work", json!({"for": "{{email}}"}))
        .approval("confirm", "Approve sending the quote to {{email}}?")
        .with("name", "Confirm")
        .tool("send", "send_mail", json!({"to": "{{email}}"}))
        .done("end", [("decision", "{{approval.decision}}"), ("sent", "{{send.id}}")])
        .build();

    let answer = server.post("/v1/flow").json(document).send().await;
    let flow = answer.json()["_id"].as_str().unwrap().to_owned();
    log.name(&flow, "flow");
    log.add("POST /v1/flow", &answer);

    let answer =
        server.post(&format!("/v1/flow/{flow}/publish")).json(json!({"summary": "First"})).send().await;
    log.add(&format!("POST /v1/flow/{flow}/publish"), &answer);

    let path = format!("/v1/client/flow/{flow}/execute");
    let answer = server.post(&path).json(json!({"email": "a@b.c"})).send().await;
    let run = answer.run();
    log.name(&run, "run");
    log.add(&format!("POST {path}"), &answer);

    let details = format!("/v1/flowrun/details/{run}");
    log.add(&format!("GET {details}"), &server.get(&details).send().await);

    let resume = format!("/v1/flowrun/resume/{run}");
    let answer = server.post(&resume).json(json!({"decision": "approve"})).send().await;
    log.add(&format!("POST {resume}"), &answer);

    let body = json!({"toolResult": {
        "executionId": format!("{run}:send"), "success": true, "output": {"id": "m1"},
    }});
    let answer = server.post(&resume).json(body.clone()).send().await;
    log.add(&format!("POST {resume}"), &answer);

    let answer = server.post(&resume).json(body).header("x-request-id", "again").send().await;
    log.add(&format!("POST {resume}"), &answer);

    let poll = format!("/v1/flowrun/poll/{run}");
    log.add(&format!("GET {poll}"), &server.get(&poll).send().await);
    log.add(&format!("GET {details}"), &server.get(&details).send().await);
    insta::assert_snapshot!(log.text);
}
