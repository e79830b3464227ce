//! Secrets of the workspace: stored and deleted, and never read back.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Clock as _, ExposeSecret as _, Scope, Secrets as _};
use flow_testkit::KnownSecrets;
use serde_json::json;

use crate::server::{Answer, Server};

/// A server that keeps secrets.
async fn start() -> (Server, KnownSecrets) {
    let mut server = Server::start().await;
    let secrets = KnownSecrets::new(server.workspace("default").await, []);
    server.api.vault = Some(Arc::new(secrets.clone()));
    (server, secrets)
}

async fn put(server: &Server, name: &str, value: &str) -> Answer {
    server.put(&format!("/v1/secret/{name}")).json(json!({ "value": value })).send().await
}

#[actix_web::test]
async fn a_secret_is_stored_changed_listed_and_deleted() {
    let (server, secrets) = start().await;
    let first = server.clock.now().to_string();
    assert_eq!(put(&server, "API_KEY", "one").await.status, 201);
    server.clock.advance(Duration::from_secs(1));
    let second = server.clock.now().to_string();
    let changed = put(&server, "API_KEY", "two").await;
    assert_eq!((changed.status.as_u16(), changed.text.as_str()), (204, ""));
    let name = "API_KEY".parse().unwrap();
    let workspace = server.workspace("default").await;
    let stored = secrets.secrets_of(workspace, std::slice::from_ref(&name)).await.unwrap();
    assert_eq!(stored[&name].expose_secret(), "two");

    let list = server.get("/v1/secret").send().await;
    assert_eq!(
        list.json(),
        json!({ "data": [{ "name": "API_KEY", "createdAt": first, "updatedAt": second }] })
    );
    assert_eq!(server.delete("/v1/secret/API_KEY").send().await.status, 204);
    server.delete("/v1/secret/API_KEY").send().await.problem(404, "secret_not_found");
    assert_eq!(server.get("/v1/secret").send().await.json(), json!({ "data": [] }));
}

#[actix_web::test]
async fn bad_names_and_values_are_told_without_the_value() {
    let (server, _) = start().await;
    let answer = put(&server, "api-key", "hidden").await;
    assert_eq!(answer.faults(422, "invalid_request"), [(String::new(), "invalid_name".to_owned())]);
    let sent = |body| server.put("/v1/secret/KEY").json(body).send();
    for (body, code) in [
        (json!({}), "required"),
        (json!({ "value": 7 }), "wrong_type"),
        (json!({ "value": "hidden".repeat(20_000) }), "too_long"),
    ] {
        let answer = sent(body).await;
        assert_eq!(answer.faults(422, "invalid_request"), [("/value".to_owned(), code.to_owned())]);
        assert!(!answer.text.contains("hidden"));
    }
}

#[actix_web::test]
async fn only_an_admin_of_the_workspace_manages_secrets() {
    let (server, _) = start().await;
    put(&server, "KEY", "value").await;
    let all_but = |scope| Scope::ALL.into_iter().filter(|each| *each != scope).collect::<Vec<_>>();
    let token = server.token_of("default", &all_but(Scope::WorkspaceAdmin), None).await;
    for answer in [
        server.get("/v1/secret").token(&token).send().await,
        server.put("/v1/secret/KEY").token(&token).json(json!({ "value": "x" })).send().await,
        server.delete("/v1/secret/KEY").token(&token).send().await,
    ] {
        answer.problem(403, "scope_missing");
    }
    let stranger = server.token_of("other", &Scope::ALL, None).await;
    assert_eq!(server.get("/v1/secret").token(&stranger).send().await.json(), json!({ "data": [] }));
    let answer = server.delete("/v1/secret/KEY").token(&stranger).send().await;
    answer.problem(404, "secret_not_found");
}

#[actix_web::test]
async fn a_server_without_a_key_says_how_to_give_it_one() {
    let server = Server::start().await;
    let answer = put(&server, "KEY", "value").await;
    let problem = answer.problem(503, "secrets_unavailable");
    assert!(problem["message"].as_str().unwrap().contains("FLOW_SECRETS__KEY"), "{problem}");
}
