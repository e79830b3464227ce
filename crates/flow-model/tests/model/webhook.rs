//! The settings of webhooks, and flows as tools.

use flow_model::{Document, Faults, Fields, Method, Respond, Signature, Webhook, tools};
use serde_json::{Value, json};

fn read(data: &Value) -> (Webhook, Vec<String>) {
    let faults = Faults::new();
    let webhook = Webhook::read(&Fields::new(data.as_object().unwrap(), "/data", &faults));
    let faults = faults.into_vec();
    (webhook, faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect())
}

#[test]
fn little_need_be_said() {
    let (webhook, faults) = read(&json!({}));
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!((webhook.methods, webhook.respond), (vec![Method::Post], Respond::Accepted));
    assert_eq!((webhook.signed, webhook.schema), (None, None));
}

#[test]
fn everything_can_be_said() {
    let data = json!({
        "secret": "HOOK_KEY", "signature": "hub-sha256", "respond": "output", "methods": ["PUT", "get", "GET"],
        "schema": { "type": "string" },
    });
    let (webhook, faults) = read(&data);
    assert!(faults.is_empty(), "{faults:?}");
    let signed = webhook.signed.unwrap();
    assert_eq!((signed.secret.as_str(), signed.by), ("HOOK_KEY", Signature::HubSha256));
    assert_eq!((webhook.methods, webhook.respond), (vec![Method::Put, Method::Get], Respond::Output));
    assert!(webhook.schema.is_some());
    assert_eq!(read(&json!({ "secret": "A" })).0.signed.unwrap().by, Signature::Standard);
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        (json!({ "signature": "standard" }), vec!["/data/secret required"]),
        (json!({ "signature": "md5", "secret": "A" }), vec!["/data/signature value_unknown"]),
        (json!({ "secret": "a b" }), vec!["/data/secret invalid_name"]),
        (json!({ "respond": "later" }), vec!["/data/respond value_unknown"]),
        (json!({ "methods": [] }), vec!["/data/methods required"]),
        (json!({ "methods": "POST" }), vec!["/data/methods wrong_type"]),
        (
            json!({ "methods": ["POST", "TRACE", 1] }),
            vec!["/data/methods/1 value_unknown", "/data/methods/2 value_unknown"],
        ),
        (json!({ "schema": { "type": "x" } }), vec!["/data/schema schema_invalid"]),
        (json!({ "schema": "x" }), vec!["/data/schema wrong_type"]),
    ];
    for (data, expected) in cases {
        assert_eq!(read(&data).1, expected, "{data}");
    }
}

#[test]
fn a_type_names_its_webhook() {
    assert!(Webhook::id_of("api").is_none());
    let id = Webhook::id_of("webhook.orders-1").unwrap().unwrap();
    assert_eq!((id.as_str(), Webhook::kind_of(&id).as_str()), ("orders-1", "webhook.orders-1"));
    for wrong in ["webhook.", "webhook.a b", "webhook.a.b", "webhook.ä"] {
        assert!(Webhook::id_of(wrong).unwrap().is_err(), "{wrong}");
    }
}

#[test]
fn a_flow_is_a_tool_by_its_trigger() {
    let fields = json!([{ "name": "city", "required": true, "description": "in English" }]);
    let steps = json!([
        { "id": "start", "type": "api" },
        { "id": "tool", "type": "peer.action", "data": { "description": "Tells the weather", "fields": fields } },
        { "id": "bare", "type": "peer.action" },
    ]);
    let document = json!({ "name": "f", "definition": { "steps": steps } });
    let found = tools(&Document::read(&document, &Faults::new()));
    let parameters = json!({
        "type": "object", "properties": { "city": { "type": "string", "description": "in English" } }, "required": ["city"],
    });
    assert_eq!(
        (found[0].trigger.as_str(), found[0].description.as_deref()),
        ("tool", Some("Tells the weather"))
    );
    assert_eq!(found[0].parameters, parameters);
    assert_eq!((found[1].trigger.as_str(), found[1].description.as_deref()), ("bare", None));
    assert_eq!(found[1].parameters, json!({ "type": "object", "properties": {}, "required": [] }));
    assert_eq!(found.len(), 2);
}
