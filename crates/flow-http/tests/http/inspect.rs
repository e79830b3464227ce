//! Runs polled and looked into.

use std::time::Duration;

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::Server;

#[actix_web::test]
async fn a_poll_shows_events_after_a_number() {
    let server = Server::start().await;
    let document =
        flow("Work").api("start", []).step("job", "work", json!({"a": 1})).done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({"n": 1})).await.run();
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
    assert_eq!((&poll["appRunId"], &poll["status"]), (&json!(run), &json!("completed")));
    assert_eq!(poll["output"], json!({"a": "b"}));
    let events = poll["events"].as_array().unwrap();
    let seqs: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(poll["seq"], json!(seqs.len()));
    assert_eq!(events[1]["type"], "step.started");
    assert_eq!((&events[1]["stepId"], &events[1]["visit"]), (&json!("job"), &json!("job")));
    assert_eq!(events[1]["data"], json!({"input": {"a": 1}}));
    assert!(events[0].get("stepId").is_none());

    let poll = server.get(&format!("/v1/flowrun/poll/{run}?since=2&wait=30")).send().await.json();
    assert_eq!(poll["events"][0]["seq"], 3);
    let poll = server.get(&format!("/v1/flowrun/poll/{run}?since=99&wait=30")).send().await.json();
    assert_eq!((&poll["events"], &poll["seq"]), (&json!([]), &json!(seqs.len())));
}

#[actix_web::test]
async fn a_poll_is_held_within_its_bound() {
    let server = Server::start().await;
    let document = flow("Ask").api("start", []).approval("ask", "Go on?").done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({})).await.run();
    let seq = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json()["seq"].as_u64().unwrap();
    let poll = |wait: u64| server.get(&format!("/v1/flowrun/poll/{run}?since={seq}&wait={wait}")).send();
    assert_eq!(poll(0).await.json()["events"], json!([]));
    let parked = server.clock.sleepers();
    for (wait, bound) in [(5, 5), (1000, 30)] {
        let time = async {
            for _ in 0..bound {
                server.clock.parked(parked + 1).await;
                server.clock.advance(Duration::from_secs(1));
            }
        };
        let (answer, ()) = join(poll(wait), time).await;
        assert_eq!((&answer.json()["events"], &answer.json()["status"]), (&json!([]), &json!("waiting")));
    }
    let resume = server.post(&format!("/v1/flowrun/resume/{run}")).json(json!({"decision": "approve"}));
    let (held, _) = join(poll(30), resume.send()).await;
    assert_eq!(held.json()["events"][0]["type"], "wait.resolved");
}

#[actix_web::test]
async fn a_faulty_query_is_told_whole() {
    let server = Server::start().await;
    let document = flow("Quick").api("start", []).done("end", [("a", "b")]).build();
    let run = server.run(document, json!({})).await.run();
    let answer = server.get(&format!("/v1/flowrun/poll/{run}?since=-1&wait=soon")).send().await;
    let faults = answer.faults(422, "invalid_request");
    let places: Vec<_> = faults.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["?since", "?wait"]);
}

#[actix_web::test]
async fn a_failed_run_tells_why_in_a_poll_and_in_details() {
    let server = Server::start().await;
    server.work.push(Err(flow_engine::StepError::new("broken", "It broke")));
    let document = flow("Work").api("start", []).step("job", "work", json!({})).done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({})).await.run();
    for path in ["poll", "details"] {
        let body = server.get(&format!("/v1/flowrun/{path}/{run}")).send().await.json();
        assert_eq!(body["status"], "failed");
        assert_eq!((&body["error"]["code"], &body["error"]["stepId"]), (&json!("broken"), &json!("job")));
    }
    let details = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
    let step = &details["steps"][0];
    assert_eq!((&step["stepId"], &step["status"]), (&json!("job"), &json!("failed")));
    assert_eq!(step["error"]["message"], "It broke");
}

#[actix_web::test]
async fn details_cut_what_is_long() {
    let server = Server::start().await;
    server.work.push(Ok(json!("y".repeat(10_000))));
    let document = flow("Work")
        .api("start", [])
        .step("job", "work", json!({"text": "{{inputs.text}}"}))
        .done("end", [("length", "{{job.length}}")]);
    let text = "é".repeat(4_000);
    let run = server.run(document.build(), json!({"text": text})).await.run();
    let details = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
    let length = |value: &Value| value.as_str().unwrap().len();
    assert_eq!(details["inputsTruncated"], true);
    assert!((4_095..=4_096).contains(&length(&details["inputs"])));
    assert_eq!(details["output"], json!({"length": 10_000}));
    assert!(details.get("outputTruncated").is_none());
    let step = &details["steps"][0];
    assert_eq!((&step["inputTruncated"], &step["outputTruncated"]), (&json!(true), &json!(true)));
    assert_eq!(length(&step["output"]), 4_096);
}
