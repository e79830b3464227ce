//! What the program is for: a flow runs, waits for a person, and goes on.

use serde_json::json;

use crate::server::Home;
use crate::world::{World, risk_check};

#[tokio::test]
async fn a_waiting_run_survives_a_kill_and_goes_on_after_the_answer() {
    for home in Home::each() {
        let mut world = World::new(json!({ "name": "Ada", "risk": 90 }), 0).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let flow = client.publish(risk_check()).await;

        let waiting = client.execute(&flow, json!({ "customerId": "7", "api": world.url() })).await;
        assert_eq!(waiting.status, 200, "{}", waiting.body);
        assert_eq!(waiting.body["status"], "waiting");
        assert_eq!(waiting.body["pendingAction"]["message"], "Ada has a risk of 90. Go on?");
        assert_eq!(world.call().await.url.path(), "/customers/7");
        let run = waiting.body["appRunId"].as_str().unwrap();
        server.kill();

        let server = home.start();
        let client = server.client();
        let details = client.get(&format!("/v1/flowrun/details/{run}")).await;
        assert_eq!(details.body["status"], "waiting", "{}", details.body);
        let done = client.approve(run).await;
        assert_eq!(done.status, 200, "{}", done.body);
        assert_eq!(done.body["status"], "completed");
        assert_eq!(done.body["output"], json!({ "name": "Ada", "risk": 90, "decision": "approve" }));
        let again = client.approve(run).await;
        assert_eq!((again.status, &again.body["code"]), (409, &json!("run_not_waiting")));
    }
}

#[tokio::test]
async fn without_an_allowance_a_private_address_is_refused_and_the_error_names_the_setting() {
    let world = World::new(json!({}), 0).await;
    let home = Home::sqlite();
    let server = home.start();
    let client = server.client();
    let flow = client.publish(risk_check()).await;
    let failed = client.execute(&flow, json!({ "customerId": "7", "api": world.url() })).await;
    assert_eq!(failed.status, 500, "{}", failed.body);
    assert_eq!(failed.body["code"], "run_failed");
    let text = failed.body.to_string();
    assert!(text.contains("outbound_denied") && text.contains("FLOW_OUTBOUND__ALLOW"), "{text}");
}

#[tokio::test]
async fn the_same_key_is_the_same_run_also_after_a_kill() {
    for home in Home::each() {
        let server = home.start();
        let client = server.client();
        let flow = client.publish(crate::world::approval()).await;
        let path = format!("/v1/client/flow/{flow}/execute");
        let call = |client: &crate::client::Client| {
            client.request(reqwest::Method::POST, &path).header("Idempotency-Key", "k1").json(&json!({}))
        };
        let first = client.send(call(&client)).await;
        server.kill();
        let server = home.start();
        let client = server.client();
        let second = client.send(call(&client)).await;
        assert_eq!(first.status, 200, "{}", first.body);
        assert_eq!(first.body["appRunId"], second.body["appRunId"]);
        let other = client.request(reqwest::Method::POST, &path).header("Idempotency-Key", "k1");
        let other = client.send(other.json(&json!({ "x": 1 }))).await;
        assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency_key_reused")));
    }
}
