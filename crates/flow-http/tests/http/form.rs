//! Forms: asked for, filled in, and what a form that was filled in wrongly is told.

use flow_testkit::documents::{defaulted, flow, required};
use serde_json::{Value, json};

use crate::server::Server;

fn form() -> Value {
    let fields = [required("street", "string"), defaulted("floors", "number", 1)];
    let settings = json!({"title": "Address of {{who}}", "description": "For the parcel", "fields": fields});
    flow("Address")
        .api("start", [required("who", "string")])
        .step("fill", "show-form", settings)
        .done("end", [("street", "{{fill.street}}"), ("floors", "{{fill.floors}}")])
        .build()
}

#[actix_web::test]
async fn a_form_is_asked_for_with_its_fields() {
    let server = Server::start().await;
    let answer = server.run(form(), json!({"who": "Ada"})).await;
    let (run, body) = (answer.run(), answer.json());
    let execution = format!("{run}:fill");
    assert_eq!((answer.status.as_u16(), &body["status"]), (200, &json!("waiting")));
    let fields = json!([required("street", "string"), defaulted("floors", "number", 1)]);
    let action = json!({
        "type": "show-form", "executionId": execution, "title": "Address of Ada",
        "description": "For the parcel", "fields": fields,
    });
    assert_eq!((&body["pendingAction"], &body["pendingActions"]), (&action, &json!([action])));
    let state = json!({
        "type": "show-form", "stepId": "fill", "stepName": "fill", "executionId": execution,
        "message": "Address of Ada", "createdAt": "2026-01-01T00:00:00.000Z", "expiresAt": null,
    });
    assert_eq!(body["waitState"], state);

    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
    assert_eq!(poll["pendingAction"], action);
    let opened = &poll["events"].as_array().unwrap().last().unwrap();
    assert_eq!(opened["type"], "wait.opened");
    let mut expected = action.clone();
    expected["expiresAt"] = json!(null);
    assert_eq!(opened["data"], expected);
}

#[actix_web::test]
async fn a_form_without_more_to_say_says_no_more() {
    let server = Server::start().await;
    let settings = json!({"title": "Sure?", "fields": []});
    let document =
        flow("Sure").api("start", []).step("fill", "show-form", settings).done("end", [("a", "b")]);
    let body = server.run(document.build(), json!({})).await.json();
    assert!(body["pendingAction"].get("description").is_none(), "{body}");
    assert_eq!(body["pendingAction"]["fields"], json!([]));
}

#[actix_web::test]
async fn values_that_fit_complete_the_step_with_defaults_filled_in() {
    let server = Server::start().await;
    for name in ["", "run", "execution"] {
        let run = server.run(form(), json!({"who": "Ada"})).await.run();
        let mut body = json!({"formData": {"street": "Main St"}});
        match name {
            "run" => body["executionId"] = json!(run),
            "execution" => body["executionId"] = json!(format!("{run}:fill")),
            _ => {}
        }
        let path = format!("/v1/flowrun/resume/{run}");
        let answer = server.post(&path).json(body.clone()).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["output"], json!({"street": "Main St", "floors": 1}));
        server.post(&path).json(body).send().await.problem(409, "run_not_waiting");

        let details = server.get(&format!("/v1/flowrun/details/{run}")).send().await.json();
        let wait = &details["waits"][0];
        assert_eq!((&wait["type"], &wait["status"]), (&json!("show-form"), &json!("resolved")));
        assert_eq!(wait["resolution"], json!({"formData": {"street": "Main St", "floors": 1}}));
        assert_eq!(wait["resolvedAt"], "2026-01-01T00:00:00.000Z");
        assert!(wait.get("pendingAction").is_none());
        let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
        let events = poll["events"].as_array().unwrap();
        let resolved = events.iter().find(|event| event["type"] == "wait.resolved").unwrap();
        assert_eq!(resolved["data"]["formData"], json!({"street": "Main St", "floors": 1}));
    }
}

#[actix_web::test]
async fn every_value_that_doesnt_fit_is_told_at_once_and_the_form_stays_open() {
    let server = Server::start().await;
    let run = server.run(form(), json!({"who": "Ada"})).await.run();
    let path = format!("/v1/flowrun/resume/{run}");
    let answer = server.post(&path).json(json!({"formData": {"floors": "two"}})).send().await;
    let fault = |at: &str, code: &str| (at.to_owned(), code.to_owned());
    let expected = [fault("/formData/street", "required"), fault("/formData/floors", "wrong_type")];
    assert_eq!(answer.faults(422, "invalid_inputs"), expected);
    let answer = server.post(&path).json(json!({"formData": {"street": "Main St", "floors": 2}}));
    assert_eq!(answer.send().await.json()["output"], json!({"street": "Main St", "floors": 2}));
}
