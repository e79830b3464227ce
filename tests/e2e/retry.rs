//! Time passes: between the attempts of a step, and in a `wait`. Neither is lost with the process.

use serde_json::{Value, json};

use crate::server::Home;
use crate::world::World;

/// A flow that calls the world up to three times, with that pause between.
fn trying(pause_ms: u64) -> Value {
    json!({
        "name": "Trying",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "load" },
            { "id": "load", "type": "http-request", "data": { "url": "{{inputs.api}}" }, "nextStepId": "end",
              "retry": { "maxAttempts": 3, "initialDelayMs": pause_ms, "backoff": "fixed" } },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "name", "output": "{{load.body.name}}" },
            ] } },
        ] },
    })
}

fn pausing() -> Value {
    json!({
        "name": "Pausing",
        "definition": { "steps": [
            { "id": "start", "type": "api", "data": { "fields": [] }, "nextStepId": "pause" },
            { "id": "pause", "type": "wait", "data": { "durationMs": 1000 }, "nextStepId": "end" },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "until", "output": "{{pause.until}}" },
            ] } },
        ] },
    })
}

/// The keys of the next calls.
async fn keys(world: &mut World, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..count {
        let call = world.call().await;
        keys.push(call.headers.get("idempotency-key").unwrap().to_str().unwrap().to_owned());
    }
    keys
}

#[tokio::test]
async fn a_failing_step_is_tried_again_under_the_same_key() {
    for home in Home::each() {
        let mut world = World::failing(json!({ "name": "Ada" }), 2).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let flow = client.publish(trying(50)).await;
        let run = client.start(&flow, json!({ "api": world.url() })).await;
        let ended = client.until_ended(&run).await;
        assert_eq!(ended["output"], json!({ "name": "Ada" }), "{ended}");
        assert_eq!(keys(&mut world, 3).await, vec![format!("{run}:load"); 3]);
        let details = client.get(&format!("/v1/flowrun/details/{run}")).await.body;
        assert_eq!(details["steps"][0]["attempt"], 3, "{details}");
    }
}

#[tokio::test]
async fn a_back_off_survives_a_kill() {
    for home in Home::each() {
        let mut world = World::failing(json!({ "name": "Ada" }), 2).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let flow = client.publish(trying(1500)).await;
        let run = client.start(&flow, json!({ "api": world.url() })).await;
        let retrying = client.until_event(&run, "step.retrying").await;
        assert_eq!(retrying["data"]["error"]["details"]["status"], 503, "{retrying}");
        server.kill();

        let server = home.start();
        let ended = server.client().until_ended(&run).await;
        assert_eq!(ended["output"], json!({ "name": "Ada" }), "{ended}");
        assert_eq!(keys(&mut world, 3).await, vec![format!("{run}:load"); 3]);
    }
}

#[tokio::test]
async fn a_wait_survives_a_kill() {
    for home in Home::each() {
        let server = home.start();
        let client = server.client();
        let flow = client.publish(pausing()).await;
        let run = client.start(&flow, json!({})).await;
        let opened = client.until_event(&run, "wait.opened").await;
        server.kill();

        let server = home.start();
        let client = server.client();
        let ended = client.until_ended(&run).await;
        assert_eq!(ended["status"], "completed", "{ended}");
        // Times of one format compare as text.
        let (due, until) = (opened["data"]["expiresAt"].as_str(), ended["output"]["until"].as_str());
        assert!(due.is_some() && due <= until, "{opened} {ended}");
    }
}
