//! Endpoints that don't answer: what the failure says, and what it must never say.

use std::time::Duration;

use flow_engine::StepError;
use flow_steps::{AskToLlm, ExtractData, Llm, LlmOptions};
use serde_json::{Value, json};

use super::fake::{Fake, Reply};
use super::{API_KEY, ask, nobody, options, run};
use crate::support::code;

fn hello() -> Value {
    json!({ "prompt": "Hello" })
}

async fn answered(status: u16, headers: &[(&str, &str)], body: String) -> StepError {
    let fake = Fake::start([Reply::status(status, headers, body)]).await;
    ask(&fake, hello()).await.unwrap_err()
}

#[tokio::test]
async fn each_status_has_its_code_and_the_endpoints_own_words() {
    for (status, code) in [
        (400, "llm_refused"),
        (401, "llm_unauthorized"),
        (403, "llm_unauthorized"),
        (404, "llm_refused"),
        (408, "timeout"),
        (422, "llm_refused"),
        (429, "llm_unavailable"),
        (500, "llm_unavailable"),
        (503, "llm_unavailable"),
    ] {
        let body = json!({ "error": { "message": "because of that", "type": "x", "code": null } });
        let failure = answered(status, &[], body.to_string()).await;
        assert_eq!(failure.code, code, "{status}");
        assert!(failure.message.contains("because of that"), "{failure}");
        assert_eq!(failure.details.unwrap()["status"], status);
    }
}

#[tokio::test]
async fn the_words_are_found_in_errors_of_any_shape() {
    for (body, words) in [
        (r#"{"error":"that"}"#, "that"),
        (r#"{"message":"that"}"#, "that"),
        (r#"{"detail":[{"loc":1}]}"#, r#"[{"loc":1}]"#),
        ("plain words", "plain words"),
        ("", "400"),
    ] {
        let failure = answered(400, &[], body.to_owned()).await;
        assert!(failure.message.contains(words), "{failure}");
    }
    let failure = answered(500, &[], "x".repeat(100_000)).await;
    assert!(failure.message.len() < 1_000, "{} bytes", failure.message.len());
}

#[tokio::test]
async fn a_pause_that_is_asked_for_goes_with_the_failure() {
    let failure = answered(429, &[("Retry-After", "7")], String::new()).await;
    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(answered(400, &[("Retry-After", "7")], String::new()).await.retry_after, None);
}

#[tokio::test]
async fn the_key_is_in_no_failure() {
    let echo =
        json!({ "error": { "message": format!("Incorrect API key provided: {API_KEY}.") } }).to_string();
    for status in [401, 400, 500] {
        let failure = answered(status, &[], echo.clone()).await;
        assert!(failure.message.contains("provided: ***."), "{failure}");
        assert!(!format!("{failure:?}").contains(API_KEY), "{failure:?}");
    }
    let stream = Reply::stream([format!("data: {echo}\n\n")]);
    let failure = ask(&Fake::start([stream]).await, hello()).await.unwrap_err();
    assert!(!format!("{failure:?}").contains(API_KEY), "{failure:?}");
    let llm = Llm::new(options("http://127.0.0.1:1/v1".to_owned())).unwrap();
    assert!(!format!("{llm:?}{:?}", AskToLlm::new(llm.clone())).contains(API_KEY));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let other = Fake::start([]).await;
    let failure = answered(307, &[("Location", &other.url)], String::new()).await;
    assert_eq!(failure.code, "llm_refused");
    assert!(failure.message.contains("FLOW_LLM__BASE_URL"), "{failure}");
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_model_that_declines_has_not_answered() {
    let refusal =
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"I won't\"},\"finish_reason\":\"stop\"}]}\n\n";
    let filtered = super::fake::finish("content_filter");
    for (last, why) in [(refusal.into(), "I won't"), (filtered, "content filter")] {
        let fake = Fake::start([Reply::stream([last, super::fake::done()])]).await;
        let failure = ask(&fake, hello()).await.unwrap_err();
        assert_eq!(failure.code, "llm_refused");
        assert!(failure.message.contains(why), "{failure}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_a_network_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let failure = run(AskToLlm::new(Llm::new(options(url)).unwrap()), hello()).await.unwrap_err();
    assert_eq!(failure.code, "network");
    assert!(failure.message.contains("refused"), "{failure}");
}

#[tokio::test]
async fn without_an_endpoint_the_failure_names_the_settings() {
    let text = json!({ "text": "x", "fields": [{ "name": "a" }] });
    for result in [run(AskToLlm::new(nobody()), hello()).await, run(ExtractData::new(nobody()), text).await] {
        let failure = result.unwrap_err();
        assert_eq!(failure.code, "llm_not_configured");
        for setting in ["FLOW_LLM__BASE_URL", "FLOW_LLM__API_KEY"] {
            assert!(failure.message.contains(setting), "{failure}");
        }
    }
}

#[tokio::test]
async fn without_any_model_the_failure_names_the_setting() {
    let fake = Fake::start([Reply::says(["ok"])]).await;
    let options = LlmOptions { default_model: String::new(), ..options(fake.url.clone()) };
    let step = AskToLlm::new(Llm::new(options).unwrap());
    assert_eq!(code(run(step.clone(), hello()).await), "llm_model_missing");
    assert!(run(step, json!({ "prompt": "Hello", "model": "large" })).await.is_ok());
}
