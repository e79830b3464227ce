//! `webhook-fan-out.json` and `data-sync.json`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::hosts::{Call, reply};
use super::stage::{Published, Stage};

const ORDER: &str = r#"{"id":"o-7","total":120.5,"items":[{"sku":"pen","count":2}]}"#;
/// The HMAC of the order under the tests' key: `openssl dgst -sha256 -hmac KEY`.
const SIGNATURE: &str = "sha256=6736ec7b4e4802b0030b8af375c8624e766a0b4f491369d79c05a3b3d6babcdc";

/// The warehouse has too much to do at first, and the books are closed.
fn targets(call: &Call) -> wiremock::ResponseTemplate {
    match call.host.as_str() {
        "warehouse" if call.number == 0 => reply(503, json!({})),
        "books" => reply(403, json!({})),
        "warehouse" | "hooks" => reply(200, json!({})),
        other => panic!("{other}"),
    }
}

async fn deliver(stage: &Stage, flow: &Published, signature: &str) -> (u16, Value) {
    let url = flow.body["webhooks"][0]["url"].as_str().unwrap();
    assert!(url.contains(&stage.server.address), "{url}");
    let call = reqwest::Client::new().post(url).header("X-Hub-Signature-256", signature);
    let call = call.header("X-GitHub-Delivery", "d-1").header("Content-Type", "application/json");
    let answer = call.body(ORDER).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_signed_call_reaches_every_target_that_takes_it() {
    let stage = Stage::new(targets).await;
    let flow = stage.publish("webhook-fan-out", |_| {}).await;
    let (status, refused) = deliver(&stage, &flow, "sha256=00").await;
    assert_eq!((status, &refused["code"]), (401, &json!("signature_invalid")));
    let (status, taken) = deliver(&stage, &flow, SIGNATURE).await;
    assert_eq!(status, 202, "{taken}");
    let end = stage.end(&taken["appRunId"]).await;
    let failed = json!([{ "target": "books", "code": "http_status" }]);
    assert_eq!(end["output"], json!({ "order": "o-7", "failed": failed }), "{end}");
    let (_, again) = deliver(&stage, &flow, SIGNATURE).await;
    assert_eq!(again["appRunId"], taken["appRunId"], "a redelivery is the same run");

    let picks = stage.hosts.calls("warehouse");
    assert_eq!((picks.len(), picks[0].key()), (2, picks[1].key()));
    assert_eq!(picks[1].authorization(), "Bearer value-of-WAREHOUSE_TOKEN");
    assert_eq!(picks[1].json(), json!({ "order": "o-7", "items": [{ "sku": "pen", "count": 2 }] }));
    let books = stage.hosts.calls("books");
    assert_eq!((books.len(), books[0].body.as_str()), (1, "reference=o-7&amount=120.50"));
    assert_eq!(stage.hosts.calls("hooks")[0].json(), json!({ "text": "A large order: 120.5" }));
    let log = stage.log(&flow).await;
    for line in ["order o-7 over 120.5", "order o-7 didn't reach books"] {
        assert!(log.iter().any(|logged| logged == line), "{line} in {log:?}");
    }
}

/// Two pages of contacts; the source fails at first, and the target always refuses `c-bad`.
fn systems(call: &Call) -> wiremock::ResponseTemplate {
    let contact = |id: &str| json!({ "id": id, "name": id.to_uppercase(), "mail": "Ada@Acme.example" });
    match (call.host.as_str(), call.path.as_str()) {
        ("source", _) if call.number == 0 => reply(503, json!({})),
        ("source", "/crm/contacts") if call.query["cursor"].is_empty() => {
            reply(200, json!({ "contacts": [contact("c-1"), contact("c-2"), contact("c-3")], "next": "p2" }))
        }
        ("source", "/crm/contacts") => reply(200, json!({ "contacts": [contact("c-4")], "next": null })),
        ("source", "/shop/contacts") => reply(200, json!({ "contacts": [contact("c-bad"), contact("c-5")] })),
        ("target", "/contacts/c-bad") => reply(422, json!({})),
        ("target", "/contacts/c-3") if call.number == 0 => reply(500, json!({})),
        ("target" | "hooks", _) => reply(200, json!({})),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn all_pages_are_copied_each_contact_under_a_key_of_its_own() {
    let stage = Stage::new(systems).await;
    let flow = stage.publish("data-sync", |_| {}).await;
    let done = stage.execute(&flow, json!({ "since": "2026-01-01" })).await;
    assert_eq!((done.status, &done.body), (200, &json!({ "copied": 4, "pages": 2 })), "{}", done.body);
    let puts = stage.hosts.calls("target");
    let keys: BTreeSet<_> = puts.iter().map(Call::key).collect();
    assert_eq!((puts.len(), keys.len()), (5, 4), "the attempt that is made again has the same key");
    let first = puts.iter().find(|call| call.path == "/contacts/c-1").unwrap();
    assert_eq!(first.json(), json!({ "name": "C-1", "mail": "ada@acme.example", "origin": "crm" }));
    assert_eq!(first.authorization(), "Bearer value-of-TARGET_TOKEN");
    let pages = stage.hosts.calls("source");
    assert_eq!(pages.len(), 3);
    assert!(pages.iter().all(|call| call.query["since"] == "2026-01-01"));
    assert_eq!(pages[2].query["cursor"], "p2");
    assert!(stage.hosts.calls("hooks").is_empty());

    let rest = stage.execute(&flow, json!({ "since": "2026-01-01", "from": "p2" })).await;
    assert_eq!(rest.body, json!({ "copied": 1, "pages": 1 }), "a sync can go on where one broke off");
}

#[tokio::test]
async fn a_sync_that_breaks_off_tells_the_operators() {
    let stage = Stage::new(systems).await;
    let flow = stage.publish("data-sync", |_| {}).await;
    let failed = stage.execute(&flow, json!({ "since": "2026-01-01", "source": "shop" })).await;
    assert_eq!(
        (failed.status, &failed.body["errorCode"]),
        (502, &json!("sync_incomplete")),
        "{}",
        failed.body
    );
    let alarm = &stage.hosts.calls("hooks")[0];
    assert_eq!(alarm.authorization(), "Bearer value-of-HOOKS_TOKEN");
    let text = alarm.json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("broke off on page 1: 1 of 2 contacts couldn't be written"), "{text}");
    assert_eq!(alarm.json()["code"], "sync_incomplete");
}

#[tokio::test]
async fn a_sync_ends_at_its_limit_of_credits() {
    let stage = Stage::priced("[credits.steps]\nhttp-request = 1\n", systems).await;
    let flow = stage.publish("data-sync", |flow| flow["settings"]["creditLimit"] = json!(2)).await;
    let failed = stage.execute(&flow, json!({ "since": "2026-01-01" })).await;
    assert_eq!(
        (failed.status, &failed.body["errorCode"]),
        (500, &json!("credit_limit_reached")),
        "{}",
        failed.body
    );
    assert_eq!(stage.hosts.calls("source").len(), 2, "both attempts were charged");
    assert!(stage.hosts.calls("target").is_empty());
    assert!(stage.hosts.calls("hooks").is_empty(), "no handler runs");
}
