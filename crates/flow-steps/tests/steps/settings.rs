//! Settings: what is found when a flow is published, and what only a run can find.

use serde_json::json;

use crate::support::{code, faults, send_allowing};

#[test]
fn each_mistake_is_found_at_publish_with_its_place() {
    let settings = json!({
        "method": "FETCH", "bodyType": "xml", "responseType": 5, "followRedirects": "yes", "headers": [{ "name": "x" }],
        "query": 7, "auth": { "type": "bearer" }, "retries": 3,
    });
    let found = faults(&settings);
    for expected in [
        ("/url", "required"),
        ("/method", "value_unknown"),
        ("/bodyType", "value_unknown"),
        ("/responseType", "wrong_type"),
        ("/followRedirects", "wrong_type"),
        ("/headers/0/key", "required"),
        ("/query", "wrong_type"),
        ("/auth/secret", "required"),
        ("/retries", "unknown_field"),
    ] {
        assert!(
            found.iter().any(|(pointer, code)| (pointer.as_str(), *code) == expected),
            "{expected:?} in {found:?}"
        );
    }
}

#[tokio::test]
async fn how_a_request_is_carried_is_not_the_authors_to_say() {
    let written = json!({ "url": "http://localhost/", "headers": { "Content-Length": "3", "X": "fine" } });
    assert_eq!(faults(&written), [("/headers/Content-Length".to_owned(), "value_unknown")]);
    let rows = json!([{ "key": "x", "value": "fine" }, { "key": "transfer-encoding", "value": "chunked" }]);
    let listed = json!({ "url": "http://localhost/", "headers": rows });
    assert_eq!(faults(&listed), [("/headers/1/key".to_owned(), "value_unknown")]);
    for settings in [written, listed] {
        assert_eq!(code(send_allowing("", settings).await), "settings_invalid");
    }
}

#[test]
fn templates_stand_wherever_a_value_can() {
    let settings = json!({
        "url": "{{base}}/x", "method": "{{method}}", "headers": "{{headers}}", "query": "{{query}}",
        "bodyType": "{{type}}", "followRedirects": "{{follow}}",
    });
    assert_eq!(faults(&settings), []);
}

#[tokio::test]
async fn what_a_template_filled_in_wrongly_fails_the_step() {
    for settings in [
        json!({ "url": 5 }),
        json!({ "url": "http://localhost/", "method": "FE TCH" }),
        json!({ "url": "http://localhost/", "headers": { "bad name": "x" } }),
        json!({ "url": "http://localhost/", "headers": { "x": "line\nbreak" } }),
        json!({ "url": "http://localhost/", "headers": 7 }),
        json!({ "url": "http://localhost/", "query": [{ "value": 1 }] }),
        json!({ "url": "http://localhost/", "body": 1, "bodyType": "xml" }),
        json!({ "url": "http://localhost/", "failOnStatus": "no" }),
    ] {
        assert_eq!(code(send_allowing("", settings.clone()).await), "settings_invalid", "{settings}");
    }
}
