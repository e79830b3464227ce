//! Requests with secrets, by flows: they are sent, and what comes back shows none of them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use flow_engine::{Engine, Execute, MemoryStore, Patience, Registry, RunView, StartedBy, Store, Target};
use flow_model::{RunEnd, RunError, WorkspaceId};
use flow_steps::{HttpRequest, Outbound};
use flow_testkit::KnownSecrets;
use flow_testkit::documents::flow;
use serde_json::{Map, Value, json};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{code, faults, send};

const KEY: &str = "p\"ss w/rd+k?y=1";

/// A run of one `http-request`, and all that is stored of it as text.
async fn run(allow: &str, settings: Value) -> (RunView, String) {
    let workspace = WorkspaceId::from_bytes([1; 16]);
    let secrets =
        KnownSecrets::new(workspace, [("KEY", KEY), ("PATH", "path-of-a-hook"), ("HOST", "Tenant-Host")]);
    let store = Arc::new(MemoryStore::new());
    let step = HttpRequest::new(Outbound::new(allow.parse().unwrap()).unwrap());
    let builder = Engine::builder().store(store.clone()).steps(Registry::new().with(step));
    let engine = builder.secrets(Arc::new(secrets)).build().await.unwrap();
    let document = flow("secrets").api("start", []);
    let document = document.step("send", "http-request", settings).done("end", [("a", "{{send}}")]).build();
    let call = Execute {
        workspace,
        target: Target::Document(Arc::new(document)),
        trigger: StartedBy::Any,
        inputs: Map::new(),
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience: Patience::UpTo(std::time::Duration::from_secs(60)),
    };
    let view = engine.execute(call).await.unwrap().view;
    let events = store.run_events(view.id(), 0).await.unwrap();
    let stored = format!("{}{events:?}{view:?}", view.output().map(ToString::to_string).unwrap_or_default());
    (view, stored)
}

fn failure(view: &RunView) -> &RunError {
    match view.state.end() {
        Some((_, RunEnd::Failed { error })) => error,
        other => panic!("the run should have failed: {other:?}"),
    }
}

/// Answers with the request in every form that a server may show it in.
fn echo(request: &Request) -> ResponseTemplate {
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes()))))
        .collect();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let shown = json!({
        "url": request.url.to_string(),
        "query": request.url.query_pairs().into_owned().collect::<Vec<_>>(),
        "headers": headers,
        "text": body,
        "json": serde_json::from_str::<Value>(&body).unwrap_or_default(),
        "base64": STANDARD.encode(&request.body),
        "urlSafe": URL_SAFE_NO_PAD.encode(format!("x{body}")),
        "hex": request.body.iter().map(|byte| format!("{byte:02X}")).collect::<String>(),
        "quoted": json!(body).to_string(),
        body.clone(): 1,
    });
    ResponseTemplate::new(200)
        .insert_header("X-Echo", request.url.query().unwrap_or_default())
        .set_body_json(shown)
}

#[tokio::test]
async fn secrets_are_sent_and_an_echo_of_them_is_not_recorded() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/path-of-a-hook"))
        .and(header("x-key", KEY))
        .and(header("authorization", format!("Basic {}", STANDARD.encode(format!("ada:{KEY}"))).as_str()))
        .respond_with(echo)
        .expect(3)
        .mount(&server)
        .await;
    for (body_type, body) in [
        ("json", json!({ "key": "{{secrets.KEY}}" })),
        ("form", json!({ "key": "{{secrets.KEY}}" })),
        ("text", json!("key: {{secrets.KEY}}")),
    ] {
        let settings = json!({
            "method": "POST",
            "url": format!("{}/{{{{secrets.PATH}}}}", server.uri()),
            "query": { "k": "{{secrets.KEY}}" },
            "headers": { "X-Key": "{{secrets.KEY}}" },
            "auth": { "type": "basic", "secret": "ada:{{secrets.KEY}}" },
            "body": body, "bodyType": body_type,
        });
        let (view, stored) = run(&server.address().to_string(), settings).await;
        let answer = &view.output().unwrap()["a"]["body"];
        assert_eq!(answer["headers"]["x-key"], "[secret KEY]", "{view:?}");
        assert_eq!(answer["headers"]["authorization"], "Basic YWRhO[secret KEY]");
        assert_eq!(answer["url"], "http://localhost/[secret PATH]?k=[secret KEY]");
        assert_eq!(answer["query"], json!([["k", "[secret KEY]"]]));
        for member in ["text", "base64", "urlSafe", "hex", "quoted"] {
            assert!(answer[member].as_str().unwrap().contains("[secret KEY]"), "{member} {answer}");
        }
        for form in ["w/rd", "w%2Frd", "w\\/rd", "path-of-a-hook", "772f7264", "772F7264"] {
            assert!(!stored.contains(form), "{form} {stored}");
        }
        assert!(stored.contains("{{secrets.KEY}}") && stored.contains("ada:{{secrets.KEY}}"), "{stored}");
    }
}

#[tokio::test]
async fn failures_of_a_request_show_no_secret() {
    let server = MockServer::start().await;
    let long = "x".repeat(250);
    Mock::given(path("/path-of-a-hook/gone")).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let not_json = ResponseTemplate::new(200).set_body_string(format!("{}{KEY}", "x".repeat(190)));
    Mock::given(path("/not-json")).respond_with(not_json).mount(&server).await;
    let away = ResponseTemplate::new(302).insert_header("Location", "http://[path-of-a-hook");
    Mock::given(path("/away")).respond_with(away).mount(&server).await;
    let uri = server.uri();
    for (settings, code, shown) in [
        (
            json!({ "url": format!("{uri}/{{{{secrets.PATH}}}}/gone?k={{{{secrets.KEY}}}}") }),
            "http_status",
            "/[secret PATH]/gone?k=[secret KEY]",
        ),
        (
            json!({ "url": format!("{uri}/not-json"), "responseType": "json", "query": { "k": "{{secrets.KEY}}" } }),
            "response_not_json",
            "k=[secret KEY]",
        ),
        (
            json!({ "url": format!("{uri}/away"), "headers": { "X": "{{secrets.PATH}}" } }),
            "url_invalid",
            "http://[[secret PATH]",
        ),
        (json!({ "url": "http://127.0.0.1:1/{{secrets.PATH}}" }), "network", "/[secret PATH]"),
        (json!({ "url": "http://{{secrets.HOST}}.invalid/" }), "network", "http://[secret HOST].invalid/"),
        (json!({ "url": "{{secrets.PATH}}" }), "url_invalid", "`[secret PATH]`"),
        (json!({ "url": format!("{long} {{{{secrets.PATH}}}}") }), "url_invalid", "a text of 265 bytes"),
        (json!({ "url": "ftp://{{secrets.PATH}}/" }), "scheme_unsupported", "ftp"),
        (
            json!({ "url": uri, "headers": [{ "key": "{{secrets.KEY}}", "value": 1 }] }),
            "settings_invalid",
            "[secret KEY]",
        ),
        (
            json!({ "url": uri, "auth": { "type": "bearer", "secret": "a\n{{secrets.KEY}}" } }),
            "settings_invalid",
            "auth/secret",
        ),
    ] {
        let allow = format!("{},127.0.0.1:1,tenant-host.invalid", server.address());
        let (view, stored) = run(&allow, settings.clone()).await;
        let error = failure(&view);
        assert_eq!(error.code, code, "{settings} {error:?}");
        assert!(error.message.contains(shown), "{settings} {error:?}");
        for part in ["path-of", "w/rd", "w%2Frd", "p\"ss", "p%22ss", "Tenant", "tenant"] {
            assert!(!stored.contains(part), "{settings} {part} {stored}");
        }
    }
}

#[tokio::test]
async fn a_bearers_token_is_sent_by_the_auth_setting() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer t0ken"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let auth = json!({ "type": "Bearer", "secret": "t0ken" });
    assert_eq!(send(&server, json!({ "url": server.uri(), "auth": auth })).await.unwrap()["status"], 204);
    let twice = json!({ "url": server.uri(), "auth": auth, "headers": { "Authorization": "x" } });
    assert_eq!(code(send(&server, twice).await), "settings_invalid");
}

#[test]
fn mistakes_in_auth_are_found_at_publish() {
    let of = |auth: Value| faults(&json!({ "url": "http://localhost/", "auth": auth }));
    let fault = |at: &str, code| vec![(at.to_owned(), code)];
    assert_eq!(of(json!({ "type": "bearer", "secret": "{{secrets.KEY}}" })), []);
    assert_eq!(of(json!({ "type": "{{kind}}", "secret": "{{secrets.KEY}}" })), []);
    assert_eq!(of(json!({ "type": "digest", "secret": "x" })), fault("/auth/type", "value_unknown"));
    assert_eq!(of(json!({ "type": "basic" })), fault("/auth/secret", "required"));
    assert_eq!(of(json!("bearer")), fault("/auth", "wrong_type"));
}
