//! `on-call-escalation.json`.

use serde_json::{Value, json};

use super::hosts::{Call, reply};
use super::stage::{Stage, step};

fn world(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "pager" | "hooks" => reply(200, json!({})),
        other => panic!("{other}"),
    }
}

fn alert() -> Value {
    json!({ "alert": "disk full", "service": "db", "first": "ada@acme.example", "second": "bob@acme.example" })
}

fn soon(document: &mut Value, id: &str) {
    step(document, id)["data"]["expiresInMs"] = json!(50);
}

#[tokio::test]
async fn the_one_on_call_acknowledges_by_the_link_of_the_page() {
    let stage = Stage::new(world).await;
    let flow = stage.publish("on-call-escalation", |_| {}).await;
    let waiting = stage.execute(&flow, alert()).await;
    assert_eq!(waiting.body["pendingAction"]["message"], "db: disk full", "{}", waiting.body);
    let page = &stage.hosts.calls("pager")[0];
    assert_eq!(page.authorization(), "Bearer value-of-PAGER_TOKEN");
    stage.decide(&page.json()["acknowledge"]).await;
    let end = stage.end(&waiting.body["appRunId"]).await;
    assert_eq!((&end["output"]["level"], &end["output"]["by"]), (&json!(1), &json!("link")), "{end}");
    assert_eq!(stage.hosts.calls("pager").len(), 1);
}

#[tokio::test]
async fn a_page_that_is_passed_on_or_expires_goes_to_the_next_person() {
    let stage = Stage::new(world).await;
    let flow = stage.publish("on-call-escalation", |_| {}).await;
    let passed = stage.execute(&flow, alert()).await;
    let page = stage.hosts.calls("pager")[0].json();
    stage.decide(&page["passOn"]).await;
    stage.until_waiting(&passed.body["appRunId"], "ask-second").await;
    let second = stage.hosts.calls("pager")[1].json();
    assert_eq!(second["to"], "bob@acme.example");
    stage.decide(&second["acknowledge"]).await;
    let end = stage.end(&passed.body["appRunId"]).await;
    assert_eq!(end["output"]["level"], 2, "{end}");

    let flow = stage.publish("on-call-escalation", |flow| soon(flow, "ask-first")).await;
    let expired = stage.execute(&flow, alert()).await;
    stage.until_waiting(&expired.body["appRunId"], "ask-second").await;
    let second = stage.hosts.calls("pager")[3].json();
    stage.decide(&second["acknowledge"]).await;
    let end = stage.end(&expired.body["appRunId"]).await;
    assert_eq!(end["output"]["level"], 2, "{end}");
    assert!(stage.hosts.calls("hooks").is_empty());
}

#[tokio::test]
async fn the_managers_are_told_when_nobody_acknowledges() {
    let stage = Stage::new(world).await;
    let change = |flow: &mut Value| ["ask-first", "ask-second"].into_iter().for_each(|id| soon(flow, id));
    let flow = stage.publish("on-call-escalation", change).await;
    let run = stage.client.start(&flow.id, alert()).await;
    let end = stage.end(&json!(run)).await;
    assert_eq!(end["error"]["code"], "not_acknowledged", "{end}");
    let told = stage.hosts.calls("hooks")[0].json();
    assert!(told["text"].as_str().unwrap().ends_with("Paged: ada@acme.example, bob@acme.example."), "{told}");
}
