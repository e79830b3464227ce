//! Bodies on their way out, and answers on their way in.

use serde_json::{Value, json};
use wiremock::matchers::{any, body_string, header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{code, send};

#[tokio::test]
async fn each_type_of_body_is_sent_as_its_name_says() {
    let cases = [
        (json!({ "body": { "a": 1 } }), "application/json", r#"{"a":1}"#),
        (json!({ "body": "text" }), "text/plain; charset=utf-8", "text"),
        (json!({ "body": "text", "bodyType": "json" }), "application/json", r#""text""#),
        (json!({ "body": [1], "bodyType": "text" }), "text/plain; charset=utf-8", "[1]"),
        (
            json!({ "body": { "a b": "ü", "n": [1, 2] }, "bodyType": "form" }),
            "application/x-www-form-urlencoded",
            "a+b=%C3%BC&n=1&n=2",
        ),
    ];
    for (settings, content_type, sent) in cases {
        let server = MockServer::start().await;
        Mock::given(header("content-type", content_type))
            .and(body_string(sent))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let mut settings = settings;
        settings["url"] = json!(server.uri());
        settings["method"] = json!("PUT");
        send(&server, settings.clone()).await.unwrap_or_else(|failure| panic!("{settings}: {failure}"));
    }
}

#[tokio::test]
async fn none_sends_no_body() {
    let server = MockServer::start().await;
    Mock::given(body_string("")).respond_with(ResponseTemplate::new(200)).expect(1).mount(&server).await;
    let settings = json!({ "url": server.uri(), "method": "POST", "body": { "a": 1 }, "bodyType": "none" });
    send(&server, settings).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_read_as_it_says_or_as_the_flow_says() {
    let server = MockServer::start().await;
    let answer = |body: &str, content_type: &str| ResponseTemplate::new(200).set_body_raw(body, content_type);
    let answers = [
        ("/json", answer(r#"{"a":1}"#, "application/json; charset=utf-8")),
        ("/problem", answer(r#"{"a":1}"#, "application/problem+json")),
        ("/broken", answer("{", "application/json")),
        ("/text", answer("[1]", "text/plain")),
    ];
    for (at, answer) in answers {
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    let body = async |at: &str, response_type: &str| -> Value {
        let settings = json!({ "url": format!("{}{at}", server.uri()), "responseType": response_type });
        send(&server, settings).await.unwrap()["body"].clone()
    };
    assert_eq!(body("/json", "auto").await, json!({ "a": 1 }));
    assert_eq!(body("/problem", "auto").await, json!({ "a": 1 }));
    assert_eq!(body("/broken", "auto").await, json!("{"));
    assert_eq!(body("/text", "auto").await, json!("[1]"));
    assert_eq!(body("/text", "json").await, json!([1]));
    assert_eq!(body("/json", "text").await, json!(r#"{"a":1}"#));
    let broken = json!({ "url": format!("{}/broken", server.uri()), "responseType": "json" });
    assert_eq!(code(send(&server, broken).await), "response_not_json");
}

#[tokio::test]
async fn a_body_that_is_deeper_than_json_is_read_stays_text() {
    let server = MockServer::start().await;
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let answer = ResponseTemplate::new(200).set_body_raw(deep.clone(), "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    assert_eq!(send(&server, json!({ "url": server.uri() })).await.unwrap()["body"], json!(deep));
}
