//! SIGTERM: what is under way comes to an end first.

use std::time::Duration;

use serde_json::json;

use crate::server::Home;
use crate::world::{World, risk_check};

#[tokio::test]
async fn a_stop_ends_in_time_and_tells_whoever_still_waits_that_the_run_goes_on() {
    let mut world = World::new(json!({ "name": "Ada", "risk": 10 }), 1).await;
    let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", &world.address());
    let home = home.set("FLOW_SHUTDOWN_SECONDS", "2");
    let server = home.start();
    let client = server.client();
    let flow = client.publish(risk_check()).await;
    let inputs = json!({ "customerId": "7", "api": world.url() });
    let began = tokio::time::Instant::now();
    let (running, ()) = tokio::join!(client.execute(&flow, inputs), async {
        world.call().await;
        server.terminate();
    });
    assert_eq!((running.status, &running.body["status"]), (202, &json!("running")), "{}", running.body);
    assert!(server.ended_well());
    // The call hangs for minutes. Twice the time that was set would already be too long.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let server = home.start();
    let ended = server.client().until_ended(running.body["appRunId"].as_str().unwrap()).await;
    assert_eq!(ended["status"], "completed", "{ended}");
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_the_next_start_goes_on() {
    let mut world = World::new(json!({ "name": "Ada", "risk": 90 }), 0).await;
    let home = Home::sqlite().set("FLOW_OUTBOUND__ALLOW", &world.address());
    let server = home.start();
    let client = server.client();
    let flow = client.publish(risk_check()).await;
    let inputs = json!({ "customerId": "7", "api": world.url() });
    let (waiting, ()) = tokio::join!(client.execute(&flow, inputs), async {
        world.call().await;
        server.terminate();
    });
    assert_eq!(waiting.body["status"], "waiting", "{}", waiting.body);
    assert!(server.ended_well());

    let server = home.start();
    let done = server.client().approve(waiting.body["appRunId"].as_str().unwrap()).await;
    assert_eq!(done.body["status"], "completed", "{}", done.body);
}
