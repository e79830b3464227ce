//! Answers that are refused.

use std::time::Duration;

use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::server::{NOBODY, Server};

fn approval() -> Value {
    flow("Ask").api("start", []).approval("ask", "Go on?").done("end", [("a", "b")]).build()
}

fn tool() -> Value {
    flow("Tool").api("start", []).tool("look", "find", json!({})).done("end", [("a", "b")]).build()
}

fn form() -> Value {
    let settings = json!({"title": "Address", "fields": []});
    flow("Form").api("start", []).step("fill", "show-form", settings).done("end", [("a", "b")]).build()
}

#[actix_web::test]
async fn unknown_runs() {
    let server = Server::start().await;
    for body in [json!({"decision": "approve"}), json!({"data": 1})] {
        let answer = server.post(&format!("/v1/flowrun/resume/{NOBODY}")).json(body).send().await;
        answer.problem(404, "run_not_found");
    }
}

#[actix_web::test]
async fn a_run_that_doesnt_wait() {
    let server = Server::start().await;
    let document = flow("Quick").api("start", []).done("end", [("a", "b")]).build();
    let run = server.run(document, json!({})).await.run();
    for body in [json!({"decision": "approve"}), json!({"formData": {}}), json!({"data": 1})] {
        let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
        answer.problem(409, "run_not_waiting");
    }
}

#[actix_web::test]
async fn another_execution() {
    let server = Server::start().await;
    let run = server.run(approval(), json!({})).await.run();
    for wrong in [format!("{run}:other"), format!("{NOBODY}:ask"), NOBODY.to_owned(), "x".to_owned()] {
        let answers = [json!({"decision": "approve"}), json!({"formData": {}}), json!({"data": 1})];
        for mut body in answers {
            body["executionId"] = json!(wrong);
            let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
            answer.problem(409, "execution_mismatch");
        }
    }
}

#[actix_web::test]
async fn a_body_that_fits_another_wait_says_which_fits() {
    let server = Server::start().await;
    let asking = server.run(approval(), json!({})).await.run();
    let tooling = server.run(tool(), json!({})).await.run();
    let forming = server.run(form(), json!({})).await.run();
    let result = |execution: &str| json!({"toolResult": {"executionId": execution, "success": true}});
    let cases = [
        (&asking, result(&format!("{asking}:ask")), "decision"),
        (&asking, json!({"formData": {"a": 1}}), "decision"),
        (&asking, json!({"data": {"a": 1}, "executionId": format!("{asking}:ask")}), "decision"),
        (&tooling, json!({"decision": "approve"}), "toolResult"),
        (&tooling, json!({"data": 1, "executionId": tooling}), "toolResult"),
        (&tooling, json!({"formData": {"a": 1}, "executionId": format!("{tooling}:look")}), "toolResult"),
        (&forming, json!({"decision": "approve"}), "formData"),
        (&forming, result(&format!("{forming}:fill")), "formData"),
        (&forming, json!({"data": {"a": 1}}), "formData"),
    ];
    for (run, body, fitting) in cases {
        let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body.clone()).send().await;
        let problem = answer.problem(422, "answer_mismatch");
        assert!(problem["message"].as_str().unwrap().contains(fitting), "{body}: {problem}");
    }
    let still = server.get(&format!("/v1/flowrun/poll/{asking}")).send().await.json();
    assert_eq!(still["status"], "waiting");
}

#[actix_web::test]
async fn faulty_bodies() {
    let server = Server::start().await;
    let run = server.run(approval(), json!({})).await.run();
    let cases = [
        (json!({}), vec![""]),
        (json!({"data": null}), vec![""]),
        (json!({"decision": "approve", "toolResult": {}}), vec![""]),
        (
            json!({"decision": "maybe", "message": 1, "executionId": 2}),
            vec!["/executionId", "/message", "/decision"],
        ),
        (json!({"decision": 1}), vec!["/decision"]),
        (json!({"formData": "a"}), vec!["/formData"]),
        (json!({"formData": {}, "decision": "approve"}), vec![""]),
        (json!({"toolResult": 1}), vec!["/toolResult"]),
        (json!({"toolResult": {}}), vec!["/toolResult/executionId", "/toolResult/success"]),
        (json!({"toolResult": {"executionId": "x", "success": "yes"}}), vec!["/toolResult/success"]),
        (json!({"toolResult": {"executionId": "x", "success": false}}), vec!["/toolResult/error"]),
        (
            json!({"executionId": "y", "toolResult": {"executionId": "x", "success": true}}),
            vec!["/executionId"],
        ),
    ];
    for (body, expected) in cases {
        let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
        let faults = answer.faults(422, "invalid_request");
        let places: Vec<_> = faults.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(places, expected);
    }
}

#[actix_web::test]
async fn a_wait_whose_time_is_over() {
    let server = Server::start().await;
    let document = flow("Ask").api("start", []).approval("ask", "Go on?").expires_in(1000);
    let run = server.run(document.done("end", [("a", "b")]).build(), json!({})).await.run();
    server.clock.advance(Duration::from_secs(1));
    let body = json!({"decision": "approve", "executionId": format!("{run}:ask")});
    let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
    answer.problem(410, "wait_expired");
}
