//! Tokens and scopes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use flow_engine::{Accounts, Clock, MemoryStore, OsEntropy, Scope, StoreError};
use flow_http::token;
use flow_testkit::documents::flow;
use serde_json::json;

use crate::server::{BrokenAccounts, NOBODY, Server};

/// Every route that needs a token, with the scope that it needs.
fn routes() -> Vec<(Method, String, Scope)> {
    vec![
        (Method::POST, "/v1/flow".to_owned(), Scope::FlowsWrite),
        (Method::GET, "/v1/flow/preferences".to_owned(), Scope::FlowsRead),
        (Method::GET, format!("/v1/flow/{NOBODY}"), Scope::FlowsRead),
        (Method::POST, format!("/v1/flow/{NOBODY}/publish"), Scope::FlowsPublish),
        (Method::POST, format!("/v1/client/flow/{NOBODY}/execute"), Scope::FlowsRun),
        (Method::POST, format!("/v1/flow/execute/{NOBODY}"), Scope::FlowsRun),
        (Method::POST, format!("/v1/flowrun/resume/{NOBODY}"), Scope::RunsResume),
        (Method::POST, format!("/v1/flowrun/cancel/{NOBODY}"), Scope::RunsResume),
        (Method::GET, format!("/v1/flowrun/poll/{NOBODY}"), Scope::RunsRead),
        (Method::GET, format!("/v1/flowrun/details/{NOBODY}"), Scope::RunsRead),
    ]
}

#[actix_web::test]
async fn every_route_wants_a_token() {
    let server = Server::start().await;
    for (method, path, _) in routes() {
        for header in ["", "Bearer", "Bearer  ", "Basic YTpi"] {
            let answer = server.ask(method.clone(), &path).header("authorization", header).send().await;
            answer.problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let answer = server.ask(method, &path).token("pat_unknown").send().await;
        answer.problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    }
}

#[actix_web::test]
async fn every_route_wants_its_scope_and_no_other() {
    let server = Server::start().await;
    for (method, path, scope) in routes() {
        let others: Vec<_> = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        let others = server.token_of("default", &others, None).await;
        let answer = server.ask(method.clone(), &path).token(&others).send().await;
        let problem = answer.problem(403, "scope_missing");
        assert!(problem["message"].as_str().unwrap().contains(scope.as_str()), "{problem}");
        assert!(answer.header("www-authenticate").contains(scope.as_str()));

        let alone = server.token_of("default", &[scope], None).await;
        let answer = server.ask(method, &path).token(&alone).send().await;
        assert!(![401, 403].contains(&answer.status.as_u16()), "{path}: {}", answer.text);
    }
}

#[actix_web::test]
async fn the_scheme_is_read_in_any_case() {
    let server = Server::start().await;
    let header = format!("bEARER {}", server.token);
    let answer = server.get(&format!("/v1/flow/{NOBODY}")).header("authorization", &header).send().await;
    answer.problem(404, "flow_not_found");
}

#[actix_web::test]
async fn an_expired_and_a_revoked_token_open_nothing() {
    let server = Server::start().await;
    let path = format!("/v1/flow/{NOBODY}");
    let end = server.clock.now().after(Duration::from_secs(60));
    let token = server.token_of("default", &Scope::ALL, Some(end)).await;
    server.get(&path).token(&token).send().await.problem(404, "flow_not_found");
    server.clock.advance(Duration::from_secs(60));
    server.get(&path).token(&token).send().await.problem(401, "unauthorized");

    let token = server.token_of("default", &Scope::ALL, None).await;
    server.get(&path).token(&token).send().await.problem(404, "flow_not_found");
    assert!(server.store.token_revoke_hash(token::hash(&token), server.clock.now()).await.unwrap());
    server.get(&path).token(&token).send().await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn another_workspace_sees_nothing() {
    let server = Server::start().await;
    let document = flow("Theirs").api("start", []).approval("ask", "Go on?").done("end", [("a", "b")]);
    let flow = server.publish(document.build()).await;
    let run = server.post(&format!("/v1/client/flow/{flow}/execute")).send().await.run();
    let foreign = server.token_of("elsewhere", &Scope::ALL, None).await;
    let paths = [
        (Method::GET, format!("/v1/flow/{flow}"), "flow_not_found"),
        (Method::POST, format!("/v1/flow/{flow}/publish"), "flow_not_found"),
        (Method::POST, format!("/v1/client/flow/{flow}/execute"), "flow_not_found"),
        (Method::POST, format!("/v1/flow/execute/{flow}"), "flow_not_found"),
        (Method::GET, format!("/v1/flowrun/poll/{run}"), "run_not_found"),
        (Method::GET, format!("/v1/flowrun/details/{run}"), "run_not_found"),
        (Method::POST, format!("/v1/flowrun/cancel/{run}"), "run_not_found"),
        (Method::POST, format!("/v1/flowrun/resume/{run}"), "run_not_found"),
    ];
    for (method, path, code) in paths {
        let body = json!({"decision": "approve"});
        server.ask(method, &path).token(&foreign).json(body).send().await.problem(404, code);
    }
}

#[actix_web::test]
async fn a_database_that_is_away_is_told_without_detail() {
    let accounts = BrokenAccounts(|| StoreError::Unavailable { reason: "secret host db7".to_owned() });
    let server = server_with(accounts).await;
    let answer = server.get(&format!("/v1/flow/{NOBODY}")).send().await;
    answer.problem(503, "database_unavailable");
    assert_eq!(answer.header("retry-after"), "2");
    assert!(!answer.text.contains("db7"), "{}", answer.text);
}

#[actix_web::test]
async fn a_damaged_row_is_an_internal_error_without_detail() {
    let accounts = BrokenAccounts(|| StoreError::Corrupt {
        what: "token db7".to_owned(),
        reason: "a secret".to_owned(),
    });
    let server = server_with(accounts).await;
    let answer = server.get(&format!("/v1/flow/{NOBODY}")).send().await;
    answer.problem(500, "internal_error");
    assert_eq!(answer.header("retry-after"), "");
    assert!(!answer.text.contains("db7") && !answer.text.contains("secret"), "{}", answer.text);
}

#[actix_web::test]
async fn a_panic_is_an_internal_error_and_not_a_broken_connection() {
    let server = server_with(BrokenAccounts(|| panic!("a fault of ours"))).await;
    let answer = server.get(&format!("/v1/flow/{NOBODY}")).header("x-request-id", "r1").send().await;
    assert_eq!(answer.problem(500, "internal_error")["requestId"], "r1");
    assert!(!answer.text.contains("ours"), "{}", answer.text);
}

async fn server_with(accounts: BrokenAccounts) -> Server {
    Server::with_accounts(MemoryStore::new(), Arc::new(accounts)).await
}

#[test]
fn tokens_are_long_and_plain_and_differ() {
    let tokens: HashSet<_> = (0..100).map(|_| token::generate(&OsEntropy)).collect();
    assert_eq!(tokens.len(), 100);
    for token in &tokens {
        let characters = token.strip_prefix("pat_").unwrap();
        assert_eq!(characters.len(), 40);
        assert!(characters.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_eq!(token::prefix(token), &token[..12]);
    }
    assert_eq!(token::prefix("short"), "s");
}
