//! Files on their way out: as parts, as whole bodies, and as images; and answers that are no text.

use std::sync::Arc;

use bytes::Bytes;
use flow_engine::{FileRecord, Files, MemoryStore, NewFile, StepError};
use flow_model::{FileId, Timestamp};
use flow_steps::{HttpRequest, Outbound};
use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{KEY, WORKSPACE, code, faults, run, send};

/// A server that takes everything, and a workspace with a file.
struct World {
    server: MockServer,
    store: Arc<MemoryStore>,
    file: FileRecord,
}

impl World {
    async fn new() -> Self {
        let (server, store) = (MockServer::start().await, Arc::new(MemoryStore::new()));
        Mock::given(path("/from"))
            .respond_with(ResponseTemplate::new(307).insert_header("Location", "/to"))
            .mount(&server)
            .await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
        let new = NewFile {
            id: FileId::new(Timestamp::from_millis(1), [7; 10]),
            workspace: WORKSPACE,
            name: "Überblick \"1\".csv".to_owned(),
            content_type: "text/csv".to_owned(),
            created_by: None,
            now: Timestamp::from_millis(1),
        };
        let mut upload = Files::new(store.clone(), store.clone()).upload(new).await.unwrap();
        upload.write(Bytes::from_static(b"a,b\xff\n")).await.unwrap();
        let file = upload.finish().await.unwrap();
        Self { server, store, file }
    }

    /// The requests that come of settings, whose URL is the server's.
    async fn send(&self, at: &str, mut settings: Value) -> Result<Vec<Request>, StepError> {
        settings["url"] = json!(format!("{}{at}", self.server.uri()));
        settings["method"] = json!("POST");
        let outbound = Outbound::new(self.server.address().to_string().parse().unwrap()).unwrap();
        let files = Files::new(self.store.clone(), self.store.clone());
        run(HttpRequest::new(outbound).with_files(files), settings).await?;
        Ok(self.server.received_requests().await.unwrap())
    }
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// The parts of a multipart body, each as its head and its content.
fn parts(request: &Request) -> Vec<(String, String)> {
    let boundary = header(request, "content-type").strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let between = format!("--{boundary}");
    let parts = body.split(&between).skip(1).filter(|part| !part.starts_with("--"));
    let split = parts.map(|part| part.trim_start().split_once("\r\n\r\n").unwrap());
    split.map(|(head, content)| (head.to_owned(), content.strip_suffix("\r\n").unwrap().to_owned())).collect()
}

#[tokio::test]
async fn parts_are_texts_json_and_files() {
    let world = World::new().await;
    let rows = json!({
        "title": "ü", "count": 2, "meta": { "a": [1] }, "tags": ["x", "y"], "none": null,
        "stored": world.file.to_value(),
        "renamed": { "fileId": world.file.id, "filename": "b.txt", "contentType": "text/plain" },
        "written": { "filename": "c.md", "contentType": "text/markdown", "text": "# hi" },
        "decoded": { "filename": "d.bin", "base64": "AAE=" },
    });
    let expected = [
        ("form-data; name=\"title\"", "", "ü"),
        ("form-data; name=\"count\"", "", "2"),
        ("form-data; name=\"meta\"", "application/json", r#"{"a":[1]}"#),
        ("form-data; name=\"tags\"", "", "x"),
        ("form-data; name=\"tags\"", "", "y"),
        ("form-data; name=\"stored\"; filename=\"Überblick \\\"1\\\".csv\"", "text/csv", "a,b\u{fffd}\n"),
        ("form-data; name=\"renamed\"; filename=\"b.txt\"", "text/plain", "a,b\u{fffd}\n"),
        ("form-data; name=\"written\"; filename=\"c.md\"", "text/markdown", "# hi"),
        ("form-data; name=\"decoded\"; filename=\"d.bin\"", "application/octet-stream", "\0\u{1}"),
    ];
    let listed = rows.as_object().unwrap().iter().map(|(key, value)| json!({ "key": key, "value": value }));
    for body in [rows.clone(), listed.collect()] {
        let requests = world.send("/", json!({ "bodyType": "multipart", "body": body })).await.unwrap();
        let request = requests.last().unwrap();
        assert_eq!(header(request, "idempotency-key"), KEY);
        assert_eq!(header(request, "content-length"), request.body.len().to_string(), "its length is told");
        let sent = parts(request);
        assert_eq!(sent.len(), expected.len(), "{sent:?}");
        for ((head, content), (disposition, content_type, expected)) in sent.iter().zip(expected) {
            let told = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
            };
            assert_eq!(told("content-disposition"), disposition);
            assert_eq!((told("content-type"), content.as_str()), (content_type, expected), "{disposition}");
        }
    }
}

#[tokio::test]
async fn a_redirect_has_the_files_sent_again() {
    let world = World::new().await;
    let body = json!({ "doc": { "fileId": world.file.id } });
    let requests = world.send("/from", json!({ "bodyType": "multipart", "body": body })).await.unwrap();
    let contents: Vec<_> = requests.iter().map(|request| parts(request)[0].1.clone()).collect();
    assert_eq!(contents, ["a,b\u{fffd}\n", "a,b\u{fffd}\n"]);
}

#[tokio::test]
async fn a_file_can_be_the_whole_body() {
    let world = World::new().await;
    let settings = json!({ "bodyType": "binary", "body": world.file.to_value() });
    let requests = world.send("/from", settings.clone()).await.unwrap();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!((header(request, "content-type"), &*request.body), ("text/csv", &b"a,b\xff\n"[..]));
        assert_eq!(header(request, "content-length"), "5");
    }
    let mut typed = settings;
    typed["headers"] = json!({ "Content-Type": "application/x-own" });
    let requests = world.send("/", typed).await.unwrap();
    assert_eq!(header(requests.last().unwrap(), "content-type"), "application/x-own");
    let written = json!({ "bodyType": "binary", "body": { "base64": "AAE=" } });
    let requests = world.send("/", written).await.unwrap();
    assert_eq!(&*requests.last().unwrap().body, b"\0\x01");
}

#[tokio::test]
async fn what_cant_be_sent_fails_the_step() {
    let world = World::new().await;
    let unknown = FileId::from_bytes([9; 16]);
    let multipart = |body: Value| json!({ "bodyType": "multipart", "body": body });
    for (settings, expected) in [
        (multipart(json!({ "a": { "fileId": unknown } })), "file_not_found"),
        (multipart(json!({ "a": { "fileId": "no id" } })), "settings_invalid"),
        (multipart(json!({ "a": { "filename": "x", "base64": "%" } })), "settings_invalid"),
        (multipart(json!({ "a": { "filename": "x", "base64": "AAE=", "text": "x" } })), "settings_invalid"),
        (
            multipart(json!({ "a": { "filename": "x", "text": "x", "contentType": "a\nb" } })),
            "settings_invalid",
        ),
        (multipart(json!("text")), "settings_invalid"),
        (multipart(json!([{ "value": 1 }])), "settings_invalid"),
        (json!({ "bodyType": "binary", "body": "text" }), "settings_invalid"),
        (json!({ "bodyType": "binary", "body": { "name": "x" } }), "settings_invalid"),
        (
            json!({ "bodyType": "multipart", "body": {}, "headers": { "content-type": "x/y" } }),
            "settings_invalid",
        ),
    ] {
        let failure = world.send("/", settings.clone()).await.expect_err(&settings.to_string());
        assert_eq!(failure.code, expected, "{settings}: {failure}");
    }
    assert_eq!(world.server.received_requests().await.unwrap().len(), 0, "nothing is sent by halves");
    let settings = json!({
        "url": world.server.uri(), "method": "POST", "bodyType": "binary", "body": { "fileId": world.file.id },
    });
    assert_eq!(code(send(&world.server, settings).await), "files_unavailable", "nobody keeps files");
    let shape = json!({ "url": "http://x", "bodyType": "multipart", "body": 7 });
    assert_eq!(faults(&shape), [("/body".to_owned(), "wrong_type")]);
}

#[tokio::test]
async fn an_answer_can_be_bytes_or_a_text_in_any_character_set() {
    let server = MockServer::start().await;
    let answer =
        |bytes: &[u8], content_type: &str| ResponseTemplate::new(200).set_body_raw(bytes, content_type);
    for (at, answer) in [
        ("/bytes", answer(b"\x00\xff", "image/png")),
        ("/latin", answer(b"gr\xfc\xdfe", "text/plain; charset=\"ISO-8859-1\"")),
        ("/bom", answer(b"\xef\xbb\xbfhi", "text/plain")),
        ("/fits", answer(&vec![7; 768 << 10], "a/b")),
        ("/over", answer(&vec![7; (768 << 10) + 1], "a/b")),
        ("/head", ResponseTemplate::new(200).insert_header("Content-Type", "application/json")),
    ] {
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let ask = |at: &str, method: &str, kind: &str| {
        send(
            &server,
            json!({ "url": format!("{}{at}", server.uri()), "method": method, "responseType": kind }),
        )
    };
    assert_eq!(ask("/bytes", "GET", "binary").await.unwrap()["body"], "AP8=");
    assert_eq!(ask("/latin", "GET", "auto").await.unwrap()["body"], "grüße");
    assert_eq!(ask("/bom", "GET", "text").await.unwrap()["body"], "hi");
    assert_eq!(ask("/fits", "GET", "binary").await.unwrap()["body"].as_str().unwrap().len(), 1 << 20);
    assert_eq!(code(ask("/over", "GET", "binary").await), "output_too_large");
    assert_eq!(ask("/head", "HEAD", "json").await.unwrap()["body"], json!(null), "a HEAD never has a body");
}
