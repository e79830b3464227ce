//! Bad input gets an error that helps, and the server goes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Reply;
use crate::server::Home;
use crate::world::approval;

/// The shape of every error, and something to go by in its message.
fn assert_problem(reply: &Reply, status: u16, code: &str) {
    let body = &reply.body;
    assert_eq!((reply.status, &body["code"]), (status, &json!(code)), "{body}");
    assert_eq!(body["status"], json!(status), "{body}");
    assert_eq!(body["statusCode"], json!(status), "{body}");
    assert_eq!(body["error"]["code"], json!(code), "{body}");
    assert!(body["message"].as_str().is_some_and(|message| message.len() > 15), "{body}");
    assert!(body["requestId"].is_string(), "{body}");
}

#[tokio::test]
async fn each_bad_input_is_named_and_the_server_goes_on() {
    let home = Home::sqlite();
    let server = home.start();
    let client = server.client();
    let flow = client.publish(approval()).await;

    let post = |path: &str, body: &'static str| {
        let request = client.request(Method::POST, path).header("Content-Type", "application/json");
        client.send(request.body(body))
    };
    assert_problem(&post("/v1/flow", "{\"name\": ").await, 400, "malformed_json");
    let wrong_types = post("/v1/flow", r#"{"name": 5, "definition": [], "tags": "x"}"#).await;
    assert_eq!(wrong_types.status, 422, "{}", wrong_types.body);
    let pointers: Vec<_> = wrong_types.body["errors"].as_array().unwrap().iter().map(pointer).collect();
    for pointer in ["/name", "/definition", "/tags"] {
        assert!(pointers.contains(&pointer), "{pointers:?}");
    }
    let unknown = client.execute("01890000-0000-7000-8000-000000000000", json!({})).await;
    assert_problem(&unknown, 404, "flow_not_found");
    assert_problem(&client.get("/v1/nowhere").await, 404, "route_not_found");

    let mut document = approval();
    document["definition"]["steps"][1]["type"] = json!("user-aproval");
    document["definition"]["steps"][2]["data"]["outputs"][0]["output"] = json!("{{ a + }}");
    let created = client.post("/v1/flow", document).await;
    assert_eq!(created.status, 201, "a draft may have faults: {}", created.body);
    let id = created.body["_id"].as_str().unwrap();
    let refused = client.post(&format!("/v1/flow/{id}/publish"), json!({})).await;
    assert_problem(&refused, 422, "invalid_definition");
    let faults = refused.body["errors"].as_array().unwrap();
    let fault = |code: &str| {
        faults.iter().find(|fault| fault["code"] == code).unwrap_or_else(|| panic!("{faults:?}"))
    };
    let kind = fault("step_type_unknown");
    assert_eq!(pointer(kind), "/definition/steps/1/type");
    assert!(kind["message"].as_str().unwrap().contains("user-approval"), "{kind}");
    assert_eq!(pointer(fault("expression_syntax")), "/definition/steps/2/data/outputs/0/output");

    assert_eq!(client.execute(&flow, json!({})).await.body["status"], "waiting", "the server goes on");
}

fn pointer(fault: &Value) -> &str {
    fault["pointer"].as_str().unwrap()
}
