//! `http-request` by tables: what each setting puts on the wire, and each failure that the description of flows names.

use flow_model::FileId;
use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{KEY, code, send, send_allowing};

/// What is sent for settings: the request line's method and target, the headers that are asked for, and the body.
async fn sent(settings: Value, names: &[&str]) -> (String, Vec<Option<String>>, String) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let mut settings = settings;
    settings["url"] = json!(format!("{}/at?q=1", server.uri()));
    send(&server, settings.clone()).await.unwrap_or_else(|failure| panic!("{settings}: {failure}"));
    let request = server.received_requests().await.unwrap().remove(0);
    let target =
        format!("{} {}?{}", request.method, request.url.path(), request.url.query().unwrap_or_default());
    let header = |name: &&str| {
        let values: Vec<_> =
            request.headers.get_all(*name).iter().map(|value| value.to_str().unwrap()).collect();
        (!values.is_empty()).then(|| values.join("+"))
    };
    (target, names.iter().map(header).collect(), String::from_utf8(request.body.clone()).unwrap())
}

#[tokio::test]
async fn each_setting_is_on_the_wire() {
    let key = ("idempotency-key", Some(KEY));
    let (json, text) = ("application/json", "text/plain; charset=utf-8");
    for (settings, target, headers, body) in [
        (json!({}), "GET /at?q=1", vec![key, ("content-type", None), ("authorization", None)], ""),
        (json!({ "method": "DELETE" }), "DELETE /at?q=1", vec![key], ""),
        (json!({ "method": "options" }), "OPTIONS /at?q=1", vec![key], ""),
        (json!({ "method": "HEAD" }), "HEAD /at?q=1", vec![key], ""),
        (json!({ "query": { "a": [1, "x y"], "b": null } }), "GET /at?q=1&a=1&a=x+y", vec![], ""),
        (
            json!({ "query": [{ "key": "a", "value": true }, { "key": "a" }] }),
            "GET /at?q=1&a=true",
            vec![],
            "",
        ),
        (
            json!({ "headers": { "X-A": ["1", 2], "X-B": null } }),
            "GET /at?q=1",
            vec![("x-a", Some("1+2")), ("x-b", None)],
            "",
        ),
        (
            json!({ "headers": [{ "key": "Idempotency-Key", "value": "own" }] }),
            "GET /at?q=1",
            vec![("idempotency-key", Some("own"))],
            "",
        ),
        (
            json!({ "auth": { "type": "bearer", "secret": "t" } }),
            "GET /at?q=1",
            vec![("authorization", Some("Bearer t"))],
            "",
        ),
        (
            json!({ "auth": { "type": "basic", "secret": "a:b" } }),
            "GET /at?q=1",
            vec![("authorization", Some("Basic YTpi"))],
            "",
        ),
        (json!({ "method": "POST", "body": [1] }), "POST /at?q=1", vec![("content-type", Some(json))], "[1]"),
        (json!({ "method": "PUT", "body": "a" }), "PUT /at?q=1", vec![("content-type", Some(text))], "a"),
        (
            json!({ "method": "PATCH", "body": "a", "bodyType": "json" }),
            "PATCH /at?q=1",
            vec![("content-type", Some(json))],
            "\"a\"",
        ),
        (
            json!({ "method": "POST", "body": { "a": 1 }, "bodyType": "text" }),
            "POST /at?q=1",
            vec![("content-type", Some(text))],
            "{\"a\":1}",
        ),
        (
            json!({ "method": "POST", "body": { "a": "b c" }, "bodyType": "form" }),
            "POST /at?q=1",
            vec![("content-type", Some("application/x-www-form-urlencoded"))],
            "a=b+c",
        ),
        (
            json!({ "method": "POST", "body": { "base64": "YWI=" }, "bodyType": "binary" }),
            "POST /at?q=1",
            vec![],
            "ab",
        ),
        (
            json!({ "method": "POST", "body": "a", "bodyType": "none" }),
            "POST /at?q=1",
            vec![("content-type", None)],
            "",
        ),
        (
            json!({ "method": "POST", "body": {}, "headers": { "Content-Type": "x/y" } }),
            "POST /at?q=1",
            vec![("content-type", Some("x/y"))],
            "{}",
        ),
    ] {
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let values = headers.iter().map(|(_, value)| value.map(str::to_owned)).collect();
        assert_eq!(
            sent(settings.clone(), &names).await,
            (target.to_owned(), values, body.to_owned()),
            "{settings}"
        );
    }
}

#[tokio::test]
async fn each_failure_has_its_code() {
    let server = MockServer::start().await;
    let answer = |status: u16| ResponseTemplate::new(status);
    let to = |target: &str| answer(302).insert_header("Location", target);
    for (at, answer) in [
        ("/400", answer(400)),
        ("/599", answer(599)),
        ("/text", answer(200).set_body_string("no JSON")),
        ("/nothing", answer(200)),
        ("/large", answer(200).set_body_bytes(vec![b'x'; (1 << 20) + 1])),
        ("/large-failure", answer(500).set_body_bytes(vec![b'x'; (1 << 20) + 1])),
        ("/round", to("/round")),
        ("/no-url", to("http://")),
        ("/ftp", to("ftp://localhost/")),
        ("/private", to("http://127.0.0.2:1/")),
    ] {
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let file = json!({ "fileId": FileId::from_bytes([9; 16]) });
    for (at, more, expected) in [
        ("/400", json!({}), "http_status"),
        ("/599", json!({ "responseType": "json" }), "http_status"),
        ("/text", json!({ "responseType": "json" }), "response_not_json"),
        ("/nothing", json!({ "responseType": "json" }), "response_not_json"),
        ("/large", json!({}), "output_too_large"),
        ("/large-failure", json!({}), "output_too_large"),
        ("/round", json!({}), "too_many_redirects"),
        ("/no-url", json!({}), "url_invalid"),
        ("/ftp", json!({}), "scheme_unsupported"),
        ("/private", json!({}), "outbound_denied"),
        ("/", json!({ "method": "TRACE" }), "settings_invalid"),
        ("/", json!({ "query": 1 }), "settings_invalid"),
        ("/", json!({ "headers": { "a b": 1 } }), "settings_invalid"),
        ("/", json!({ "body": 1, "bodyType": "yaml" }), "settings_invalid"),
        ("/", json!({ "responseType": "yaml" }), "settings_invalid"),
        ("/", json!({ "followRedirects": "no" }), "settings_invalid"),
        ("/", json!({ "failOnStatus": 1 }), "settings_invalid"),
        ("/", json!({ "auth": { "type": "digest", "secret": "x" } }), "settings_invalid"),
        ("/", json!({ "auth": { "type": "bearer", "secret": "a\nb" } }), "settings_invalid"),
        (
            "/",
            json!({ "auth": { "type": "bearer", "secret": "t" }, "headers": { "Authorization": "x" } }),
            "settings_invalid",
        ),
        ("/", json!({ "method": "POST", "bodyType": "binary", "body": file }), "files_unavailable"),
        (
            "/",
            json!({ "method": "POST", "bodyType": "multipart", "body": { "a": file } }),
            "files_unavailable",
        ),
    ] {
        let mut settings = json!({ "url": format!("{}{at}", server.uri()) });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(code(send(&server, settings.clone()).await), expected, "{settings}");
    }
    for (at, expected) in [("/400", 400), ("/599", 599)] {
        let settings = json!({ "url": format!("{}{at}", server.uri()), "failOnStatus": false });
        assert_eq!(send(&server, settings).await.unwrap()["status"], expected);
    }
    for (url, expected) in [
        ("no url", "url_invalid"),
        ("file:///x", "scheme_unsupported"),
        ("http://127.0.0.1:1/", "outbound_denied"),
    ] {
        assert_eq!(code(send_allowing("", json!({ "url": url })).await), expected, "{url}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_a_network_failure() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let hangs_up = tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    assert_eq!(
        code(send_allowing(&address, json!({ "url": format!("http://{address}/") })).await),
        "network"
    );
    hangs_up.abort();
}
