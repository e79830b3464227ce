//! Flows that run other flows, as their callers see it.

use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

use crate::server::Server;

fn asking() -> Value {
    flow("Asking")
        .api("start", [required("who", "string")])
        .approval("ask", "Let {{who}} in?")
        .done("end", [("decision", "{{ask.decision}}")])
        .build()
}

fn calling(inner: &str) -> Value {
    flow("Calling")
        .api("start", [required("who", "string")])
        .step("call", "run-flow", json!({"flowId": inner, "inputs": {"who": "{{who}}"}}))
        .done("end", [("answer", "{{call.decision}}")])
        .build()
}

#[actix_web::test]
async fn a_caller_is_told_what_the_other_run_asks_and_answers_it_there() {
    let server = Server::start().await;
    let inner = server.publish(asking()).await;
    let middle = server.publish(calling(&inner)).await;
    let answer = server.run(calling(&middle), json!({"who": "Ada"})).await;
    let (run, body) = (answer.run(), answer.json());
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("waiting")), "{body:#}");
    let action = &body["pendingAction"];
    let child = action["appRunId"].as_str().unwrap();
    assert_eq!(
        action,
        &json!({
            "type": "user-approval", "executionId": format!("{child}:ask"), "message": "Let Ada in?",
            "decisions": ["approve", "reject"], "appRunId": child,
        })
    );
    assert_eq!(body["pendingActions"], json!([action]));
    let state = json!({
        "type": "run-flow", "stepId": "call", "stepName": "call", "executionId": format!("{run}:call"),
        "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": null,
    });
    assert_eq!((&body["waitState"], &body["waitStates"]), (&state, &json!([state])));
    for path in ["poll", "details"] {
        let shown = server.get(&format!("/v1/flowrun/{path}/{run}")).send().await.json();
        assert_eq!((&shown["pendingAction"], &shown["waitState"]), (action, &state), "{path}");
    }

    let decision = json!({"decision": "approve"});
    let resume = |run: &str| server.post(&format!("/v1/flowrun/resume/{run}")).json(decision.clone());
    resume(&run).send().await.problem(409, "run_not_waiting");
    let resumed = resume(child).send().await;
    assert_eq!(resumed.json()["output"], json!({"decision": "approve"}), "{}", resumed.text);
    let ended = server.get(&format!("/v1/flowrun/poll/{run}?since=3&wait=30")).send().await.json();
    let types: Vec<_> = ended["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(types[..2], ["child.finished", "step.completed"], "{ended:#}");
    let finished = &ended["events"][0]["data"];
    assert_eq!(
        (&finished["status"], &finished["output"]),
        (&json!("completed"), &json!({"answer": "approve"}))
    );
}

#[actix_web::test]
async fn a_failure_below_is_the_callers_problem() {
    let server = Server::start().await;
    let inner = server.publish(asking()).await;
    let document = flow("Calling")
        .api("start", [])
        .step("call", "run-flow", json!({"flowId": inner, "inputs": {"who": 5}}))
        .done("end", [("answer", "{{call.decision}}")])
        .build();
    let problem = server.run(document, json!({})).await.problem(500, "run_failed");
    assert_eq!(
        (&problem["stepId"], &problem["errorCode"]),
        (&json!("call"), &json!("inputs_invalid")),
        "{problem:#}"
    );
}
