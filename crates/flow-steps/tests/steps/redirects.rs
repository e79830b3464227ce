//! Redirects: followed, counted, and judged like the first request.

use serde_json::json;
use wiremock::matchers::{header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{code, send, send_allowing};

fn to(status: u16, target: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("Location", target)
}

#[tokio::test]
async fn a_relative_redirect_is_followed_unless_told_otherwise() {
    let server = MockServer::start().await;
    Mock::given(path("/from")).respond_with(to(302, "to?x=1")).mount(&server).await;
    Mock::given(path("/to")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let url = format!("{}/from", server.uri());
    assert_eq!(send(&server, json!({ "url": url })).await.unwrap()["status"], 200);
    let stay = send(&server, json!({ "url": url, "followRedirects": false })).await.unwrap();
    assert_eq!((&stay["status"], &stay["headers"]["location"]), (&json!(302), &json!("to?x=1")));
}

#[tokio::test]
async fn a_post_becomes_a_get_or_stays_what_it_is_by_the_status() {
    for (status, arrives_as) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let server = MockServer::start().await;
        Mock::given(path("/from")).respond_with(to(status, "/to")).mount(&server).await;
        Mock::given(path("/to"))
            .and(method(arrives_as))
            .respond_with(ResponseTemplate::new(200))
            .expect(1)
            .mount(&server)
            .await;
        let settings =
            json!({ "url": format!("{}/from", server.uri()), "method": "POST", "body": { "a": 1 } });
        send(&server, settings).await.unwrap();
        let requests = server.received_requests().await.unwrap();
        assert_eq!(requests[1].body.is_empty(), arrives_as == "GET", "{status}");
    }
}

#[tokio::test]
async fn going_round_in_circles_ends() {
    let server = MockServer::start().await;
    Mock::given(path("/")).respond_with(to(302, "/")).expect(11).mount(&server).await;
    assert_eq!(code(send(&server, json!({ "url": server.uri() })).await), "too_many_redirects");
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_and_never_connected_to() {
    let (server, hidden) = (MockServer::start().await, MockServer::start().await);
    Mock::given(path("/by-address")).respond_with(to(302, &hidden.uri())).mount(&server).await;
    let by_name = format!("http://localhost:{}/", hidden.address().port());
    Mock::given(path("/by-name")).respond_with(to(302, &by_name)).mount(&server).await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&hidden).await;
    for at in ["/by-address", "/by-name"] {
        assert_eq!(
            code(send(&server, json!({ "url": format!("{}{at}", server.uri()) })).await),
            "outbound_denied"
        );
    }
}

#[tokio::test]
async fn another_origin_is_not_told_credentials() {
    let (server, other) = (MockServer::start().await, MockServer::start().await);
    Mock::given(path("/")).respond_with(to(302, &other.uri())).mount(&server).await;
    Mock::given(header_exists("authorization")).respond_with(ResponseTemplate::new(418)).mount(&other).await;
    Mock::given(header_exists("cookie")).respond_with(ResponseTemplate::new(418)).mount(&other).await;
    Mock::given(header_exists("x-kept")).respond_with(ResponseTemplate::new(200)).mount(&other).await;
    let headers = json!({ "Authorization": "Bearer secret", "Cookie": "a=b", "X-Kept": "1" });
    let settings = json!({ "url": server.uri(), "headers": headers });
    let allow = format!("{},{}", server.address(), other.address());
    assert_eq!(send_allowing(&allow, settings).await.unwrap()["status"], 200);
}

#[tokio::test]
async fn a_redirect_out_of_http_is_refused() {
    let server = MockServer::start().await;
    Mock::given(path("/")).respond_with(to(302, "file:///etc/passwd")).mount(&server).await;
    assert_eq!(code(send(&server, json!({ "url": server.uri() })).await), "scheme_unsupported");
}
