//! Waits answered.

use std::time::Duration;

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::Server;

fn approval() -> Value {
    flow("Ask")
        .api("start", [])
        .approval("ask", "Go on?")
        .done(
            "end",
            [
                ("said", "{{approval.decision}}"),
                ("by", "{{approval.decidedBy}}"),
                ("why", "{{approval.message}}"),
            ],
        )
        .build()
}

fn tool() -> Value {
    flow("Tool").api("start", []).tool("look", "find", json!({})).done("end", [("found", "{{look}}")]).build()
}

#[actix_web::test]
async fn an_approval_is_decided_once() {
    let server = Server::start().await;
    let run = server.run(approval(), json!({})).await.run();
    let path = format!("/v1/flowrun/resume/{run}");
    let body = json!({"decision": "approve", "message": "Fine", "executionId": format!("{run}:ask")});
    let answer = server.post(&path).json(body.clone()).send().await;
    let expected = json!({
        "status": "completed",
        "appRunId": run,
        "output": {"said": "approve", "by": "Ada", "why": "Fine"},
        "version": 1,
        "durationMs": 0,
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    assert_eq!(answer.run(), run);
    server.post(&path).json(body).send().await.problem(409, "run_not_waiting");
}

#[actix_web::test]
async fn a_rejection_and_the_runs_own_id_as_execution() {
    let server = Server::start().await;
    let run = server.run(approval(), json!({})).await.run();
    let body = json!({"decision": "reject", "executionId": run});
    let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
    assert_eq!(answer.json()["output"]["said"], "reject");
}

#[actix_web::test]
async fn a_tool_succeeds_with_any_json() {
    let server = Server::start().await;
    for output in [json!({"a": [1, null]}), json!("text"), json!(null), json!(0)] {
        let run = server.run(tool(), json!({})).await.run();
        let body = json!({"toolResult": {
            "executionId": format!("{run}:look"), "success": true, "output": output,
        }});
        let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
        assert_eq!(answer.json()["output"], json!({"found": output}), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_tool_that_failed_fails_the_step() {
    let server = Server::start().await;
    let run = server.run(tool(), json!({})).await.run();
    let body =
        json!({"toolResult": {"executionId": format!("{run}:look"), "success": false, "error": "No luck"}});
    let answer = server.post(&format!("/v1/flowrun/resume/{run}")).json(body).send().await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("failed")));
    assert_eq!((&body["error"]["message"], &body["error"]["stepId"]), (&json!("No luck"), &json!("look")));
}

#[actix_web::test]
async fn a_run_may_wait_again_or_outlast_the_call() {
    let server = Server::start().await;
    let document = flow("Two")
        .api("start", [])
        .approval("one", "First?")
        .approval("two", "Second?")
        .step("job", "slow", json!({}))
        .done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({})).await.run();
    let path = format!("/v1/flowrun/resume/{run}");
    let ask = || server.post(&path).json(json!({"decision": "approve"}));
    let again = ask().send().await.json();
    assert_eq!((&again["status"], &again["waitState"]["stepId"]), (&json!("waiting"), &json!("two")));

    let time = async {
        server.slow.until_begun(1).await;
        server.clock.advance(Duration::from_secs(3));
    };
    let (answer, ()) = join(ask().header("prefer", "wait=3").send(), time).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json(), json!({"status": "running", "appRunId": run}));
    assert_eq!(answer.header("location"), format!("/v1/flowrun/poll/{run}"));
    server.slow.release_all();
}

#[actix_web::test]
async fn of_many_at_once_one_wins() {
    let server = Server::start().await;
    let run = server.run(approval(), json!({})).await.run();
    let path = format!("/v1/flowrun/resume/{run}");
    let calls = (0..10).map(|_| server.post(&path).json(json!({"decision": "approve"})).send());
    let answers = futures_util::future::join_all(calls).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        lost.problem(409, "run_not_waiting");
    }
}
