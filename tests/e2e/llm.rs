//! A language model that the operator sets up.

use serde_json::json;

use crate::server::Home;
use crate::world::World;

const API_KEY: &str = "sk-very-secret";

fn flow() -> serde_json::Value {
    let outputs = json!([{ "name": "said", "output": "{{ask.response}}" }]);
    json!({ "name": "Ask", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "ask" },
        { "id": "ask", "type": "ask-to-llm", "data": { "prompt": "Hello" }, "nextStepId": "end" },
        { "id": "end", "type": "final", "data": { "outputs": outputs } },
    ] } })
}

#[tokio::test]
async fn a_flow_asks_the_model_of_the_settings_although_its_address_is_private() {
    let choice = json!({ "message": { "content": "Hi" }, "finish_reason": "stop" });
    let world = World::new(json!({ "choices": [choice] }), 0).await;
    let home = Home::sqlite().set("FLOW_LLM__BASE_URL", &format!("{}/v1", world.url()));
    let home = home.set("FLOW_LLM__API_KEY", API_KEY).set("FLOW_LLM__DEFAULT_MODEL", "small");
    let server = home.start();
    let client = server.client();
    let flow = client.publish(flow()).await;
    let run = client.start(&flow, json!({})).await;
    let end = client.until_ended(&run).await;
    assert_eq!(end["status"], "completed", "{end}");
    assert!(end.to_string().contains(r#""said":"Hi""#), "{end}");
    assert!(!end.to_string().contains(API_KEY), "{end}");
}

#[tokio::test]
async fn without_one_a_flow_can_be_published_and_its_run_names_the_setting() {
    let home = Home::sqlite();
    let server = home.start();
    let client = server.client();
    let flow = client.publish(flow()).await;
    let run = client.start(&flow, json!({})).await;
    let end = client.until_ended(&run).await;
    assert_eq!(end["status"], "failed", "{end}");
    for expected in ["llm_not_configured", "FLOW_LLM__BASE_URL"] {
        assert!(end.to_string().contains(expected), "{end}");
    }
}
