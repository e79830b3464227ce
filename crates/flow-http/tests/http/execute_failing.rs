//! Runs that fail, by both routes.

use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::server::Server;

fn failing(change: impl FnOnce(Builder) -> Builder) -> Value {
    let last = flow("Failing").api("start", []).fail("stop", "Out of stock").with("name", "Stop here");
    change(last).step("end", "final", json!({"outputs": []})).build()
}

fn reachable(document: Value) -> Value {
    // The builder's `final` stands alone after a `fail`; a failing flow needs none that can be reached.
    let mut document = document;
    let steps = document["definition"]["steps"].as_array_mut().unwrap();
    let branches = json!({"branches": [{"name": "no", "condition": "false", "nextStepId": "end"}],
        "elseStepId": "stop"});
    steps[0]["nextStepId"] = json!("either");
    steps.insert(1, json!({"id": "either", "type": "condition", "data": branches}));
    document
}

#[actix_web::test]
async fn a_client_gets_a_problem_that_names_the_step() {
    let server = Server::start().await;
    let document = reachable(failing(|step| step.data("code", "no_stock")));
    let answer = server.run(document, json!({})).await;
    let problem = answer.problem(500, "run_failed");
    assert_eq!(problem["message"], "Out of stock");
    assert_eq!(problem["appRunId"], answer.run());
    assert_eq!((&problem["stepId"], &problem["stepName"]), (&json!("stop"), &json!("Stop here")));
    assert_eq!(problem["errorCode"], "no_stock");
}

#[actix_web::test]
async fn a_fail_step_chooses_the_status() {
    let server = Server::start().await;
    for status in [402, 503] {
        let document = reachable(failing(|step| step.data("httpStatus", status)));
        let answer = server.run(document, json!({})).await;
        answer.problem(status, "run_failed");
        assert_eq!(answer.header("retry-after"), "");
    }
}

#[actix_web::test]
async fn metadata_tells_the_error() {
    let server = Server::start().await;
    let document = failing(|step| {
        step.data("code", "no_stock").data("httpStatus", 402).data("details", json!({"left": 0}))
    });
    let flow = server.publish(reachable(document)).await;
    let body = json!({"returnExecutionMetadata": true});
    let answer = server.post(&format!("/v1/flow/execute/{flow}")).json(body).send().await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("failed")));
    assert_eq!(body["appRunId"], answer.run());
    assert_eq!(body["output"], json!(null));
    let error = &body["error"];
    assert_eq!((&error["code"], &error["message"]), (&json!("no_stock"), &json!("Out of stock")));
    assert_eq!((&error["stepId"], &error["stepName"]), (&json!("stop"), &json!("Stop here")));
    assert_eq!(error["details"], json!({"left": 0}));
    assert!(error.get("httpStatus").is_none());
}

#[actix_web::test]
async fn a_failing_step_fails_the_run() {
    let server = Server::start().await;
    server.work.push(Err(flow_engine::StepError::new("broken", "It broke")));
    let document = flow("Work").api("start", []).step("job", "work", json!({})).done("end", [("a", "b")]);
    let answer = server.run(document.build(), json!({})).await;
    let problem = answer.problem(500, "run_failed");
    assert_eq!((&problem["errorCode"], &problem["stepId"]), (&json!("broken"), &json!("job")));
}
