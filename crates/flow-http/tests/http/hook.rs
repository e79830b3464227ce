//! The addresses of webhooks: made, kept, replaced and deleted.

use std::sync::Arc;

use flow_engine::{Accounts, Catalog, Clock, NewDraft, Scope};
use flow_model::{DefinitionHash, WorkspaceId};
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::{NOBODY, Server};

/// A flow with a webhook of that id and settings, which tells what it was called with.
pub(crate) fn document(id: &str, settings: Value) -> Value {
    let end = [("got", "{{_trigger.data}}"), ("type", "{{_trigger.type}}"), ("by", "{{currentUser.name}}")];
    flow("Hooked").step("hook", &format!("webhook.{id}"), settings).done("end", end).build()
}

/// Publishes a flow; the path of its only webhook.
pub(crate) async fn published(server: &Server, document: Value) -> String {
    let flow = server.create(document).await;
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    path(&answer.json()["webhooks"][0])
}

fn path(webhook: &Value) -> String {
    webhook["url"].as_str().unwrap().strip_prefix("https://flows.test").unwrap().to_owned()
}

/// Makes another document the draft and publishes it; the webhooks that are shown.
async fn publish_next(server: &Server, flow: &str, document: Value) -> Value {
    let (document, now) = (Arc::new(document), server.clock.now());
    let draft = NewDraft {
        workspace: server
            .store
            .workspace_ensure("default", WorkspaceId::from_bytes([0; 16]), now)
            .await
            .unwrap(),
        flow: flow.parse().unwrap(),
        name: "Hooked".to_owned(),
        hash: DefinitionHash::of(&document),
        definition: document,
        changed_by: None,
        now,
    };
    server.store.draft_store(draft).await.unwrap();
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["webhooks"].clone()
}

#[actix_web::test]
async fn an_address_is_shown_once_and_kept() {
    let server = Server::start().await;
    let flow = server.create(document("orders", json!({}))).await;
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).send().await.json();
    let webhooks = answer["webhooks"].as_array().unwrap();
    assert_eq!((webhooks.len(), &webhooks[0]["triggerId"]), (1, &json!("orders")));
    let first = path(&webhooks[0]);
    assert!(first.starts_with("/v1/hooks/whk_") && first.len() == "/v1/hooks/whk_".len() + 40, "{first}");
    assert!(!server.get(&format!("/v1/flow/{flow}")).send().await.text.contains("whk_"));

    let shown = publish_next(&server, &flow, document("orders", json!({ "methods": ["POST", "GET"] }))).await;
    assert_eq!(shown, json!(null), "it is shown once");
    assert_eq!(
        server.ask("GET".parse().unwrap(), &first).send().await.status,
        202,
        "and kept, with the new settings"
    );

    let shown = publish_next(&server, &flow, document("other", json!({}))).await;
    server.post(&first).send().await.problem(404, "hook_not_found");
    assert_eq!(server.post(&path(&shown[0])).send().await.status, 202);
    let shown = publish_next(&server, &flow, document("orders", json!({}))).await;
    assert_ne!(path(&shown[0]), first, "what is gone stays gone");
}

#[actix_web::test]
async fn a_new_address_replaces_the_old() {
    let server = Server::start().await;
    let flow = server.create(document("orders", json!({}))).await;
    server
        .post(&format!("/v1/flow/{flow}/webhook/orders/rotate"))
        .send()
        .await
        .problem(409, "no_published_version");
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).send().await.json();
    let first = path(&answer["webhooks"][0]);
    let mut before = first;
    for trigger in ["orders", "hook"] {
        let made = server.post(&format!("/v1/flow/{flow}/webhook/{trigger}/rotate")).send().await;
        assert_eq!((made.status.as_u16(), &made.json()["triggerId"]), (200, &json!("orders")), "{trigger}");
        server.post(&before).send().await.problem(404, "hook_not_found");
        before = path(&made.json());
        assert_eq!(server.post(&before).send().await.status, 202);
    }
    let rotate =
        |flow: &str, trigger: &str| server.post(&format!("/v1/flow/{flow}/webhook/{trigger}/rotate"));
    rotate(&flow, "end").send().await.problem(404, "hook_not_found");
    rotate(NOBODY, "orders").send().await.problem(404, "flow_not_found");
    let foreign = server.token_of("foreign", &Scope::ALL, None).await;
    rotate(&flow, "orders").token(&foreign).send().await.problem(404, "flow_not_found");
    let weak = server.token_of("default", &[Scope::FlowsWrite], None).await;
    rotate(&flow, "orders").token(&weak).send().await.problem(403, "scope_missing");
    server
        .get(&format!("/v1/flow/{flow}/webhook/orders/rotate"))
        .send()
        .await
        .problem(405, "method_not_allowed");
}
