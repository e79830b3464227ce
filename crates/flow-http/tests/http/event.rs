//! Events sent to waiting runs.

use std::time::Duration;

use flow_engine::Scope;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::Server;

const PATH: &str = "/v1/flowrun/event";

/// Starts a run that waits for `paid` with the key `k`; its id.
async fn waiting(server: &Server) -> String {
    let document = flow("Wait")
        .api("start", [])
        .step("paid", "wait", json!({ "event": { "name": "paid", "key": "k" } }))
        .done("end", [("sum", "{{paid.sum}}")]);
    let flow = server.publish(document.build()).await;
    let answer = server
        .post(&format!("/v1/client/flow/{flow}/execute"))
        .header("prefer", "respond-async")
        .send()
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.run()
}

async fn until_done(server: &Server, run: &str) -> Value {
    for since in 0.. {
        let poll = server.get(&format!("/v1/flowrun/poll/{run}?since={since}&wait=5")).send().await.json();
        if poll["status"] == "completed" {
            return poll["output"].clone();
        }
    }
    unreachable!("a run ends")
}

#[actix_web::test]
async fn it_wakes_who_waits_and_whoever_comes() {
    let server = Server::start().await;
    let run = waiting(&server).await;
    let event = json!({ "name": "paid", "key": "k", "data": { "sum": 5 } });
    let answer = server.post(PATH).json(event.clone()).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["woken"], 1);
    assert!(answer.json()["eventId"].is_string());
    assert_eq!(until_done(&server, &run).await, json!({ "sum": 5 }));
    let other = server.post(PATH).json(json!({ "name": "paid", "ttlSeconds": 60 })).send().await;
    assert_eq!(other.json()["woken"], 0);
    assert_ne!(other.json()["eventId"], answer.json()["eventId"]);
}

#[actix_web::test]
async fn a_key_makes_a_repeat_the_same_event() {
    let server = Server::start().await;
    let send =
        |key: &'static str, body: Value| server.post(PATH).header("idempotency-key", key).json(body).send();
    let body = json!({ "name": "paid", "data": [1, 2] });
    let first = send("k1", body.clone()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(send("k1", body.clone()).await.json(), first.json());
    assert_ne!(send("k2", body.clone()).await.json()["eventId"], first.json()["eventId"]);
    for other in [
        json!({ "name": "paid" }),
        json!({ "name": "x", "data": [1, 2] }),
        json!({ "name": "paid", "key": "", "data": [1, 2] }),
    ] {
        send("k1", other).await.problem(422, "idempotency_key_reused");
    }
    let token = server.token_of("other", &Scope::ALL, None).await;
    let foreign = server.post(PATH).token(&token).header("idempotency-key", "k1").json(body).send().await;
    assert_ne!(foreign.json()["eventId"], first.json()["eventId"]);
    let faults = send(" ", json!({ "name": "a" })).await.faults(422, "invalid_request");
    assert_eq!(faults, [("Idempotency-Key".to_owned(), "invalid_header".to_owned())]);
}

#[actix_web::test]
async fn what_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let body = json!({ "name": 1, "key": [], "ttlSeconds": -1 });
    let faults = server.post(PATH).json(body).send().await.faults(422, "invalid_request");
    let places: Vec<_> = faults.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/name", "/key", "/ttlSeconds"]);
    let body = json!({ "name": "a", "key": "\u{0}", "ttlSeconds": 2_592_001 });
    let faults = server.post(PATH).json(body).send().await.faults(422, "invalid_request");
    assert_eq!(faults.len(), 2, "{faults:?}");
    let body = json!({ "name": "x".repeat(257), "key": "x".repeat(513) });
    let faults = server.post(PATH).json(body).send().await.faults(422, "invalid_inputs");
    assert_eq!(faults.len(), 2, "{faults:?}");
    server.post(PATH).send().await.problem(422, "invalid_request");
    server.get(PATH).send().await.problem(405, "method_not_allowed");
    let token = server.token_of("default", &[Scope::RunsRead], None).await;
    server.post(PATH).token(&token).json(json!({ "name": "a" })).send().await.problem(403, "scope_missing");
}
