//! The logs of flows, read page by page.

use std::time::Duration;

use flow_engine::Clock as _;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::{NOBODY, Server};

/// A flow that notes its input at two levels, and fails when it is told to.
fn noting() -> Value {
    let warning = json!({ "level": "warn", "message": "n is {{n}}", "data": { "n": "{{n}}" } });
    flow("Notes")
        .api("start", [json!({ "name": "n", "type": "number" })])
        .step("say", "log", json!({ "message": "hello {{n}}" }))
        .step("warn", "log", warning)
        .step(
            "stop",
            "condition",
            json!({
                "branches": [{ "name": "bad", "condition": "n > 2", "nextStepId": "broken" }],
                "elseStepId": "end",
            }),
        )
        .done("end", [("n", "{{n}}")])
        .step("broken", "fail", json!({ "message": "{{n}} is too much", "code": "too_much" }))
        .build()
}

async fn noted(server: &Server) -> (String, Vec<String>) {
    let flow = server.publish(noting()).await;
    let mut runs = Vec::new();
    for n in 1..=3 {
        server.clock.advance(Duration::from_secs(1));
        let execute = server.post(&format!("/v1/client/flow/{flow}/execute")).json(json!({ "n": n }));
        runs.push(execute.send().await.run());
    }
    (flow, runs)
}

fn messages(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|row| row["message"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn every_row_says_when_where_and_what() {
    let server = Server::start().await;
    let (flow, runs) = noted(&server).await;
    let list = server.get(&format!("/v1/flow/{flow}/logs?limit=2")).send().await.json();
    let time = server.clock.now().to_string();
    assert_eq!(
        list,
        json!({
            "data": [
                { "time": time, "level": "error", "runId": runs[2], "stepId": "broken",
                  "message": "3 is too much", "data": { "code": "too_much", "attempt": 1 } },
                { "time": time, "level": "warn", "runId": runs[2], "stepId": "warn", "message": "n is 3",
                  "data": { "n": 3 } },
            ],
            "total": 7, "limit": 2, "skip": 0, "nextCursor": list["nextCursor"],
        })
    );
}

#[actix_web::test]
async fn pages_follow_each_other_to_the_end() {
    let server = Server::start().await;
    let (flow, _) = noted(&server).await;
    let whole = server.get(&format!("/v1/flow/{flow}/logs")).send().await.json();
    assert_eq!((messages(&whole).len(), &whole["nextCursor"]), (7, &Value::Null));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let path = format!("/v1/flow/{flow}/logs?limit=2&count=false{cursor}");
        let page = server.get(&path).send().await.json();
        assert!(page.get("total").is_none());
        seen.extend(messages(&page).into_iter().map(str::to_owned));
        cursor = page["nextCursor"].as_str().map_or_else(String::new, |next| format!("&cursor={next}"));
    }
    assert_eq!(seen, messages(&whole));
    assert_eq!(cursor, "");
}

#[actix_web::test]
async fn rows_are_searched_for() {
    let server = Server::start().await;
    let (flow, runs) = noted(&server).await;
    for (query, found) in [
        (format!("runId={}", runs[0]), vec!["n is 1", "hello 1"]),
        ("level=warn,error&limit=2".to_owned(), vec!["3 is too much", "n is 3"]),
        ("stepId=say".to_owned(), vec!["hello 3", "hello 2", "hello 1"]),
        ("search=HELLO&skip=1".to_owned(), vec!["hello 2", "hello 1"]),
        ("until=1999-01-01T00:00:00Z".to_owned(), vec![]),
        ("since=1999-01-01T00:00:00Z&search=much".to_owned(), vec!["3 is too much"]),
    ] {
        let list = server.get(&format!("/v1/flow/{flow}/logs?{query}")).send().await.json();
        assert_eq!(messages(&list), found, "{query}");
    }
}

#[actix_web::test]
async fn a_faulty_query_is_told_whole() {
    let server = Server::start().await;
    let (flow, _) = noted(&server).await;
    let query = "limit=0&cursor=x&level=loud&since=yesterday&runId=7&count=maybe&skip=1";
    let answer = server.get(&format!("/v1/flow/{flow}/logs?{query}")).send().await;
    assert_eq!(answer.status, 422);
    let answer = answer.json();
    let mut at: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|row| row["pointer"].as_str().unwrap()).collect();
    at.sort_unstable();
    assert_eq!(at, ["?count", "?cursor", "?level", "?limit", "?runId", "?since"]);
    let answer = server.get(&format!("/v1/flow/{NOBODY}/logs?limit=0")).send().await;
    answer.problem(404, "flow_not_found");
}
