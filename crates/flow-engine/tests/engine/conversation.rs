//! The steps that speak to whoever leads a conversation: widgets, and its end.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_engine::{Execute, Registry, StartedBy};
use flow_testkit::documents::{flow, optional};
use serde_json::{Value, json};

use crate::world::{World, error, output};

fn document(kind: &str, data: Value) -> Value {
    let document = flow("talk").api("start", [optional("who", "string")]).step("it", kind, data);
    document.with("nextStepId", "end").done("end", [("it", "{{it}}")]).build()
}

async fn result(kind: &str, data: Value) -> Value {
    let view = World::new().run_alone(&document(kind, data), json!({ "who": "Ada" })).await;
    output(&view)["it"].clone()
}

#[tokio::test]
async fn a_widget_is_shown_with_what_it_begins_with() {
    for (data, expected) in [
        (json!({ "widgetId": "chart" }), json!(["chart", "chart", null])),
        (
            json!({ "widgetId": "chart", "widgetName": "For {{who}}", "initialState": { "name": "{{who}}", "rows": [1] } }),
            json!(["chart", "For Ada", { "name": "Ada", "rows": [1] }]),
        ),
        (
            json!({ "widgetId": "w-{{who}}", "widgetName": "", "initialState": "{{who}}" }),
            json!(["w-Ada", "w-Ada", "Ada"]),
        ),
    ] {
        let got = result("add-widget-to-message", data.clone()).await;
        assert_eq!(json!([got["widgetId"], got["widgetName"], got["initialState"]]), expected, "{data}");
        let id = got["messageWidgetId"].as_str().unwrap();
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{id}");
    }
}

#[tokio::test]
async fn a_widget_is_known_by_its_run_and_its_visit() {
    let inside = json!({ "arrayVariable": [1, 2], "steps": [
        { "id": "it", "type": "add-widget-to-message", "data": { "widgetId": "{{uuid()}}" } },
    ] });
    let document = flow("talk").api("start", []).step("all", "each", inside).with("nextStepId", "end");
    let document = document.done("end", [("ids", "{{all.results}}")]).build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let results = output(&world.run(&engine, &document, json!({})).await)["ids"].clone();
        for row in results.as_array().unwrap() {
            ids.insert(row["it"]["messageWidgetId"].as_str().unwrap().to_owned());
            ids.insert(row["it"]["widgetId"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(ids.len(), 8, "neither another run, nor another item, nor an expression has the same");
    let again = World::new();
    let view = again.run(&again.engine(Registry::new()).await, &document, json!({})).await;
    let first = output(&view)["ids"][0]["it"]["messageWidgetId"].clone();
    assert!(ids.contains(first.as_str().unwrap()), "the same seed and visit give the same");
}

#[tokio::test]
async fn a_session_is_ended_if_there_is_one() {
    let nothing = "nothing was ended: the run wasn't started by a message of a conversation";
    for (trigger, data, expected) in [
        (
            json!({ "conversationId": "c1", "sessionId": "s1" }),
            json!({}),
            json!({ "success": true, "message": "the session is ended", "sessionId": "s1", "endReason": "flow_completed",
                    "conversationId": "c1", "error": null }),
        ),
        (
            json!({ "conversationId": "c1" }),
            json!({ "reason": "bye {{who}}" }),
            json!({ "success": true, "message": "the session is ended", "sessionId": null, "endReason": "bye Ada",
                    "conversationId": "c1", "error": null }),
        ),
        (
            json!({ "conversationId": 5 }),
            json!({ "reason": "" }),
            json!({ "success": false, "message": nothing, "sessionId": null, "endReason": "flow_completed",
                    "conversationId": null, "error": nothing }),
        ),
        (
            json!({}),
            json!({ "reason": "bye" }),
            json!({ "success": false, "message": nothing, "sessionId": null, "endReason": "bye",
                    "conversationId": null, "error": nothing }),
        ),
    ] {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let call = world.call(&document("end-session", data.clone()), json!({ "who": "Ada" }));
        let trigger = StartedBy::Type { kind: "api".to_owned(), data: Arc::new(trigger) };
        let reply = engine.execute(Execute { trigger, ..call }).await.unwrap();
        let mut got = output(&reply.view)["it"].clone();
        let at = got.as_object_mut().unwrap().remove("endedAt").unwrap();
        assert!(at.as_str().unwrap().parse::<flow_model::Timestamp>().is_ok(), "{at}");
        assert_eq!(got, expected, "{data}");
    }
}

#[tokio::test]
async fn a_setting_without_a_value_fails_the_step() {
    for (kind, data) in [
        ("add-widget-to-message", json!({ "widgetId": "{{who.x.y}}" })),
        ("add-widget-to-message", json!({ "widgetId": "w", "initialState": ["{{who.x.y}}"] })),
        ("end-session", json!({ "reason": "{{who.x.y}}" })),
    ] {
        let view = World::new().run_alone(&document(kind, data), json!({ "who": "Ada" })).await;
        assert_eq!(error(&view).code, "type_error", "{kind}");
    }
}
