//! The other triggers, started from a dashboard.

use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

async fn start(server: &Server, document: Value, body: Value) -> Answer {
    let flow = server.publish(document).await;
    server.post(&format!("/v1/flow/execute/{flow}")).json(body).send().await
}

#[actix_web::test]
async fn a_form_checks_its_fields() {
    let server = Server::start().await;
    let fields = json!([
        { "name": "mail", "type": "email", "label": "Mail", "required": true },
        { "name": "size", "type": "select", "options": ["s", { "label": "Large", "value": "l" }], "default": "s" },
    ]);
    let settings = json!({ "title": "Order", "description": "What you want", "fields": fields });
    let document =
        flow("Form").step("form", "form", settings).done("end", [("a", "{{mail}}/{{size}}")]).build();
    let answer = start(&server, document.clone(), json!({ "inputs": { "mail": "a@b.c" } })).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "a": "a@b.c/s" })), "{}", answer.text);
    let answer = start(&server, document.clone(), json!({ "inputs": { "mail": "a", "size": "x" } })).await;
    let fault = |at: &str, code: &str| (at.to_owned(), code.to_owned());
    let expected = [fault("/inputs/mail", "invalid_email"), fault("/inputs/size", "option_unknown")];
    assert_eq!(answer.faults(422, "invalid_inputs"), expected);
    let flow = server.publish(document).await;
    server.post(&format!("/v1/client/flow/{flow}/execute")).send().await.problem(409, "no_api_trigger");
}

#[actix_web::test]
async fn a_message_brings_its_names() {
    let server = Server::start().await;
    let end = [
        ("said", "{{messages[0].text}}"),
        ("conversation", "{{conversationId}}"),
        ("attachments", "{{attachments}}"),
        ("other", "{{_trigger.data.other}}"),
    ];
    let document = flow("Talk")
        .api("start", [])
        .next("end")
        .step("talk", "peer.message", json!({}))
        .done("end", end)
        .build();
    let data =
        json!({ "messages": [{ "text": "Hi" }], "conversationId": "c1", "attachments": [1], "other": 5 });
    let body = json!({ "trigger": { "type": "peer.message", "data": data } });
    let answer = start(&server, document.clone(), body).await;
    let expected = json!({ "said": "Hi", "conversation": "c1", "attachments": [1], "other": 5 });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));

    let lone = flow("Talk").api("start", []).next("end").step("talk", "peer.message", json!({}));
    let lone = lone.done("end", [("a", "{{messages}}"), ("b", "{{messageId ?? 'none'}}")]).build();
    let answer =
        start(&server, lone, json!({ "trigger": { "type": "api", "data": { "messageId": "m" } } })).await;
    assert_eq!(answer.json(), json!({ "a": null, "b": "none" }), "undefined otherwise");

    let unknown = flow("Talk").api("start", []).done("end", [("a", "{{conversationId}}")]).build();
    let flow = server.create(unknown).await;
    server.post(&format!("/v1/flow/{flow}/publish")).send().await.problem(422, "invalid_definition");
}

#[actix_web::test]
async fn an_action_is_a_tool() {
    let server = Server::start().await;
    let fields = json!([{ "name": "city", "required": true, "description": "in English" }]);
    let settings = json!({ "description": "Tells the weather", "fields": fields });
    let document =
        flow("Weather").step("tool", "peer.action", settings).done("end", [("a", "{{city}}")]).build();
    let flow = server.create(document.clone()).await;
    let parameters = json!({
        "type": "object", "properties": { "city": { "type": "string", "description": "in English" } }, "required": ["city"],
    });
    let tools =
        json!([{ "triggerId": "tool", "description": "Tells the weather", "parameters": parameters }]);
    assert_eq!(server.get(&format!("/v1/flow/{flow}")).send().await.json()["tools"], tools);
    let body = json!({ "trigger": { "type": "peer.action" }, "inputs": { "city": "Rome" } });
    assert_eq!(start(&server, document.clone(), body).await.json(), json!({ "a": "Rome" }));
    let body = json!({ "trigger": { "type": "peer.action" } });
    start(&server, document, body).await.problem(422, "invalid_inputs");
}

#[actix_web::test]
async fn an_api_trigger_takes_a_schema() {
    let server = Server::start().await;
    let schema = json!({
        "type": "object", "required": ["n"],
        "properties": { "n": { "type": "integer" }, "by": { "type": "integer", "default": 2 } },
    });
    let document =
        flow("Times").step("start", "api", json!({ "schema": schema })).done("end", [("a", "{{n * by}}")]);
    let flow = server.publish(document.build()).await;
    let path = format!("/v1/client/flow/{flow}/execute");
    assert_eq!(server.post(&path).json(json!({ "n": 21 })).send().await.json(), json!({ "a": 42 }));
    let faults = server.post(&path).json(json!({ "by": 1.5 })).send().await.faults(422, "invalid_inputs");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults.contains(&("/n".to_owned(), "required".to_owned())));
}

#[actix_web::test]
async fn a_schedule_is_not_carried_out_yet() {
    let server = Server::start().await;
    let document = flow("Tick")
        .step("tick", "schedule", json!({ "cron": "* * * * *" }))
        .done("end", [("a", "b")])
        .build();
    let flow = server.create(document).await;
    let faults =
        server.post(&format!("/v1/flow/{flow}/publish")).send().await.faults(422, "invalid_definition");
    assert_eq!(faults, [("/definition/steps/0/type".to_owned(), "trigger_unsupported".to_owned())]);
    let twice = flow_testkit::documents::flow("Twice").step("a", "webhook.x", json!({})).next("end").step(
        "b",
        "webhook.x",
        json!({}),
    );
    let flow = server.create(twice.done("end", [("a", "b")]).build()).await;
    let faults =
        server.post(&format!("/v1/flow/{flow}/publish")).send().await.faults(422, "invalid_definition");
    assert!(
        faults.contains(&("/definition/steps/1/type".to_owned(), "trigger_duplicate".to_owned())),
        "{faults:?}"
    );
}
