//! A wait for the clock asks nobody: no caller is told to act, and none can.

use std::time::Duration;

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Waits for an hour.
fn pausing() -> Value {
    flow("Pausing")
        .api("start", [])
        .step("pause", "wait", json!({"durationMs": 3_600_000}))
        .done("end", [("until", "{{pause.until}}")])
        .build()
}

/// Sends a call that is held for two seconds.
async fn held(server: &Server, path: &str, body: Value) -> Answer {
    let parked = server.clock.sleepers();
    let call = server.post(path).header("prefer", "wait=2").json(body).send();
    let time = async {
        for _ in 0..2 {
            server.clock.parked(parked + 1).await;
            server.clock.advance(Duration::from_secs(1));
        }
    };
    join(call, time).await.0
}

#[track_caller]
fn assert_accepted(answer: &Answer) {
    let run = answer.run();
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json(), json!({"status": "running", "appRunId": run}));
    assert_eq!(answer.header("location"), format!("/v1/flowrun/poll/{run}"));
}

#[actix_web::test]
async fn a_call_is_held_to_its_bound_and_then_accepted() {
    let server = Server::start().await;
    let flow = server.publish(pausing()).await;
    let bare = held(&server, &format!("/v1/client/flow/{flow}/execute"), json!({})).await;
    assert_accepted(&bare);
    let body = json!({"returnExecutionMetadata": true});
    let metadata = held(&server, &format!("/v1/flow/execute/{flow}"), body).await;
    assert_accepted(&metadata);

    let document = flow_testkit::documents::flow("Ask")
        .api("start", [])
        .approval("ask", "Go on?")
        .step("pause", "wait", json!({"durationMs": 3_600_000}))
        .done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({})).await.run();
    let path = format!("/v1/flowrun/resume/{run}");
    assert_accepted(&held(&server, &path, json!({"decision": "approve"})).await);
}

#[actix_web::test]
async fn only_details_show_it_and_nobody_can_answer_it() {
    let server = Server::start().await;
    let flow = server.publish(pausing()).await;
    let run = held(&server, &format!("/v1/client/flow/{flow}/execute"), json!({})).await.run();
    let path = format!("/v1/flowrun/poll/{run}");
    let poll = server.get(&path).send().await.json();
    assert_eq!(poll["status"], "waiting");
    for member in ["waitState", "waitStates", "pendingAction", "pendingActions"] {
        assert!(poll.get(member).is_none(), "{poll}");
    }
    let opened = poll["events"].as_array().unwrap().last().unwrap();
    let expected = json!({
        "type": "wait", "executionId": format!("{run}:pause"), "expiresAt": "2026-01-01T01:00:00.000Z",
    });
    assert_eq!((&opened["type"], &opened["data"]), (&json!("wait.opened"), &expected));

    let details = format!("/v1/flowrun/details/{run}");
    let shown = server.get(&details).send().await.json();
    assert_eq!((&shown["waits"][0]["type"], &shown["waits"][0]["status"]), (&json!("wait"), &json!("open")));
    assert_eq!((&shown["waitState"]["type"], &shown["pendingActions"]), (&json!("wait"), &json!([])));
    assert!(shown.get("pendingAction").is_none() && shown["waits"][0].get("pendingAction").is_none());

    let named = format!("{run}:pause");
    for body in [json!({"decision": "approve"}), json!({"formData": {}}), json!({"data": 1})] {
        for execution in [None, Some(&run), Some(&named)] {
            let mut body = body.clone();
            execution.into_iter().for_each(|execution| body["executionId"] = json!(execution));
            let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
            answer.problem(409, "run_not_waiting");
        }
    }

    server.clock.advance(HOUR);
    let mut poll = poll;
    while poll["status"] != "completed" {
        poll = server.get(&format!("{path}?since={}&wait=30", poll["seq"])).send().await.json();
    }
    let wait = server.get(&details).send().await.json()["waits"][0].clone();
    assert_eq!(wait["status"], "resolved");
    assert_eq!(wait["resolvedAt"], poll["output"]["until"]);
    assert!(wait.get("resolution").is_none(), "{wait}");
}
