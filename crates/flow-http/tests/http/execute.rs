//! Runs that end well or wait, by both routes.

use flow_engine::EngineError;
use flow_http::{ApiError, Code};
use flow_testkit::documents::{defaulted, flow, required};
use serde_json::{Value, json};

use crate::server::Server;

fn greeting() -> Value {
    let fields = [required("who", "string"), defaulted("times", "number", 2)];
    flow("Greeting")
        .api("start", fields)
        .done("end", [("text", "Hello {{who}}"), ("times", "{{times}}"), ("by", "{{currentUser.name}}")])
        .build()
}

#[actix_web::test]
async fn a_client_gets_the_bare_output() {
    let server = Server::start().await;
    let answer = server.run(greeting(), json!({"who": "Bob"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json(), json!({"text": "Hello Bob", "times": 2, "by": "Ada"}));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let details = server.get(&format!("/v1/flowrun/details/{}", answer.run())).send().await.json();
    assert_eq!((&details["status"], &details["version"]), (&json!("completed"), &json!(1)));
}

#[actix_web::test]
async fn no_body_stands_for_no_inputs() {
    let server = Server::start().await;
    let flow = server.publish(flow("F").api("start", []).done("end", [("a", "b")]).build()).await;
    let answer = server.post(&format!("/v1/client/flow/{flow}/execute")).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"a": "b"})));
    let answer = server.post(&format!("/v1/flow/execute/{flow}")).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"a": "b"})));
}

#[actix_web::test]
async fn the_dashboard_gets_the_bare_output_of_the_draft() {
    let server = Server::start().await;
    let flow = server.create(greeting()).await;
    let body = json!({"inputs": {"who": "Bob"}});
    let answer = server.post(&format!("/v1/flow/execute/{flow}")).json(body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["text"], "Hello Bob");
}

#[actix_web::test]
async fn metadata_tells_the_run() {
    let server = Server::start().await;
    let flow = server.publish(greeting()).await;
    let path = format!("/v1/flow/execute/{flow}");
    let body = json!({
        "inputs": {"who": "Bob"}, "returnExecutionMetadata": true, "version": 1,
        "trigger": {"type": "api", "data": {"from": "a test"}},
    });
    let answer = server.post(&path).json(body).send().await;
    let expected = json!({
        "status": "completed",
        "appRunId": answer.run(),
        "output": {"text": "Hello Bob", "times": 2, "by": "Ada"},
        "version": 1,
        "durationMs": 0,
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    let poll = server.get(&format!("/v1/flowrun/poll/{}", answer.run())).send().await.json();
    let trigger = json!({"stepId": "start", "type": "api", "data": {"from": "a test"}});
    assert_eq!(poll["events"][0]["data"]["trigger"], trigger);
}

#[actix_web::test]
async fn inputs_that_dont_fit_make_no_run() {
    let server = Server::start().await;
    let flow = server.publish(greeting()).await;
    let fault = |at: &str, code: &str| (at.to_owned(), code.to_owned());
    let bare = server.post(&format!("/v1/client/flow/{flow}/execute")).json(json!({"times": "x"}));
    let faults = bare.send().await.faults(422, "invalid_inputs");
    assert_eq!(faults, [fault("/who", "required"), fault("/times", "wrong_type")]);
    let dashboard = server.post(&format!("/v1/flow/execute/{flow}")).json(json!({"inputs": {"who": 1}}));
    let faults = dashboard.send().await.faults(422, "invalid_inputs");
    assert_eq!(faults, [fault("/inputs/who", "wrong_type")]);
}

#[actix_web::test]
async fn every_fault_of_the_envelope_is_told_at_once() {
    let server = Server::start().await;
    let flow = server.publish(greeting()).await;
    let path = format!("/v1/flow/execute/{flow}");
    let body = json!({
        "inputs": [], "returnExecutionMetadata": "yes", "version": "newest", "trigger": {"data": 1},
    });
    let faults = server.post(&path).json(body).send().await.faults(422, "invalid_request");
    let places: Vec<_> = faults.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/inputs", "/returnExecutionMetadata", "/version", "/trigger/type"]);
    let faults = server.post(&path).json(json!({"version": 1.5})).send().await.faults(422, "invalid_request");
    assert_eq!(faults.len(), 1, "{faults:?}");
}

#[actix_web::test]
async fn a_version_is_chosen_by_the_query() {
    let server = Server::start().await;
    let flow = server.publish(greeting()).await;
    let ask = |version: &str| {
        let path = format!("/v1/client/flow/{flow}/execute?version={version}");
        server.post(&path).json(json!({"who": "Bob"})).send()
    };
    for right in ["", "latest", "1", "1.0.0", "v1.0.0", "%5E1.0"] {
        assert_eq!(ask(right).await.status, 200, "{right}");
    }
    for missing in ["7", "2.0.0", "%5E2"] {
        ask(missing).await.problem(404, "version_not_found");
    }
    let faults = ask("newest").await.faults(422, "invalid_request");
    assert_eq!(faults, [("?version".to_owned(), "invalid_parameter".to_owned())]);
}

#[actix_web::test]
async fn a_flow_that_clients_cant_run_is_refused() {
    let server = Server::start().await;
    let draft = server.create(greeting()).await;
    let answer = server.post(&format!("/v1/client/flow/{draft}/execute")).send().await;
    answer.problem(409, "no_published_version");

    let answer = server.post(&format!("/v1/flow/execute/{draft}")).json(json!({"trigger": {"type": "form"}}));
    answer.send().await.problem(409, "no_trigger");
    assert_eq!(ApiError::from(EngineError::NoTrigger("api".to_owned())).code(), Code::NoApiTrigger);

    let faulty = server.create(flow("Faulty").api("start", []).build()).await;
    let answer = server.post(&format!("/v1/flow/execute/{faulty}")).send().await;
    assert!(!answer.faults(422, "invalid_definition").is_empty());
}

#[actix_web::test]
async fn a_paused_run_answers_at_once_in_both_modes() {
    let server = Server::start().await;
    let document = flow("Ask").api("start", []).approval("ask", "Go on?").with("name", "Ask them");
    let document = document.expires_in(60_000).done("end", [("said", "{{approval.decision}}")]).build();
    let answer = server.run(document.clone(), json!({})).await;
    let run = answer.run();
    let execution = format!("{run}:ask");
    let state = json!({
        "type": "user-approval", "stepId": "ask", "stepName": "Ask them", "executionId": execution,
        "message": "Go on?", "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2026-01-01T00:01:00.000Z",
    });
    let action = json!({
        "type": "user-approval", "executionId": execution, "message": "Go on?",
        "decisions": ["approve", "reject"],
    });
    let expected = json!({
        "status": "waiting", "appRunId": run, "waitState": state, "pendingAction": action,
        "waitStates": [state], "pendingActions": [action],
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));

    let flow = server.create(document).await;
    let path = format!("/v1/flow/execute/{flow}");
    let answer = server.post(&path).json(json!({"returnExecutionMetadata": true})).send().await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("waiting")));
    assert_eq!((&body["output"], &body["version"]), (&json!(null), &json!(null)));
    assert_eq!(body["pendingAction"]["executionId"], format!("{}:ask", answer.run()));
    assert_eq!(body["waitState"]["stepName"], "Ask them");
}

#[actix_web::test]
async fn a_client_tool_is_asked_for_with_its_arguments() {
    let server = Server::start().await;
    let document = flow("Tool").api("start", []).tool("look", "find", json!({"q": "{{inputs.q}}"}));
    let answer = server.run(document.done("end", [("a", "{{look}}")]).build(), json!({"q": "x"})).await;
    let execution = format!("{}:look", answer.run());
    let body = answer.json();
    let action = json!({
        "type": "client-tool", "executionId": execution, "toolName": "find", "args": {"q": "x"},
        "timestamp": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(body["pendingAction"], action);
    let state = json!({
        "type": "client-tool", "stepId": "look", "stepName": "look", "executionId": execution,
        "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": null,
    });
    assert_eq!(body["waitState"], state);
}
