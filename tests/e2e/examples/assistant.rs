//! `agent-order-status.json` and `support-chat.json`.

use serde_json::{Value, json};

use super::hosts::{Call, reply, says};
use super::stage::Stage;

fn shop(call: &Call) -> wiremock::ResponseTemplate {
    let order = |state: &str| json!({ "email": "Ada@acme.example", "state": state, "parcel": "p 1" });
    match (call.host.as_str(), call.path.as_str()) {
        ("shop", "/api/orders/A-10001") => reply(200, order("shipped")),
        ("shop", "/api/orders/A-10002") => reply(200, order("packed")),
        ("shop", "/api/orders/A-10003") => reply(404, json!({})),
        ("shop", _) => reply(503, json!({})),
        ("carrier", "/parcels/p%201") => reply(200, json!({ "arrives": "2026-02-01" })),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tool_tells_an_order_to_whom_it_belongs_alone() {
    let stage = Stage::new(shop).await;
    let flow = stage.publish("agent-order-status", |_| {}).await;
    let tools = stage.client.get(&format!("/v1/flow/{}", flow.id)).await.body["tools"].clone();
    assert_eq!(tools[0]["parameters"]["required"], json!(["order", "email"]), "{tools}");

    let ask = async |order: &str, email: &str| {
        stage.trigger(&flow, "peer.action", json!({ "order": order, "email": email })).await
    };
    let shipped = ask("A-10001", "ada@acme.example").await;
    let answer = "Order A-10001 is on its way and arrives on 2026-02-01.";
    assert_eq!(shipped.body, json!({ "state": "shipped", "arrives": "2026-02-01", "answer": answer }));
    assert_eq!(stage.hosts.calls("shop")[0].authorization(), "Bearer value-of-SHOP_TOKEN");
    assert_eq!(stage.hosts.calls("carrier")[0].authorization(), "", "a secret is for its host alone");

    for (order, email, state) in [
        ("A-10002", "ada@acme.example", "packed"),
        ("A-10002", "eve@acme.example", "unknown"),
        ("A-10003", "ada@acme.example", "unknown"),
    ] {
        let told = ask(order, email).await;
        assert_eq!((told.status, &told.body["state"]), (200, &json!(state)), "{}", told.body);
    }
    let down = ask("A-99999", "ada@acme.example").await;
    assert_eq!((down.status, &down.body["errorCode"]), (503, &json!("shop_unavailable")), "{}", down.body);
    let refused = ask("10001", "ada").await;
    let codes: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|fault| &fault["code"]).collect();
    assert_eq!(codes, ["pattern_mismatch", "invalid_email"]);
}

/// The model goes by the last message.
fn support(call: &Call) -> wiremock::ResponseTemplate {
    let said = |next: &str| says(&json!({ "reply": format!("{next}!"), "next": next, "order": "A-1" }));
    match call.host.as_str() {
        "model" => match ["refund", "human", "end"]
            .into_iter()
            .find(|next| call.body.contains(&format!("I say {next}")))
        {
            Some(next) => said(next),
            None if call.body.contains("I say nothing") => reply(500, json!({})),
            None => said("talk"),
        },
        "desk" => reply(201, json!({ "ticket": 12 })),
        other => panic!("{other}"),
    }
}

fn message(text: &str) -> Value {
    json!({ "conversationId": "c-1", "messageId": "m-2", "messages": [
        { "role": "assistant", "text": "Hello" }, { "role": "user", "text": text },
    ] })
}

#[tokio::test]
async fn a_message_of_a_conversation_leads_to_what_the_model_finds_next() {
    let stage = Stage::new(support).await;
    let flow = stage.publish("support-chat", |_| {}).await;
    let talk = stage.message(&flow, message("Where are you?")).await;
    let expected = json!({ "reply": "talk!", "widget": null, "ticket": null, "ended": false });
    assert_eq!((talk.status, &talk.body), (200, &expected));
    let asked = stage.hosts.calls("model")[0].json();
    assert_eq!((&asked["max_tokens"], &asked["messages"][0]["role"]), (&json!(500), &json!("system")));
    assert!(asked["messages"][1]["content"].as_str().unwrap().contains("Where are you?"), "{asked}");

    let refund = stage.message(&flow, message("I say refund")).await;
    assert!(refund.body["widget"].is_string(), "{}", refund.body);
    let ended = stage.message(&flow, message("I say end")).await;
    assert_eq!(ended.body["ended"], true, "{}", ended.body);
    let human = stage.message(&flow, message("I say human")).await;
    assert_eq!(human.body["ticket"], 12, "{}", human.body);
    let ticket = &stage.hosts.calls("desk")[0];
    assert_eq!(ticket.json(), json!({ "conversation": "c-1", "last": "I say human" }));
    assert_eq!(ticket.authorization(), "Bearer value-of-DESK_TOKEN");
}

#[tokio::test]
async fn a_model_that_fails_leads_to_an_excuse() {
    let stage = Stage::new(support).await;
    let flow = stage.publish("support-chat", |_| {}).await;
    let sorry = stage.message(&flow, message("I say nothing")).await;
    assert!(sorry.body["reply"].as_str().unwrap().starts_with("Sorry"), "{}", sorry.body);
    assert_eq!(stage.hosts.calls("model").len(), 2);
    let log = stage.log(&flow).await;
    assert!(log.iter().any(|line| line == "no answer in c-1: llm_unavailable"), "{log:?}");
}
