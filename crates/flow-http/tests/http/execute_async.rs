//! Runs that outlast the call.

use std::time::Duration;

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::{Answer, Server};

fn slow() -> Value {
    flow("Slow")
        .api("start", [])
        .step("job", "slow", json!({}))
        .done("end", [("done", "{{job.done}}")])
        .build()
}

#[track_caller]
fn assert_accepted(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text);
    let body = answer.json();
    let run = answer.run();
    assert!(["queued", "running"].contains(&body["status"].as_str().unwrap()), "{body}");
    assert_eq!(body, json!({"status": body["status"], "appRunId": run}));
    assert_eq!(answer.header("location"), format!("/v1/flowrun/poll/{run}"));
    run
}

#[actix_web::test]
async fn respond_async_answers_before_the_run_ends() {
    let server = Server::start().await;
    let flow = server.publish(slow()).await;
    let ask = server.post(&format!("/v1/client/flow/{flow}/execute")).header("prefer", "respond-async");
    let answer = ask.send().await;
    assert_accepted(&answer);
    let poll = server.get(answer.header("location")).send().await.json();
    assert!(["queued", "running"].contains(&poll["status"].as_str().unwrap()), "{poll}");

    server.slow.release_all();
    server.slow.until_finished(1).await;
    let since = poll["seq"].as_u64().unwrap();
    let poll = completed(&server, answer.header("location"), since).await;
    assert_eq!(poll["output"], json!({"done": true}));
}

/// Polls until the run has ended.
async fn completed(server: &Server, location: &str, mut since: u64) -> Value {
    loop {
        let poll = server.get(&format!("{location}?since={since}&wait=30")).send().await.json();
        if poll["status"] == "completed" {
            return poll;
        }
        since = poll["seq"].as_u64().unwrap();
    }
}

#[actix_web::test]
async fn respond_async_holds_for_a_run_that_ends_or_pauses_at_once() {
    let server = Server::start().await;
    let quick = flow("Quick").api("start", []).done("end", [("a", "b")]).build();
    let pausing = flow("Pausing").api("start", []).approval("ask", "Go?").done("end", [("a", "b")]).build();
    for document in [quick, pausing] {
        let flow = server.publish(document).await;
        let path = format!("/v1/flow/execute/{flow}");
        let body = json!({"returnExecutionMetadata": true});
        let ask = server.post(&path).header("prefer", "respond-async").json(body);
        assert_accepted(&ask.send().await);
    }
}

#[actix_web::test]
async fn a_wait_bounds_the_call_and_not_the_run() {
    let server = Server::start().await;
    let flow = server.publish(slow()).await;
    let path = format!("/v1/client/flow/{flow}/execute");
    for (prefer, bound) in [("wait=5", 5), ("respond-async, wait=5", 5), ("", 60), ("wait=never", 60)] {
        let begun = server.slow.calls().len();
        let call = server.post(&path).header("prefer", prefer).send();
        let time = async {
            server.slow.until_begun(begun + 1).await;
            server.clock.advance(Duration::from_secs(bound));
        };
        let (answer, ()) = join(call, time).await;
        assert_accepted(&answer);
    }
    let call = server.post(&path).header("prefer", "wait=0").send().await;
    assert_accepted(&call);

    server.slow.release_all();
    let call = server.post(&path).header("prefer", "wait=5").send().await;
    assert_eq!((call.status.as_u16(), call.json()), (200, json!({"done": true})));
}

#[actix_web::test]
async fn a_caller_that_goes_away_leaves_its_run() {
    let server = Server::start().await;
    let flow = server.publish(slow()).await;
    let path = format!("/v1/client/flow/{flow}/execute");
    let ask = || server.post(&path).header("idempotency-key", "k").send();
    {
        let call = Box::pin(ask());
        let begun = Box::pin(server.slow.until_begun(1));
        futures_util::future::select(call, begun).await;
    }
    server.slow.release_all();
    server.slow.until_finished(1).await;
    let again = ask().await;
    assert_eq!((again.status.as_u16(), again.json()), (200, json!({"done": true})));
    assert_eq!(server.slow.calls().len(), 1);
}
