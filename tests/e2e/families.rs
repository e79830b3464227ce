//! A run that waits for another one, which waits for a person: what a kill and a cancel do to the two.

use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Home, Server};

fn asking() -> Value {
    json!({ "name": "Asking", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "ask" },
        { "id": "ask", "type": "user-approval", "data": { "message": "Go on?" }, "nextStepId": "end" },
        { "id": "end", "type": "final",
          "data": { "outputs": [{ "name": "said", "output": "{{approval.decision}}" }] } },
    ] } })
}

fn calling(flow: &str) -> Value {
    json!({ "name": "Calling", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "call" },
        { "id": "call", "type": "run-flow", "data": { "flowId": flow }, "nextStepId": "end" },
        { "id": "end", "type": "final", "data": { "outputs": [{ "name": "told", "output": "{{call.said}}" }] } },
    ] } })
}

/// A server, a run that waits for its child, and that child, which waits for an approval.
async fn waiting(home: &Home) -> (Server, String, String) {
    let server = home.start();
    let client = server.client();
    let child = client.publish(asking()).await;
    let parent = client.publish(calling(&child)).await;
    let waiting = client.execute(&parent, json!({})).await;
    assert_eq!(waiting.body["status"], "waiting", "{}", waiting.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (run, child) = (&waiting.body["appRunId"], &waiting.body["pendingAction"]["appRunId"]);
    assert_ne!(run, child);
    (server, text(run), text(child))
}

async fn status(client: &Client, run: &str) -> Value {
    client.get(&format!("/v1/flowrun/poll/{run}")).await.body["status"].clone()
}

#[tokio::test]
async fn a_kill_while_both_wait_loses_neither() {
    for home in Home::each() {
        let (server, parent, child) = waiting(&home).await;
        server.kill();

        let server = home.start();
        let client = server.client();
        assert_eq!(
            (status(&client, &parent).await, status(&client, &child).await),
            ("waiting".into(), "waiting".into())
        );
        assert_eq!(client.approve(&child).await.status, 200);
        assert_eq!(client.until_ended(&child).await["output"], json!({ "said": "approve" }));
        assert_eq!(client.until_ended(&parent).await["output"], json!({ "told": "approve" }));
    }
}

#[tokio::test]
async fn a_kill_behind_the_answer_loses_neither() {
    for home in Home::each() {
        let (server, parent, child) = waiting(&home).await;
        assert_eq!(server.client().approve(&child).await.status, 200);
        server.kill();

        let server = home.start();
        let client = server.client();
        assert_eq!(client.until_ended(&parent).await["output"], json!({ "told": "approve" }));
        assert_eq!(client.until_ended(&child).await["output"], json!({ "said": "approve" }));
    }
}

#[tokio::test]
async fn a_cancel_of_the_parent_cancels_the_child_also_over_a_kill() {
    for home in Home::each() {
        let (server, parent, child) = waiting(&home).await;
        server.kill();

        let server = home.start();
        assert_eq!(server.client().cancel(&parent).await.status, 200);
        server.kill();

        let server = home.start();
        let client = server.client();
        for run in [&parent, &child] {
            assert_eq!(client.until_ended(run).await["status"], "cancelled", "{run}");
            let late = client.approve(run).await;
            assert_eq!((late.status, &late.body["code"]), (409, &json!("run_not_waiting")), "{}", late.body);
        }
    }
}
