//! `Idempotency-Key`.

use std::time::Duration;

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

fn document() -> Value {
    flow("Work").api("start", []).step("job", "work", json!({})).done("end", [("n", "{{inputs.n}}")]).build()
}

async fn send(server: &Server, path: &str, key: &str, body: Value) -> Answer {
    server.post(path).header("idempotency-key", key).json(body).send().await
}

#[actix_web::test]
async fn the_same_call_is_the_same_run_on_both_routes() {
    let server = Server::start().await;
    let one = server.publish(document()).await;
    let two = server.publish(document()).await;
    let routes = [
        (format!("/v1/client/flow/{one}/execute"), json!({"n": 1}), json!({"n": 2})),
        (format!("/v1/flow/execute/{two}"), json!({"inputs": {"n": 1}}), json!({"inputs": {"n": 2}})),
    ];
    for (path, body, other) in routes {
        let before = server.work.calls().len();
        let first = send(&server, &path, "k1", body.clone()).await;
        let second = send(&server, &path, "k1", body.clone()).await;
        assert_eq!((first.status.as_u16(), &first.json()), (200, &json!({"n": 1})));
        assert_eq!((second.run(), second.json()), (first.run(), first.json()));
        assert_eq!(server.work.calls().len(), before + 1);

        send(&server, &path, "k1", other).await.problem(422, "idempotency_key_reused");
        let versioned = format!("{path}?version=1");
        send(&server, &versioned, "k1", body.clone()).await.problem(422, "idempotency_key_reused");
        assert_ne!(send(&server, &path, "k2", body).await.run(), first.run());
    }
}

#[actix_web::test]
async fn a_key_belongs_to_one_flow_and_one_route() {
    let server = Server::start().await;
    let (one, other) = (server.publish(document()).await, server.publish(document()).await);
    let first = send(&server, &format!("/v1/client/flow/{one}/execute"), "k", json!({})).await;
    let second = send(&server, &format!("/v1/client/flow/{other}/execute"), "k", json!({})).await;
    assert_ne!(first.run(), second.run());
    let third = send(&server, &format!("/v1/flow/execute/{one}"), "k", json!({})).await;
    third.problem(422, "idempotency_key_reused");
}

#[actix_web::test]
async fn a_key_is_kept_for_a_day() {
    let server = Server::start().await;
    let path = format!("/v1/client/flow/{}/execute", server.publish(document()).await);
    let first = send(&server, &path, "k", json!({})).await.run();
    server.clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    assert_eq!(send(&server, &path, "k", json!({})).await.run(), first);
    server.clock.advance(Duration::from_secs(1));
    assert_ne!(send(&server, &path, "k", json!({})).await.run(), first);
}

#[actix_web::test]
async fn a_repeat_waits_for_the_first() {
    let server = Server::start().await;
    let document = flow("Slow").api("start", []).step("job", "slow", json!({})).done("end", [("a", "b")]);
    let path = format!("/v1/client/flow/{}/execute", server.publish(document.build()).await);
    let repeat = async {
        server.slow.until_begun(1).await;
        let release = async { server.slow.release_all() };
        join(send(&server, &path, "k", json!({})), release).await.0
    };
    let (first, second) = join(send(&server, &path, "k", json!({})), repeat).await;
    assert_eq!((first.run(), first.json()), (second.run(), second.json()));
    assert_eq!(first.json(), json!({"a": "b"}));
    assert_eq!(server.slow.calls().len(), 1);
}

#[actix_web::test]
async fn a_failed_run_is_told_again() {
    let server = Server::start().await;
    let path = format!("/v1/client/flow/{}/execute", server.publish(document()).await);
    server.work.push(Err(flow_engine::StepError::new("broken", "It broke")));
    let first = send(&server, &path, "k", json!({})).await;
    let second = send(&server, &path, "k", json!({})).await;
    let (first, second) = (first.problem(500, "run_failed"), second.problem(500, "run_failed"));
    assert_eq!(first["appRunId"], second["appRunId"]);
}

#[actix_web::test]
async fn a_key_must_be_text_of_some_length() {
    let server = Server::start().await;
    let path = format!("/v1/client/flow/{}/execute", server.publish(document()).await);
    let long = "k".repeat(256);
    for wrong in ["", "  ", "\u{e9}", long.as_str()] {
        let faults = send(&server, &path, wrong, json!({})).await.faults(422, "invalid_request");
        assert_eq!(faults, [("Idempotency-Key".to_owned(), "invalid_header".to_owned())]);
    }
}
