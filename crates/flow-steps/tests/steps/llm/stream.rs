//! Answers that come in pieces, and those that don't come to their end.

use std::time::Duration;

use flow_steps::{AskToLlm, LlmLimits};
use serde_json::{Value, json};

use super::fake::{Fake, Reply, delta, done, finish, usage};
use super::{ask, run};
use crate::support::code;

fn hello() -> Value {
    json!({ "prompt": "Hello" })
}

async fn answered(reply: Reply) -> Result<Value, flow_engine::StepError> {
    ask(&Fake::start([reply]).await, hello()).await
}

#[tokio::test]
async fn pieces_may_end_anywhere_inside_of_a_character_too() {
    let stream = [delta("Grüße, 🦀"), delta("!"), finish("stop"), usage(1, 2), done()].concat();
    for size in [1, 2, 3, 7, 64] {
        let answer = answered(Reply::stream(stream.chunks(size))).await.unwrap();
        assert_eq!(answer["response"], "Grüße, 🦀!", "pieces of {size} bytes");
        assert_eq!(answer["usage"]["outputTokens"], 2);
    }
}

#[tokio::test]
async fn an_end_in_good_order_needs_no_mark() {
    let answer = answered(Reply::stream([delta("Hi"), finish("stop"), usage(1, 2)])).await.unwrap();
    assert_eq!(answer["response"], "Hi");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let reported = "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n";
    for (reply, why) in [
        (Reply::stream([delta("Hi")]).cut(), "connection was lost"),
        (Reply::stream([delta("Hi"), finish("stop")]).cut(), "connection was lost"),
        (Reply::stream([delta("Hi")]), "connection was closed"),
        (Reply::stream([delta("Hi"), b"data: {\"choi".to_vec()]), "connection was closed"),
        (Reply::stream([""; 0]), "connection was closed"),
        (Reply::stream([delta("Hi"), reported.into()]), "out of memory"),
    ] {
        let failure = answered(reply).await.unwrap_err();
        assert_eq!(failure.code, "llm_stream_cut", "{why}");
        assert!(failure.message.contains(why), "{failure}");
        assert_eq!(failure.details.unwrap()["class"], "network", "it is worth another attempt");
    }
}

#[tokio::test]
async fn what_is_no_completion_is_told_with_its_beginning() {
    let html = Reply::status(200, &[("Content-Type", "application/json")], "<html>");
    let nothing = Reply::status(200, &[("Content-Type", "application/json")], r#"{"ok":true}"#);
    for (reply, start) in [
        (Reply::stream(["data: {\"choices\": oops\n\n"]), "oops"),
        (Reply::stream([delta("Hi"), b"data: [1]\n\n".to_vec()]), "[1]"),
        (html, "<html>"),
        (nothing, "ok"),
    ] {
        let failure = answered(reply).await.unwrap_err();
        assert_eq!(failure.code, "llm_answer_unreadable");
        assert!(failure.message.contains(start), "{failure}");
    }
}

#[tokio::test]
async fn comments_and_other_fields_mean_nothing() {
    let odd = b": keep-alive\n\nevent: message\nretry: 5\nid: 1\n".to_vec();
    let answer = answered(Reply::stream([odd, delta("Hi"), b"data:\n\n".to_vec(), done()])).await.unwrap();
    assert_eq!(answer["response"], "Hi");
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_refused() {
    let half = "x".repeat(1 << 19);
    let fits = answered(Reply::says([half.as_str(), &half[1..], "y"])).await.unwrap();
    assert_eq!(fits["response"].as_str().unwrap().len(), 1 << 20);
    let over = Reply::says([half.as_str(), half.as_str(), "y"]).silent();
    assert_eq!(code(answered(over).await), "output_too_large");
    let endless = Reply::stream(vec![vec![b'x'; 1 << 17]; 9]).silent();
    assert_eq!(code(answered(endless).await), "output_too_large");
    let json = [("Content-Type", "application/json")];
    let whole = Reply::status(200, &json, vec![b' '; (2 << 20) + 1]).silent();
    assert_eq!(code(answered(whole).await), "output_too_large");
}

#[tokio::test]
async fn silence_is_waited_for_only_so_long() {
    let short = Duration::from_millis(50);
    let long = LlmLimits::default().total;
    for (limits, says) in [
        (LlmLimits { idle: short, total: long }, "sent nothing for 0.05 s"),
        (LlmLimits { idle: long, total: short }, "after 0.05 s"),
    ] {
        for pieces in [vec![], vec![delta("Hi")]] {
            let fake = Fake::start([Reply::stream(pieces).silent()]).await;
            let step = AskToLlm::new(fake.llm().with_limits(limits));
            let failure = run(step, hello()).await.unwrap_err();
            assert_eq!(failure.code, "timeout");
            assert!(failure.message.contains(says), "{failure}");
        }
    }
}
