//! The process dies in the middle of an effect.

use serde_json::json;

use crate::server::Home;
use crate::world::{World, risk_check};

#[tokio::test]
async fn a_request_that_was_under_way_is_sent_again_under_the_same_key() {
    for home in Home::each() {
        let mut world = World::new(json!({ "name": "Ada", "risk": 10 }), 1).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let flow = client.publish(risk_check()).await;
        let run = client.start(&flow, json!({ "customerId": "7", "api": world.url() })).await;
        let first = world.call().await;
        server.kill();

        let server = home.start();
        let second = world.call().await;
        assert_eq!(first.url, second.url);
        let key = first.headers.get("idempotency-key").unwrap();
        assert_eq!(key.to_str().unwrap(), format!("{run}:load"));
        assert_eq!(second.headers.get("idempotency-key"), Some(key));
        let ended = server.client().until_ended(&run).await;
        assert_eq!(ended["status"], "completed", "{ended}");
        assert_eq!(ended["output"], json!({ "name": "Ada", "risk": 10, "decision": "not asked" }));
    }
}
