//! Errors that any route can give.

use actix_web::http::Method;
use flow_testkit::documents::flow;
use serde_json::json;

use crate::server::{NOBODY, Server};

#[actix_web::test]
async fn an_unknown_route_needs_no_token() {
    let server = Server::start().await;
    for path in ["/", "/v1", "/v1/flow/", "/v1/flowrun/list", "/v1/flow/a/b", "/metrics", "/v1/flowrun/poll/"]
    {
        let answer = server.get(path).header("authorization", "").send().await;
        answer.problem(404, "route_not_found");
    }
}

#[actix_web::test]
async fn another_method_is_refused_and_told_which_to_use() {
    let server = Server::start().await;
    let cases = [
        (Method::DELETE, "/healthz", "GET, HEAD"),
        (Method::POST, "/readyz", "GET, HEAD"),
        (Method::PUT, "/v1/flow", "POST"),
        (Method::POST, "/v1/flow/some", "GET, HEAD"),
        (Method::GET, "/v1/flow/some/publish", "POST"),
        (Method::GET, "/v1/client/flow/some/execute", "POST"),
        (Method::GET, "/v1/flow/execute/some", "POST"),
        (Method::PUT, "/v1/flowrun/resume/some", "POST, GET, HEAD"),
        (Method::POST, "/v1/flowrun/poll/some", "GET, HEAD"),
        (Method::PATCH, "/v1/flowrun/details/some", "GET, HEAD"),
        (Method::GET, "/v1/flowrun/cancel/some", "POST"),
    ];
    for (method, path, allowed) in cases {
        let answer = server.ask(method, path).send().await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
}

#[actix_web::test]
async fn health_is_public_and_its_head_too() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = server.get(path).header("authorization", "").send().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(server.ask(Method::HEAD, path).send().await.status, 200);
    }
}

#[actix_web::test]
async fn a_stopping_server_lives_and_is_not_ready() {
    let server = Server::start().await;
    let flow = server.publish(flow("F").api("start", []).done("end", [("a", "b")]).build()).await;
    server.api.engine.stop(std::time::Duration::ZERO).await;
    assert_eq!(server.get("/healthz").send().await.status, 200);
    let answer = server.get("/readyz").send().await;
    answer.problem(503, "stopping");
    assert_eq!(answer.header("retry-after"), "2");
    server.post(&format!("/v1/client/flow/{flow}/execute")).send().await.problem(503, "stopping");
}

#[actix_web::test]
async fn malformed_json_is_told_where() {
    let server = Server::start().await;
    let ask = || server.post("/v1/flow").header("content-type", "application/json");
    let problem = ask().body("{\n  \"name\": }").send().await.problem(400, "malformed_json");
    assert!(problem["message"].as_str().unwrap().contains("line 2 column 11"), "{problem}");
    for body in ["{} {}", "{\"a\":1", "nope", " ", "{\"a\":1e999}", "\"\\ud800\""] {
        ask().body(body).send().await.problem(400, "malformed_json");
    }
    ask().body(&b"{\"name\":\"\xff\"}"[..]).send().await.problem(400, "malformed_json");
}

#[actix_web::test]
async fn a_body_of_the_wrong_type_is_unsupported() {
    let server = Server::start().await;
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"] {
        let answer = server.post("/v1/flow").header("content-type", wrong).body("{}").send().await;
        answer.problem(415, "unsupported_media_type");
    }
    let compressed = server.post("/v1/flow").header("content-encoding", "gzip").json(json!({}));
    compressed.send().await.problem(415, "unsupported_media_type");
    for right in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
        let answer = server.post("/v1/flow").header("content-type", right).body(r#"{"name":"F"}"#);
        assert_eq!(answer.send().await.status, 201, "{right}");
    }
    assert_eq!(server.post("/v1/flow").body(r#"{"name":"F"}"#).send().await.status, 201);
}

#[actix_web::test]
async fn json_is_bounded_in_depth() {
    let server = Server::start().await;
    let body = |levels: usize| {
        format!("{{\"name\":\"F\",\"settings\":{{\"x\":{}{}}}}}", "[".repeat(levels), "]".repeat(levels))
    };
    let ask = |levels| server.post("/v1/flow").header("content-type", "application/json").body(body(levels));
    assert_eq!(ask(126).send().await.status, 201);
    let problem = ask(127).send().await.problem(400, "json_too_deep");
    assert!(problem["message"].as_str().unwrap().contains("128"), "{problem}");
    ask(1_000_000).send().await.problem(400, "json_too_deep");
}

#[actix_web::test]
async fn a_body_is_bounded_in_size() {
    let server = Server::start().await;
    let around = [r#"{"name":"a","settings":{"x":""#, r#""}}"#];
    let body = |bytes: usize| around.join(&"x".repeat(bytes - around.concat().len()));
    let ask = |bytes| server.post("/v1/flow").header("content-type", "application/json").body(body(bytes));
    assert_eq!(ask(4 << 20).send().await.status, 201);
    for bytes in [(4 << 20) + 1, 17 << 20] {
        ask(bytes).send().await.problem(413, "body_too_large");
    }
}

#[actix_web::test]
async fn the_body_must_be_an_object() {
    let server = Server::start().await;
    for body in [json!([]), json!(null), json!("text"), json!(7)] {
        let faults = server.post("/v1/flow").json(body).send().await.faults(422, "invalid_request");
        assert_eq!(faults, [(String::new(), "wrong_type".to_owned())]);
    }
}

#[actix_web::test]
async fn an_unknown_id_comes_before_a_bad_body() {
    let server = Server::start().await;
    let paths = [
        (format!("/v1/flow/{NOBODY}/publish"), "flow_not_found"),
        (format!("/v1/client/flow/{NOBODY}/execute?version=x"), "flow_not_found"),
        (format!("/v1/flow/execute/{NOBODY}"), "flow_not_found"),
        (format!("/v1/flowrun/resume/{NOBODY}"), "run_not_found"),
        ("/v1/flow/no-id/publish".to_owned(), "flow_not_found"),
        ("/v1/client/flow/no-id/execute".to_owned(), "flow_not_found"),
        ("/v1/flow/execute/no-id".to_owned(), "flow_not_found"),
        ("/v1/flowrun/resume/no-id".to_owned(), "run_not_found"),
    ];
    for (path, code) in paths {
        for body in ["[]", "{", "{\"bump\":7,\"inputs\":7,\"decision\":7}"] {
            let ask = server.post(&path).header("content-type", "application/json").body(body);
            ask.send().await.problem(404, code);
        }
    }
    server.get(&format!("/v1/flowrun/poll/{NOBODY}?since=x")).send().await.problem(404, "run_not_found");
    for path in ["/v1/flow/no-id", "/v1/flow/%2e%2e", "/v1/flow/execute"] {
        server.get(path).send().await.problem(404, "flow_not_found");
    }
    for path in ["/v1/flowrun/poll/no-id", "/v1/flowrun/details/no-id"] {
        server.get(path).send().await.problem(404, "run_not_found");
    }
    server.post("/v1/flowrun/cancel/no-id").send().await.problem(404, "run_not_found");
}

#[actix_web::test]
async fn a_sane_request_id_is_kept_and_another_replaced() {
    let server = Server::start().await;
    let ask = |id: &str| server.get("/healthz").header("x-request-id", id);
    assert_eq!(ask("trace-1.2:3/4").send().await.header("x-request-id"), "trace-1.2:3/4");
    let long = "x".repeat(129);
    for insane in ["", "two words", "a\"b", "<script>", long.as_str()] {
        let made = ask(insane).send().await.header("x-request-id").to_owned();
        assert_eq!(made.len(), 36, "{insane:?} became {made:?}");
    }
    let (one, other) = (server.get("/healthz").send().await, server.get("/healthz").send().await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[test]
fn a_full_queue_says_when_to_come_back() {
    use actix_web::ResponseError as _;

    let error = flow_http::ApiError::from(flow_engine::EngineError::QueueFull { most: 5 });
    let reply = error.error_response();
    assert_eq!(reply.status().as_u16(), 429);
    assert_eq!(reply.headers().get("retry-after").unwrap(), "1");
    assert_eq!(error.code().as_str(), "queue_full");
}
