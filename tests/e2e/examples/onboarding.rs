//! `form-onboarding.json`.

use serde_json::{Value, json};

use super::hosts::{Call, reply};
use super::stage::{Stage, step};

fn world(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "directory" => reply(200, json!({ "login": "ada" })),
        "desk" => reply(201, json!({ "ticket": 12 })),
        other => panic!("{other}"),
    }
}

fn person(work: &str) -> Value {
    json!({ "name": "Ada", "mail": "ada@home.example", "starts": "2026-03-01", "work": work })
}

#[tokio::test]
async fn the_second_page_depends_on_the_first() {
    let stage = Stage::new(world).await;
    let flow = stage.publish("form-onboarding", |_| {}).await;
    let waiting = stage.trigger(&flow, "form", person("engineering")).await;
    assert_eq!(waiting.body["pendingAction"]["title"], "Equipment of Ada", "{}", waiting.body);
    let path = format!("/v1/flowrun/resume/{}", waiting.body["appRunId"].as_str().unwrap());
    let refused = stage.client.post(&path, json!({ "formData": { "teams": ["ops"] } })).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (422, &json!("option_unknown")));
    let done = stage.client.post(&path, json!({ "formData": { "teams": ["api", "web"] } })).await;
    assert_eq!(done.body["output"], json!({ "account": "ada", "ticket": 12 }), "{}", done.body);

    let account = &stage.hosts.calls("directory")[0];
    assert_eq!((account.method.as_str(), account.path.as_str()), ("PUT", "/people/ada%40home.example"));
    assert_eq!(account.authorization(), "Bearer value-of-DIRECTORY_TOKEN");
    let expected = json!({ "name": "Ada", "starts": "2026-03-01", "groups": ["api", "web"] });
    assert_eq!(account.json(), expected);
    let ticket = stage.hosts.calls("desk")[0].json();
    assert_eq!(ticket["wants"], json!({ "laptop": "linux", "teams": ["api", "web"] }));

    let waiting = stage.trigger(&flow, "form", person("sales")).await;
    let path = format!("/v1/flowrun/resume/{}", waiting.body["appRunId"].as_str().unwrap());
    stage.client.post(&path, json!({ "formData": { "region": "north" } })).await;
    let ticket = stage.hosts.calls("desk")[1].json();
    assert_eq!(ticket["wants"], json!({ "region": "north", "phone": true }));
    assert_eq!(stage.hosts.calls("directory")[1].json()["groups"], json!(["sales"]));
}

#[tokio::test]
async fn a_form_with_faults_is_no_run_and_one_that_nobody_fills_in_prepares_nothing() {
    let stage = Stage::new(world).await;
    let flow = stage
        .publish("form-onboarding", |flow| step(flow, "seller")["data"]["expiresInMs"] = json!(50))
        .await;
    let refused = stage.trigger(&flow, "form", json!({ "name": "A", "mail": "x", "starts": "soon" })).await;
    let faults = refused.body["errors"].as_array().unwrap();
    let codes: Vec<_> = faults.iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["below_min", "invalid_email", "invalid_date", "required"]);

    // With metadata the run is named also when it has ended by then.
    let body =
        json!({ "trigger": { "type": "form" }, "inputs": person("sales"), "returnExecutionMetadata": true });
    let begun = stage.client.post(&format!("/v1/flow/execute/{}", flow.id), body).await;
    let end = stage.end(&begun.body["appRunId"]).await;
    assert_eq!(end["error"]["code"], "wait_expired", "{end}");
    assert!(stage.hosts.calls("directory").is_empty());
}
