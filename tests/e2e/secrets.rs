//! Secrets: stored by an admin, sent by steps, and shown nowhere.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::Home;
use crate::world::World;

const VALUE: &str = "sk-live-4f1c9a7be2";

fn document(url: &str) -> Value {
    json!({ "name": "Secret", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "send" },
        { "id": "send", "type": "http-request", "nextStepId": "end", "data": {
            "method": "POST", "url": url, "body": { "key": "{{secrets.API_KEY}}" },
            "auth": { "type": "bearer", "secret": "{{secrets.API_KEY}}" } } },
        { "id": "end", "type": "final", "data": { "outputs": [{ "name": "body", "output": "{{send.body}}" }] } },
    ] } })
}

#[tokio::test]
async fn a_secret_outlives_the_server_reaches_the_world_and_is_shown_nowhere() {
    for home in Home::each() {
        let home = home.set("FLOW_SECRETS__KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let mut world = World::new(json!({ "you": format!("sent {VALUE}") }), 0).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let flow = client.post("/v1/flow", document(&world.url())).await;
        assert_eq!(flow.body["issues"][0]["code"], "secret_unknown", "{}", flow.body);
        let flow = flow.body["_id"].as_str().unwrap().to_owned();
        let refused = client.post(&format!("/v1/flow/{flow}/publish"), json!({})).await;
        let pointer = "/definition/steps/1/data/body/key";
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)));

        let put = client.request(Method::PUT, "/v1/secret/API_KEY").json(&json!({ "value": VALUE }));
        assert_eq!(put.send().await.unwrap().status(), 201);
        assert_eq!(client.post(&format!("/v1/flow/{flow}/publish"), json!({})).await.status, 200);
        server.kill();

        let server = home.start();
        let client = server.client();
        let done = client.execute(&flow, json!({})).await;
        assert_eq!(done.body, json!({ "body": { "you": "sent [secret API_KEY]" } }));
        let call = world.call().await;
        assert_eq!(call.headers["authorization"], format!("Bearer {VALUE}").as_str());
        assert_eq!(call.body_json::<Value>().unwrap(), json!({ "key": VALUE }));
        for path in ["/v1/secret", &format!("/v1/flow/{flow}"), &format!("/v1/flow/{flow}/logs")] {
            let shown = client.get(path).await;
            assert_eq!((shown.status, shown.body.to_string().contains(VALUE)), (200, false), "{path}");
        }
    }
}
