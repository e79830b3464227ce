//! What a poll and the details tell of steps that were tried again, passed over, or failed without failing the
//! run.

use std::time::Duration;

use flow_engine::StepError;
use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::server::Server;

fn job() -> Builder {
    flow("Work").api("start", []).step("job", "work", json!({"a": 1}))
}

async fn poll(server: &Server, run: &str) -> Value {
    server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json()
}

async fn steps(server: &Server, run: &str) -> Value {
    server.get(&format!("/v1/flowrun/details/{run}")).send().await.json()["steps"].clone()
}

fn event<'p>(poll: &'p Value, kind: &str) -> &'p Value {
    let events = poll["events"].as_array().unwrap();
    events.iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {poll:#}"))
}

#[actix_web::test]
async fn a_step_that_backs_off_tells_why_and_when_it_is_tried_again() {
    let server = Server::start().await;
    server.work.push(Err(StepError::new("network", "No route")));
    let retry = json!({"maxAttempts": 2, "initialDelayMs": 60_000});
    let document = job().with("retry", retry).done("end", [("done", "{{job.done}}")]);
    let flow = server.publish(document.build()).await;
    let execute = format!("/v1/client/flow/{flow}/execute");
    let run = server.post(&execute).header("prefer", "respond-async").send().await.run();
    let path = format!("/v1/flowrun/poll/{run}");
    let mut seen = poll(&server, &run).await;
    while !seen["events"].as_array().unwrap().iter().any(|event| event["type"] == "step.retrying") {
        server.get(&format!("{path}?since={}&wait=30", seen["seq"])).send().await;
        seen = poll(&server, &run).await;
    }
    assert_eq!(seen["status"], "running");
    let error = json!({
        "code": "network", "message": "No route", "stepId": "job", "stepName": "job", "attempt": 1,
    });
    let retrying = event(&seen, "step.retrying");
    let expected = json!({"error": error, "dueAt": "2026-01-01T00:01:00.000Z"});
    assert_eq!((&retrying["stepId"], &retrying["data"]), (&json!("job"), &expected));
    let row = steps(&server, &run).await[0].clone();
    assert_eq!((&row["status"], &row["attempt"]), (&json!("running"), &json!(1)));
    assert_eq!((&row["error"], &row["nextAttemptAt"]), (&error, &json!("2026-01-01T00:01:00.000Z")));

    server.clock.advance(Duration::from_secs(60));
    while seen["status"] != "completed" {
        seen = server.get(&format!("{path}?since={}&wait=30", seen["seq"])).send().await.json();
    }
    assert_eq!(seen["output"], json!({"done": true}));
    let all = poll(&server, &run).await;
    let fired = event(&all, "timer.fired");
    assert_eq!((&fired["visit"], &fired["data"]), (&json!("job"), &json!({})));
    let row = steps(&server, &run).await[0].clone();
    assert_eq!((&row["status"], &row["attempt"]), (&json!("completed"), &json!(2)));
    assert_eq!(row["error"], json!(null));
    assert!(row.get("nextAttemptAt").is_none());
}

#[actix_web::test]
async fn a_step_that_was_passed_over_is_skipped() {
    let server = Server::start().await;
    let document = job().with("when", "false").done("end", [("job", "{{job}}")]);
    let answer = server.run(document.build(), json!({})).await;
    assert_eq!(answer.json(), json!({"job": null}));
    let seen = poll(&server, &answer.run()).await;
    let skipped = event(&seen, "step.skipped");
    assert_eq!((&skipped["stepId"], &skipped["data"]), (&json!("job"), &json!({})));
    let row = steps(&server, &answer.run()).await[0].clone();
    assert_eq!(
        (&row["status"], &row["output"], &row["error"]),
        (&json!("skipped"), &json!(null), &json!(null))
    );
}

#[actix_web::test]
async fn a_failure_tells_who_took_care_of_it() {
    let server = Server::start().await;
    let handler = |document: Builder| document.ends().done("sorry", [("problem", "{{error.code}}")]);
    let end = |document: Builder| document.done("end", [("a", "b")]);
    let cases = [
        (end(job().with("onError", "continue")), json!("continue"), json!({"a": "b"})),
        (
            handler(job().with("onError", json!({"stepId": "sorry"}))),
            json!("step"),
            json!({"problem": "broken"}),
        ),
        (
            handler(job().setting("onError", json!({"stepId": "sorry"}))),
            json!("flow"),
            json!({"problem": "broken"}),
        ),
    ];
    for (document, handled_by, output) in cases {
        server.work.push(Err(StepError::new("broken", "It broke")));
        let answer = server.run(document.build(), json!({})).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, output), "{handled_by}");
        let seen = poll(&server, &answer.run()).await;
        let failed = event(&seen, "step.failed");
        assert_eq!(failed["data"]["handledBy"], handled_by);
        let row = steps(&server, &answer.run()).await[0].clone();
        assert_eq!((&row["status"], &row["error"]["code"]), (&json!("failed"), &json!("broken")));
        let shown = &row["output"]["error"]["message"];
        assert_eq!(shown == "It broke", handled_by == "continue", "{row}");
    }

    server.work.push(Err(StepError::new("broken", "It broke")));
    let run = server.run(end(job()).build(), json!({})).await.run();
    let seen = poll(&server, &run).await;
    for kind in ["step.failed", "run.failed"] {
        let data = &event(&seen, kind)["data"];
        assert_eq!(data["error"]["code"], "broken");
        assert!(data.get("handledBy").is_none(), "{data}");
    }
}
