//! What is asked, and what becomes of the answer.

use std::sync::Arc;

use bytes::Bytes;
use flow_engine::{Files, MemoryStore, NewFile};
use flow_model::{FileId, Timestamp};
use flow_steps::{AskToLlm, Llm, LlmOptions};
use serde_json::{Value, json};

use super::fake::{Fake, Reply};
use super::{API_KEY, ask, options, run};
use crate::support::{KEY, WORKSPACE, code};

#[tokio::test]
async fn an_answer_is_put_together_and_its_tokens_are_told() {
    let fake = Fake::start([Reply::says(["Good ", "", "morning, ", "Ada 🦀"])]).await;
    let answer = ask(&fake, json!({ "prompt": "Greet Ada" })).await.unwrap();
    assert_eq!(
        answer,
        json!({
            "response": "Good morning, Ada 🦀", "model": "small-2026",
            "usage": { "inputTokens": 11, "outputTokens": 7 },
        })
    );
    let asked = &fake.asked()[0];
    assert!(asked.head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{}", asked.head);
    for header in [format!("authorization: bearer {API_KEY}"), format!("idempotency-key: {KEY}")] {
        assert!(asked.head.contains(&format!("{header}\r\n")), "{}", asked.head);
    }
    assert_eq!(
        asked.body,
        json!({
            "model": "small", "messages": [{ "role": "user", "content": "Greet Ada" }],
            "stream": true, "stream_options": { "include_usage": true },
        })
    );
}

#[tokio::test]
async fn each_setting_is_on_the_wire() {
    let fake = Fake::start([Reply::says(["ok"])]).await;
    let images = ["https://host/cat.png", "data:image/png;base64,AAAA"];
    let settings = json!({
        "prompt": "What is it?", "system": "Be brief", "model": "large", "temperature": 0.5, "maxTokens": 20,
        "responseFormat": "text", "images": images,
    });
    ask(&fake, settings).await.unwrap();
    assert_eq!(
        fake.asked()[0].body,
        json!({
            "model": "large", "temperature": 0.5, "max_tokens": 20,
            "messages": [
                { "role": "system", "content": "Be brief" },
                { "role": "user", "content": [
                    { "type": "text", "text": "What is it?" },
                    { "type": "image_url", "image_url": { "url": images[0] } },
                    { "type": "image_url", "image_url": { "url": images[1] } },
                ] },
            ],
            "stream": true, "stream_options": { "include_usage": true },
        })
    );
}

#[tokio::test]
async fn a_prompt_that_a_template_made_of_an_object_is_its_json() {
    let fake = Fake::start([Reply::says(["ok"])]).await;
    ask(&fake, json!({ "prompt": { "a": [1] } })).await.unwrap();
    assert_eq!(fake.asked()[0].body["messages"][0]["content"], r#"{"a":[1]}"#);
}

#[tokio::test]
async fn an_endpoint_that_streams_nothing_is_understood_too() {
    let whole = json!({
        "model": "local", "choices": [{ "message": { "role": "assistant", "content": "Hi" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 1 },
    });
    let headers = [("Content-Type", "application/json; charset=utf-8")];
    let fake = Fake::start([Reply::status(200, &headers, whole.to_string())]).await;
    let answer = ask(&fake, json!({ "prompt": "Hello" })).await.unwrap();
    let usage = json!({ "inputTokens": 3, "outputTokens": 1 });
    assert_eq!(answer, json!({ "response": "Hi", "model": "local", "usage": usage }));
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let fake = Fake::start([Reply::says(["ok"])]).await;
    let llm = Llm::new(LlmOptions { api_key: String::new(), ..options(fake.url.clone()) }).unwrap();
    run(AskToLlm::new(llm), json!({ "prompt": "Hello" })).await.unwrap();
    assert!(!fake.asked()[0].head.contains("authorization"));
}

#[tokio::test]
async fn tokens_that_nobody_counted_are_unknown() {
    let fake = Fake::start([Reply::stream([super::fake::delta("ok"), super::fake::done()])]).await;
    let answer = ask(&fake, json!({ "prompt": "Hello" })).await.unwrap();
    assert_eq!(answer["usage"], json!({ "inputTokens": null, "outputTokens": null }));
}

#[tokio::test]
async fn a_file_among_the_images_is_sent_as_its_bytes() {
    let store = Arc::new(MemoryStore::new());
    let files = Files::new(store.clone(), store);
    let mut ids = Vec::new();
    for (id, content_type, size) in [(1, "image/png", 2), (2, "text/csv", 2), (3, "image/png", (8 << 20) + 1)]
    {
        let new = NewFile {
            id: FileId::from_bytes([id; 16]),
            workspace: WORKSPACE,
            name: "cat".to_owned(),
            content_type: content_type.to_owned(),
            created_by: None,
            now: Timestamp::from_millis(1),
        };
        let mut upload = files.upload(new).await.unwrap();
        upload.write(Bytes::from([b"\0\x01".as_slice(), &vec![0; size - 2]].concat())).await.unwrap();
        ids.push(upload.finish().await.unwrap().to_value());
    }
    let fake = Fake::start([Reply::says(["ok"])]).await;
    let ask = |images: Value| {
        let step = AskToLlm::new(fake.llm()).with_files(files.clone());
        run(step, json!({ "prompt": "?", "images": images }))
    };
    ask(json!(["https://host/cat.png", ids[0]])).await.unwrap();
    let image = &fake.asked()[0].body["messages"][0]["content"][2]["image_url"]["url"];
    assert_eq!(image, "data:image/png;base64,AAE=");
    for (image, expected) in [
        (ids[1].clone(), "settings_invalid"),
        (json!({ "fileId": 7 }), "settings_invalid"),
        (json!({ "fileId": FileId::from_bytes([9; 16]) }), "file_not_found"),
        (ids[2].clone(), "file_too_large"),
    ] {
        assert_eq!(code(ask(json!([image])).await), expected, "{image}");
    }
    let nowhere = run(AskToLlm::new(fake.llm()), json!({ "prompt": "?", "images": [ids[0]] }));
    assert_eq!(code(nowhere.await), "files_unavailable", "nobody keeps files");
}
