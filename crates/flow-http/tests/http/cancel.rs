//! Runs cancelled.

use flow_testkit::documents::flow;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::server::{NOBODY, Server};

fn slow() -> Value {
    flow("Slow").api("start", []).step("job", "slow", json!({})).done("end", [("a", "b")]).build()
}

#[actix_web::test]
async fn a_waiting_run_ends_as_cancelled_once() {
    let server = Server::start().await;
    let document = flow("Ask").api("start", []).approval("ask", "Go on?").done("end", [("a", "b")]);
    let run = server.run(document.build(), json!({})).await.run();
    let path = format!("/v1/flowrun/cancel/{run}");
    let answer = server.post(&path).send().await;
    let expected =
        json!({"status": "cancelled", "appRunId": run, "output": null, "version": 1, "durationMs": 0});
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
    server.post(&path).send().await.problem(409, "run_finished");
    let resume = server.post(&format!("/v1/flowrun/resume/{run}")).json(json!({"decision": "approve"}));
    resume.send().await.problem(409, "run_not_waiting");
}

#[actix_web::test]
async fn who_waits_for_the_run_is_told() {
    let server = Server::start().await;
    let flow = server.publish(slow()).await;
    for metadata in [false, true] {
        let begun = server.slow.calls().len();
        let key = format!("k{metadata}");
        let path = format!("/v1/flow/execute/{flow}");
        let call = || {
            let body = json!({"returnExecutionMetadata": metadata});
            server.post(&path).header("idempotency-key", &key).json(body)
        };
        let cancel = async {
            server.slow.until_begun(begun + 1).await;
            let run = call().header("prefer", "respond-async").send().await.run();
            server.post(&format!("/v1/flowrun/cancel/{run}")).send().await
        };
        let (answer, cancelled) = join(call().send(), cancel).await;
        assert_eq!(cancelled.json()["status"], "cancelled");
        if metadata {
            assert_eq!((answer.status.as_u16(), &answer.json()["status"]), (200, &json!("cancelled")));
        } else {
            let problem = answer.problem(409, "run_cancelled");
            assert_eq!(problem["appRunId"], cancelled.run());
        }
    }
}

#[actix_web::test]
async fn what_cant_be_cancelled() {
    let server = Server::start().await;
    server.post(&format!("/v1/flowrun/cancel/{NOBODY}")).send().await.problem(404, "run_not_found");
    let document = flow("Quick").api("start", []).done("end", [("a", "b")]).build();
    let run = server.run(document, json!({})).await.run();
    server.post(&format!("/v1/flowrun/cancel/{run}")).send().await.problem(409, "run_finished");
}
