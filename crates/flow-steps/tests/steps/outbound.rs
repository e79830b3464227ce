//! What may be reached. Only loopback addresses are ever tried here.

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{code, send_allowing};

/// A server that nobody should get to.
async fn hidden() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    server
}

#[tokio::test]
async fn every_spelling_of_this_machine_is_refused() {
    let server = hidden().await;
    let port = server.address().port();
    let spellings = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:0:0:1]",
        "0.0.0.0",
        "[::]",
        "①②⑦.0.0.1",
    ];
    for host in spellings {
        let result = send_allowing("", json!({ "url": format!("http://{host}:{port}/") })).await;
        let failure = result.expect_err(host);
        assert_eq!(failure.code, "outbound_denied", "{host}: {failure}");
        assert!(failure.message.contains("FLOW_OUTBOUND__ALLOW"), "{failure}");
    }
}

#[tokio::test]
async fn an_allowance_opens_what_it_names_and_no_more() {
    let (server, other) = (MockServer::start().await, hidden().await);
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let (port, other_port) = (server.address().port(), other.address().port());
    for allow in ["127.0.0.1", "127.0.0.0/8", &format!("127.0.0.1:{port}")] {
        let url = format!("http://127.0.0.1:{port}/");
        assert_eq!(send_allowing(allow, json!({ "url": url })).await.unwrap()["status"], 200, "{allow}");
    }
    for allow in ["localhost".to_owned(), format!("localhost:{port}"), "127.0.0.0/8,::1".to_owned()] {
        let url = format!("http://localhost:{port}/");
        assert_eq!(send_allowing(&allow, json!({ "url": url })).await.unwrap()["status"], 200, "{allow}");
    }
    for allow in [format!("127.0.0.1:{port}"), "10.0.0.0/8".to_owned(), "localhost".to_owned()] {
        let url = format!("http://127.0.0.1:{other_port}/");
        assert_eq!(code(send_allowing(&allow, json!({ "url": url })).await), "outbound_denied", "{allow}");
    }
}

#[tokio::test]
async fn what_is_no_http_url_is_refused() {
    for (url, expected) in [
        ("", "url_invalid"),
        ("host/path", "url_invalid"),
        ("http://", "url_invalid"),
        ("http://[::1", "url_invalid"),
        ("http://a b/", "url_invalid"),
        ("file:///etc/passwd", "scheme_unsupported"),
        ("ftp://example.com/", "scheme_unsupported"),
        ("gopher://example.com/", "scheme_unsupported"),
        ("javascript:alert(1)", "scheme_unsupported"),
    ] {
        assert_eq!(code(send_allowing("", json!({ "url": url })).await), expected, "{url}");
    }
}
