//! Webhooks: their addresses outlive a server, and need no account.

use serde_json::{Value, json};

use crate::server::Home;

fn document() -> Value {
    json!({ "name": "Hooked", "definition": { "steps": [
        { "id": "hook", "type": "webhook.orders", "data": {}, "nextStepId": "paid" },
        { "id": "paid", "type": "wait", "data": { "event": { "name": "paid", "key": "{{_trigger.data.body.id}}" } }, "nextStepId": "end" },
        { "id": "end", "type": "final", "data": { "outputs": [{ "name": "sum", "output": "{{paid.sum}}" }] } },
    ] } })
}

#[tokio::test]
async fn an_address_and_the_delivery_that_it_took_outlive_the_server() {
    for home in Home::each() {
        let home = home.set("FLOW_PUBLIC_URL", "https://flows.example/");
        let server = home.start();
        let client = server.client();
        let made = client.post("/v1/flow", document()).await;
        let flow = made.body["_id"].as_str().unwrap().to_owned();
        let published = client.post(&format!("/v1/flow/{flow}/publish"), json!({})).await;
        let url = published.body["webhooks"][0]["url"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("https://flows.example").unwrap_or_else(|| panic!("{url}")).to_owned();
        let stranger = reqwest::Client::new();
        let deliver = |address: &str| {
            let call = stranger.post(format!("http://{address}{path}")).header("webhook-id", "msg_1");
            call.json(&json!({ "id": "o-1" })).send()
        };
        let first = deliver(&server.address).await.unwrap();
        assert_eq!(first.status(), 202);
        let first: Value = first.json().await.unwrap();
        server.kill();

        let server = home.start();
        let client = server.client();
        let again: Value = deliver(&server.address).await.unwrap().json().await.unwrap();
        assert_eq!(again["appRunId"], first["appRunId"], "a redelivery is the same run");
        let event = json!({ "name": "paid", "key": "o-1", "data": { "sum": 5 } });
        let event = client.post("/v1/flowrun/event", event).await;
        assert_eq!(event.status, 200, "{}", event.body);
        let ended = client.until_ended(first["appRunId"].as_str().unwrap()).await;
        assert_eq!(ended["output"], json!({ "sum": 5 }));
    }
}
