//! Drafts published.

use std::sync::Arc;

use flow_engine::{Accounts, Catalog, Clock, NewDraft};
use flow_model::{DefinitionHash, WorkspaceId};
use flow_testkit::documents::{self, flow};
use serde_json::{Value, json};

use crate::server::Server;

fn document() -> Value {
    flow("Greeting").api("start", []).done("end", [("text", "Hello")]).build()
}

#[actix_web::test]
async fn a_draft_becomes_a_version() {
    let server = Server::start().await;
    let document = document();
    let flow = server.create(document.clone()).await;
    let path = format!("/v1/flow/{flow}/publish");
    let answer = server.post(&path).json(json!({"summary": "First", "bump": "patch"})).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let user = json!({"name": "Ada", "email": "ada@example.com"});
    let expected = json!({
        "entityType": "flow",
        "entityId": flow,
        "version": 1,
        "semver": "1.0.0",
        "status": "published",
        "isLatest": true,
        "data": {"name": "Greeting", "definition": document["definition"], "settings": {}},
        "audit": {"summary": "First", "createdByUser": user, "publishedByUser": user},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "publishedAt": "2026-01-01T00:00:00.000Z",
        "visibility": "workspace",
    });
    assert_eq!(answer.json(), expected);

    let shown = server.get(&format!("/v1/flow/{flow}")).send().await.json();
    assert_eq!(shown["latestPublishedVersion"], 1);
    assert_eq!(shown["currentDraftVersion"], json!(null));
    assert_eq!(shown["revision"], 2);
    server.post(&path).send().await.problem(409, "nothing_to_publish");
}

#[actix_web::test]
async fn a_faulty_draft_is_refused_with_its_errors_alone() {
    let server = Server::start().await;
    let document = flow("Faulty")
        .setting("retentionDays", 1)
        .api("start", [])
        .step("odd", "no-such-type", json!({}))
        .next("nowhere")
        .build();
    let flow = server.create(document).await;
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).send().await;
    let faults = answer.faults(422, "invalid_definition");
    assert!(faults.len() >= 2, "{faults:?}");
    assert!(faults.iter().all(|(_, code)| code != "setting_without_effect"), "{faults:?}");
    assert!(faults.contains(&("/definition/steps/1/nextStepId".to_owned(), "step_unknown".to_owned())));
}

#[actix_web::test]
async fn a_stale_revision_is_refused() {
    let server = Server::start().await;
    let flow = server.create(document()).await;
    let path = format!("/v1/flow/{flow}/publish");
    for stale in ["\"7\"", "\"x\"", "\"2\", \"3\"", ""] {
        server.post(&path).header("if-match", stale).send().await.problem(412, "revision_stale");
    }
    server.post(&path).json(json!({"revision": 2})).send().await.problem(412, "revision_stale");
    let both = server.post(&path).header("if-match", "\"1\"").json(json!({"revision": 2}));
    both.send().await.problem(412, "revision_stale");
    let right = server.post(&path).header("if-match", "W/\"1\", \"9\"").json(json!({"revision": 1}));
    assert_eq!(right.send().await.status, 200);
}

#[actix_web::test]
async fn a_label_rises_by_what_changed_at_least() {
    let server = Server::start().await;
    let flow = server.publish(document()).await;
    let path = format!("/v1/flow/{flow}/publish");
    let other =
        Arc::new(documents::flow("Greeting").api("start", []).done("end", [("other", "Hello")]).build());
    let now = server.clock.now();
    let workspace = WorkspaceId::from_bytes([0; 16]);
    let draft = NewDraft {
        workspace: server.store.workspace_ensure("default", workspace, now).await.unwrap(),
        flow: flow.parse().unwrap(),
        name: "Greeting".to_owned(),
        hash: DefinitionHash::of(&other),
        definition: other,
        changed_by: None,
        now,
    };
    server.store.draft_store(draft).await.unwrap();
    let problem = server.post(&path).json(json!({"bump": "minor"})).send().await;
    problem.problem(422, "bump_too_small");
    let version = server.post(&path).json(json!({"bump": "major"})).send().await.json();
    assert_eq!((&version["version"], &version["semver"]), (&json!(2), &json!("2.0.0")));
}

#[actix_web::test]
async fn every_fault_of_the_body_is_told_at_once() {
    let server = Server::start().await;
    let flow = server.create(document()).await;
    let body = json!({"summary": 1, "bump": "huge", "revision": -1});
    let answer = server.post(&format!("/v1/flow/{flow}/publish")).json(body).send().await;
    let faults = answer.faults(422, "invalid_request");
    let places: Vec<_> = faults.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/summary", "/bump", "/revision"]);
}
