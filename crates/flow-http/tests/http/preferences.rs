//! What an editor is told of the server.

use actix_web::http::Method;
use flow_engine::Scope;
use serde_json::{Value, json};

use crate::server::Server;

const PATH: &str = "/v1/flow/preferences";

/// The paths of the members of an object, those of lists of objects once.
fn keys(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{path}{key}");
                found.push(path.clone());
                // What is in a schema is each type's own.
                if !matches!(key.as_str(), "dataSchema" | "outputs") {
                    keys(value, &format!("{path}."), found);
                }
            }
        }
        Value::Array(items) => items.first().into_iter().for_each(|item| keys(item, path, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn an_editor_learns_what_flows_can_be_made_of() {
    let mut server = Server::start().await;
    let answer = server.get(PATH).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    let mut found = Vec::new();
    keys(&body, "", &mut found);
    insta::assert_snapshot!(found.join("\n"));

    let named = |list: &str, name: &str| {
        let names: Vec<_> = body[list].as_array().unwrap().iter().map(|row| row[name].clone()).collect();
        names
    };
    let steps = named("steps", "key");
    for key in ["each", "wait", "add-widget-to-message", "end-session", "work", "slow"] {
        assert!(steps.contains(&json!(key)), "{key}");
    }
    assert!(named("triggers", "key").contains(&json!("api")));
    assert!(named("functions", "signature").contains(&json!("hmacSha256(key, text)")));
    let limits = &body["limits"];
    assert_eq!((&limits["runSteps"], &limits["bodyBytes"]), (&json!(100_000), &json!(4 << 20)));
    assert_eq!(body["models"], json!([]));
    let features = json!({ "llm": false, "scripts": false, "secrets": true, "resumeLinks": true });
    assert_eq!(body["features"], features);

    server.api.models = Some(vec!["small".to_owned()]);
    let body = server.get(PATH).send().await.json();
    assert_eq!((&body["models"], &body["features"]["llm"]), (&json!(["small"]), &json!(true)));
    server.api.models = Some(Vec::new());
    let body = server.get(PATH).send().await.json();
    assert_eq!((&body["models"], &body["features"]["llm"]), (&json!([]), &json!(true)), "no default");
}

#[actix_web::test]
async fn it_is_for_those_who_read_flows() {
    let server = Server::start().await;
    let token = server.token_of("default", &[Scope::FlowsRun], None).await;
    let ask = server.get(PATH).header("authorization", &format!("Bearer {token}"));
    ask.send().await.problem(403, "scope_missing");
    server.ask(Method::POST, PATH).send().await.problem(405, "method_not_allowed");
}
