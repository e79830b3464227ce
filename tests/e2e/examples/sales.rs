//! `lead-enrichment.json`.

use serde_json::{Value, json};

use super::hosts::{Call, reply, says};
use super::stage::{Stage, step};

/// The company can't be looked up at first; the model's score is the number in the message.
fn world(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "enrichment" if call.number == 0 => reply(503, json!({})),
        "enrichment" if call.query["domain"] == "nowhere.example" => reply(404, json!({})),
        "enrichment" => reply(200, json!({ "name": "Acme", "employees": 120 })),
        "model" => {
            let score = if call.body.contains("make us an offer") { 85 } else { 20 };
            says(&json!({ "score": score, "reason": "because" }))
        }
        "hooks" => reply(200, json!({})),
        "crm" => reply(201, json!({ "id": "lead-1" })),
        other => panic!("{other}"),
    }
}

fn lead(mail: &str, message: &str) -> Value {
    json!({ "name": "Ada", "email": mail, "message": message })
}

#[tokio::test]
async fn a_good_lead_enters_the_crm_when_the_channel_takes_it() {
    let stage = Stage::new(world).await;
    let flow = stage.publish("lead-enrichment", |_| {}).await;
    let waiting = stage.execute(&flow, lead("ada@acme.example", "Please make us an offer")).await;
    assert_eq!(waiting.body["pendingAction"]["message"], "Take Ada into the CRM?", "{}", waiting.body);
    let looked_up = stage.hosts.calls("enrichment");
    assert_eq!(looked_up.len(), 2);
    assert_eq!(looked_up[0].key(), looked_up[1].key());
    assert_eq!(looked_up[1].headers["x-api-key"], "value-of-ENRICHMENT_KEY");
    let asked = &stage.hosts.calls("model")[0];
    assert_eq!(asked.path, "/chat/completions");
    assert!(asked.json()["messages"].to_string().contains("employees"), "{}", asked.body);

    let told = stage.hosts.calls("hooks")[0].json();
    assert_eq!(told["text"], "New lead Ada (85): because");
    stage.decide(&told["actions"][0]["url"]).await;
    let end = stage.end(&waiting.body["appRunId"]).await;
    assert_eq!(end["output"], json!({ "leadId": "lead-1", "score": 85, "takenBy": "link" }), "{end}");
    let created = &stage.hosts.calls("crm")[0];
    assert_eq!(created.authorization(), "Bearer value-of-CRM_TOKEN");
    let expected = json!({
        "name": "Ada", "email": "ada@acme.example", "company": "Acme", "score": 85, "note": "because",
    });
    assert_eq!(created.json(), expected);
}

#[tokio::test]
async fn a_lead_is_dropped_for_its_score_and_when_nobody_takes_it() {
    let stage = Stage::new(world).await;
    let flow = stage
        .publish("lead-enrichment", |flow| step(flow, "decide")["data"]["expiresInMs"] = json!(50))
        .await;
    let poor = stage.execute(&flow, lead("bob@nowhere.example", "Hello")).await;
    assert_eq!(poor.body, json!({ "leadId": null, "score": 20, "why": "because" }));
    let asked = stage.hosts.calls("model")[0].body.clone();
    assert!(asked.contains("Company: ") && !asked.contains("employees"), "{asked}");
    assert!(stage.hosts.calls("hooks").is_empty());

    let good = stage.client.start(&flow.id, lead("ada@acme.example", "Please make us an offer")).await;
    let end = stage.end(&json!(good)).await;
    assert_eq!(
        end["output"],
        json!({ "leadId": null, "score": 85, "why": "nobody answered in time" }),
        "{end}"
    );
    assert!(stage.hosts.calls("crm").is_empty());
}
