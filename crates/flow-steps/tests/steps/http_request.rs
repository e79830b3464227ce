//! What is sent, and what becomes of the answer.

use std::time::Duration;

use flow_steps::{HttpRequest, Outbound};
use serde_json::json;
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{KEY, code, run, send, send_allowing};

#[tokio::test]
async fn method_query_headers_and_body_arrive_and_the_answer_comes_back() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/a%20b"))
        .and(query_param("q", "ü&="))
        .and(query_param("n", "5"))
        .and(header("x-one", "1"))
        .and(header("content-type", "application/json"))
        .and(header("idempotency-key", KEY))
        .and(body_json(json!({ "deep": [1, { "x": null }] })))
        .respond_with(
            ResponseTemplate::new(201).insert_header("X-Answer", "yes").set_body_json(json!({ "ok": true })),
        )
        .expect(1)
        .mount(&server)
        .await;
    let answer = send(
        &server,
        json!({
            "method": "post",
            "url": format!("{}/a%20b?q=%C3%BC%26%3D", server.uri()),
            "query": { "n": 5, "left-out": null },
            "headers": [{ "key": "X-One", "value": 1 }],
            "body": { "deep": [1, { "x": null }] },
        }),
    );
    let answer = answer.await.unwrap();
    assert_eq!(answer["status"], 201);
    assert_eq!(answer["body"], json!({ "ok": true }));
    assert_eq!(answer["headers"]["x-answer"], "yes");
    assert!(answer["durationMs"].is_u64());
}

#[tokio::test]
async fn a_flows_own_idempotency_key_is_left_alone() {
    let server = MockServer::start().await;
    Mock::given(header("idempotency-key", "mine"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let settings = json!({ "url": server.uri(), "headers": { "Idempotency-Key": "mine" } });
    let answer = send(&server, settings).await.unwrap();
    assert_eq!((&answer["status"], &answer["body"]), (&json!(204), &json!(null)));
}

#[tokio::test]
async fn a_failing_status_fails_the_step_with_the_answer_in_its_details() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(404).set_body_json(json!({ "why": "gone" }));
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let failure = send(&server, json!({ "url": server.uri() })).await.unwrap_err();
    assert_eq!(failure.code, "http_status");
    assert!(failure.message.contains("404 Not Found"), "{failure}");
    assert_eq!(failure.details.unwrap()["body"], json!({ "why": "gone" }));

    let settings = json!({ "url": server.uri(), "failOnStatus": false });
    assert_eq!(send(&server, settings).await.unwrap()["status"], 404);
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused_and_not_read_to_its_end() {
    let server = MockServer::start().await;
    let exactly = |bytes: usize| ResponseTemplate::new(200).set_body_bytes(vec![b'x'; bytes]);
    Mock::given(path("/fits")).respond_with(exactly(1 << 20)).mount(&server).await;
    Mock::given(path("/over")).respond_with(exactly((1 << 20) + 1)).mount(&server).await;
    let fits = send(&server, json!({ "url": format!("{}/fits", server.uri()) })).await.unwrap();
    assert_eq!(fits["body"].as_str().unwrap().len(), 1 << 20);
    assert_eq!(
        code(send(&server, json!({ "url": format!("{}/over", server.uri()) })).await),
        "output_too_large"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_network_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failure = send_allowing(&address, json!({ "url": format!("http://{address}/") })).await.unwrap_err();
    assert_eq!(failure.code, "network");
    assert!(failure.message.contains("refused"), "{failure}");
}

#[tokio::test]
async fn an_answer_that_doesnt_come_in_time_fails_the_step() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(600));
    Mock::given(method("GET")).respond_with(late).mount(&server).await;
    let outbound = Outbound::new(server.address().to_string().parse().unwrap()).unwrap();
    let step = HttpRequest::new(outbound).with_time_limit(Duration::from_millis(50));
    let failure = run(step, json!({ "url": server.uri() })).await.unwrap_err();
    assert_eq!(failure.code, "timeout");
    assert!(failure.message.contains("no whole answer after 0.05 s"), "{failure}");
}
