//! Webhooks that are called.

use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::hook::{document, published};
use crate::server::{Answer, Server};

/// Calls a webhook that answers with its output; what the flow saw.
async fn seen(server: &Server, kind: Option<&str>, body: &[u8]) -> Value {
    let path = published(server, document("a", json!({ "respond": "output" }))).await;
    let mut ask = server.post(&path).body(body.to_vec());
    if let Some(kind) = kind {
        ask = ask.header("content-type", kind);
    }
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["got"].clone()
}

#[actix_web::test]
async fn a_call_is_accepted_and_a_run_stored() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({}))).await;
    let answer = server.post(&path).token("nobody").json(json!({ "n": 1 })).send().await;
    let run = answer.run();
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (202, json!({ "status": "running", "appRunId": run }))
    );
    assert_eq!(answer.header("location"), format!("/v1/flowrun/poll/{run}"));
    let poll = server.get(&format!("/v1/flowrun/poll/{run}")).send().await.json();
    assert_eq!(poll["events"][0]["data"]["trigger"]["type"], "webhook.a");
    assert_eq!(poll["output"]["got"]["body"], json!({ "n": 1 }));
}

#[actix_web::test]
async fn the_flow_sees_the_call() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({ "respond": "output", "methods": ["PUT"] }))).await;
    let ask = server.ask("PUT".parse().unwrap(), &format!("{path}?a=1&b=2&b=%C3%A9")).json(json!([1]));
    let ask = ask.header("cookie", "s=1").header("proxy-authorization", "x").header("X-Kind", "K");
    let body = ask.send().await.json();
    assert_eq!((&body["type"], &body["by"]), (&json!("webhook.a"), &json!(null)));
    let headers = json!({ "content-type": "application/json", "content-length": "3", "x-kind": "K" });
    let expected =
        json!({ "method": "PUT", "headers": headers, "query": { "a": "1", "b": ["2", "é"] }, "body": [1] });
    assert_eq!(body["got"], expected);
}

#[actix_web::test]
async fn a_body_is_read_by_its_type() {
    let server = Server::start().await;
    let cases = [
        (Some("application/json"), &b"{\"a\":[1]}"[..], json!({ "a": [1] }), json!(null)),
        (Some("application/vnd.github+json; charset=utf-8"), b"null", json!(null), json!(null)),
        (None, b"5", json!(5), json!(null)),
        (Some("application/json"), b"", json!(null), json!(null)),
        (
            Some("application/x-www-form-urlencoded"),
            b"a=1&b=&a=2",
            json!({ "a": ["1", "2"], "b": "" }),
            json!(null),
        ),
        (Some("text/plain"), "grün".as_bytes(), json!("grün"), json!(null)),
        (Some("text/plain"), b"\xff", json!("/w=="), json!("base64")),
        (Some("application/octet-stream"), b"abc", json!("YWJj"), json!("base64")),
    ];
    for (kind, body, expected, encoding) in cases {
        let got = seen(&server, kind, body).await;
        assert_eq!((&got["body"], &got["bodyEncoding"]), (&expected, &encoding), "{kind:?}");
    }
}

#[actix_web::test]
async fn what_cannot_be_read_is_refused() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({}))).await;
    let post = |body: Vec<u8>| server.post(&path).header("content-type", "application/json").body(body);
    post(b"{".to_vec()).send().await.problem(400, "malformed_json");
    post("[".repeat(200).into_bytes()).send().await.problem(400, "json_too_deep");
    post(vec![b' '; (4 << 20) + 1]).send().await.problem(413, "body_too_large");
    post(b"{}".to_vec())
        .header("content-encoding", "gzip")
        .send()
        .await
        .problem(415, "unsupported_media_type");
    let refused = server.get(&path).send().await;
    refused.problem(405, "method_not_allowed");
    assert_eq!(refused.header("allow"), "POST");
    server
        .post("/v1/hooks/whk_0000000000000000000000000000000000000000")
        .send()
        .await
        .problem(404, "hook_not_found");
    server.post("/v1/hooks/x").send().await.problem(404, "hook_not_found");
}

#[actix_web::test]
async fn a_body_must_fit_the_schema() {
    let server = Server::start().await;
    let schema =
        json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "integer" } } });
    let settings = json!({ "schema": schema, "respond": "output" });
    let flow = server.publish(document("b", settings.clone())).await;
    let path = published(&server, document("a", settings)).await;
    assert_eq!(server.post(&path).json(json!({ "id": 1 })).send().await.status, 200);
    let fault = |at: &str, code: &str| (at.to_owned(), code.to_owned());
    let faults = server.post(&path).json(json!({ "id": "x" })).send().await.faults(422, "invalid_inputs");
    assert_eq!(faults, [fault("/id", "schema_mismatch")]);
    let faults = server.post(&path).json(json!({})).send().await.faults(422, "invalid_inputs");
    assert_eq!(faults, [fault("/id", "required")]);
    assert_eq!(server.post(&path).send().await.faults(422, "invalid_inputs"), [fault("", "schema_mismatch")]);

    let trigger = json!({ "trigger": { "type": "webhook.b", "data": { "body": { "id": null } } } });
    let answer = server.post(&format!("/v1/flow/execute/{flow}")).json(trigger).send().await;
    assert_eq!(answer.faults(422, "invalid_inputs"), [fault("/trigger/data/body/id", "schema_mismatch")]);
}

#[actix_web::test]
async fn a_redelivery_is_the_same_run() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({}))).await;
    let send = |name: &'static str, key: &'static str, body: Value| {
        server.post(&path).header(name, key).json(body).send()
    };
    for name in ["webhook-id", "Idempotency-Key", "X-GitHub-Delivery"] {
        let first: Answer = send(name, name, json!({ "n": 1 })).await;
        assert_eq!(send(name, name, json!({ "n": 1 })).await.run(), first.run(), "{name}");
        send(name, name, json!({ "n": 2 })).await.problem(422, "idempotency_key_reused");
        assert_ne!(send(name, "other", json!({ "n": 1 })).await.run(), first.run());
        server.post(&path).header(name, "").send().await.problem(422, "invalid_request");
    }
}

#[actix_web::test]
async fn a_failing_run_is_told_to_who_waits_for_its_output() {
    let server = Server::start().await;
    let failing = |respond: &str| {
        let flow = flow("Fails").step("hook", "webhook.a", json!({ "respond": respond }));
        flow.condition("either", [("a", "true", "no")], Some("end"))
            .step("no", "fail", json!({ "message": "No", "httpStatus": 409 }))
            .done("end", [("a", "b")])
            .build()
    };
    let path = published(&server, failing("output")).await;
    server.post(&path).send().await.problem(409, "run_failed");
    let path = published(&server, failing("accepted")).await;
    assert_eq!(server.post(&path).send().await.status, 202);
}
