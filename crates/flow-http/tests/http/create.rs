//! Flows made and shown.

use flow_testkit::documents::{flow, required};
use serde_json::json;

use crate::server::{Answer, Server};

#[actix_web::test]
async fn a_flow_is_made_and_shown_alike() {
    let server = Server::start().await;
    let document = flow("Greeting")
        .member("description", "Says hello")
        .member("tags", json!(["a", "b"]))
        .member("visibility", "private")
        .setting("retentionDays", 30)
        .api("start", [required("who", "string")])
        .done("end", [("text", "Hello {{who}}")])
        .build();
    let made = server.post("/v1/flow").json(document.clone()).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(made.header("etag"), "\"1\"");
    let flow = made.json();
    assert_eq!(made.header("location"), format!("/v1/flow/{}", flow["_id"].as_str().unwrap()));
    let expected = json!({
        "_id": flow["_id"],
        "name": "Greeting",
        "description": "Says hello",
        "tags": ["a", "b"],
        "visibility": "private",
        "definition": document["definition"],
        "settings": {"retentionDays": 30},
        "latestPublishedVersion": null,
        "currentDraftVersion": 1,
        "revision": 1,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "issues": flow["issues"],
    });
    assert_eq!(flow, expected);
    assert_eq!(issues(&made), [("/settings/retentionDays".to_owned(), "warning".to_owned())]);

    let shown = server.get(made.header("location")).send().await;
    assert_eq!((shown.status.as_u16(), shown.json()), (200, expected));
    assert_eq!(shown.header("etag"), "\"1\"");
}

#[actix_web::test]
async fn a_draft_may_be_incomplete() {
    let server = Server::start().await;
    let made = server.post("/v1/flow").json(json!({"name": "Empty"})).send().await;
    let flow = made.json();
    assert_eq!(made.status, 201);
    assert_eq!(flow["description"], json!(null));
    assert_eq!((&flow["tags"], &flow["settings"]), (&json!([]), &json!({})));
    assert_eq!(flow["visibility"], "workspace");
    assert_eq!(flow["definition"], json!({"steps": []}));
    assert!(issues(&made).iter().all(|(_, severity)| severity == "error"), "{flow:#}");
    assert!(!issues(&made).is_empty());

    let odd = json!({"name": "Odd", "definition": {"steps": [7, {"id": "a b"}], "more": true}});
    let made = server.post("/v1/flow").json(odd.clone()).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["definition"], odd["definition"]);
}

#[actix_web::test]
async fn every_fault_of_the_body_is_told_at_once() {
    let server = Server::start().await;
    let body = json!({
        "name": "  ", "description": 1, "definition": [], "settings": "x", "visibility": "public",
        "tags": ["fine", 2, " "],
    });
    let faults = server.post("/v1/flow").json(body).send().await.faults(422, "invalid_request");
    let faults: Vec<_> = faults.iter().map(|(at, code)| (at.as_str(), code.as_str())).collect();
    let mut expected = vec![
        ("/name", "required"),
        ("/description", "wrong_type"),
        ("/definition", "wrong_type"),
        ("/settings", "wrong_type"),
        ("/visibility", "unknown_value"),
        ("/tags/1", "wrong_type"),
        ("/tags/2", "wrong_type"),
    ];
    expected.sort_unstable();
    let mut faults = faults;
    faults.sort_unstable();
    assert_eq!(faults, expected);
    let faults = server.post("/v1/flow").send().await.faults(422, "invalid_request");
    assert_eq!(faults, [("/name".to_owned(), "required".to_owned())]);
}

#[actix_web::test]
async fn a_text_that_some_database_could_not_keep_is_refused() {
    let server = Server::start().await;
    let create = |body: serde_json::Value| server.post("/v1/flow").json(body);
    let refused = create(json!({"name": "a\0b", "description": "a\0b"})).send().await;
    let invalid = |at: &str, code: &str| (at.to_owned(), code.to_owned());
    let expected = [invalid("/name", "invalid_character"), invalid("/description", "invalid_character")];
    assert_eq!(refused.faults(422, "invalid_request"), expected);
    let refused = create(json!({"name": "é".repeat(201), "description": "é".repeat(10_001)})).send().await;
    let expected = [invalid("/name", "too_long"), invalid("/description", "too_long")];
    assert_eq!(refused.faults(422, "invalid_request"), expected);
    let longest = create(json!({"name": "é".repeat(200), "description": "é".repeat(10_000)})).send().await;
    assert_eq!(longest.status, 201, "{}", longest.text);
    let publish = format!("{}/publish", longest.header("location"));
    let refused = server.post(&publish).json(json!({"summary": "a\0b"})).send().await;
    assert_eq!(refused.faults(422, "invalid_request"), [invalid("/summary", "invalid_character")]);
}

fn issues(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let rows = body["issues"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["pointer"]), text(&row["severity"]))).collect()
}

#[actix_web::test]
async fn a_message_tells_the_first_fault() {
    let server = Server::start().await;
    let problem = server.post("/v1/flow").send().await.problem(422, "invalid_request");
    assert_eq!(problem["message"], "/name: `name` is missing; add it");
    let body = json!({"description": 1});
    let problem = server.post("/v1/flow").json(body).send().await.problem(422, "invalid_request");
    assert_eq!(problem["message"], "/name: `name` is missing; add it (and 1 more in `errors`)");
}
