//! Answers in JSON: asked for, checked, and asked for once more.

use serde_json::{Map, Value, json};

use super::fake::{Fake, Reply, delta, done, finish};
use super::{ask, asked_and_used};
use crate::support::{KEY, code};

fn person() -> Value {
    json!({
        "type": "object", "required": ["name", "age"], "additionalProperties": false,
        "properties": { "name": { "type": "string" }, "age": { "type": "integer", "minimum": 0 } },
    })
}

fn question() -> Value {
    json!({ "prompt": "Who?", "system": "Be brief", "responseFormat": { "schema": person() } })
}

#[tokio::test]
async fn json_is_asked_for_and_read() {
    for text in [r#"{"a":[1,null]}"#, "```json\n{\"a\":[1,null]}\n```"] {
        let fake = Fake::start([Reply::says([text])]).await;
        let answer = ask(&fake, json!({ "prompt": "Go", "responseFormat": "json" })).await.unwrap();
        assert_eq!((&answer["response"], &answer["json"]), (&json!(text), &json!({ "a": [1, null] })));
        let asked = &fake.asked()[0].body;
        assert_eq!(asked["response_format"], json!({ "type": "json_object" }));
        assert!(asked["messages"][0]["content"].as_str().unwrap().contains("JSON"), "{asked}");
    }
}

#[tokio::test]
async fn a_schema_is_sent_and_an_answer_that_fits_is_taken() {
    let fake = Fake::start([Reply::says([r#"{"name": "Ada","#, r#" "age": 36}"#])]).await;
    let answer = ask(&fake, question()).await.unwrap();
    assert_eq!(answer["json"], json!({ "name": "Ada", "age": 36 }));
    let asked = &fake.asked()[0].body;
    let sent = json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": person() } });
    assert_eq!(asked["response_format"], sent);
    let system = asked["messages"][0]["content"].as_str().unwrap();
    assert!(system.starts_with("Be brief\n\n") && system.contains("\"minimum\":0"), "{system}");
}

#[tokio::test]
async fn a_wrong_answer_is_mended_once_and_both_rounds_are_counted() {
    let wrong = r#"{"name": "Ada", "age": -1}"#;
    let fake = Fake::start([Reply::says([wrong]), Reply::says([r#"{"name":"Ada","age":36}"#])]).await;
    let answer = ask(&fake, question()).await.unwrap();
    assert_eq!(answer["json"], json!({ "name": "Ada", "age": 36 }));
    assert_eq!(answer["usage"], json!({ "inputTokens": 22, "outputTokens": 14 }));
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    let second = &asked[1].body["messages"];
    assert_eq!(second[2], json!({ "role": "assistant", "content": wrong }));
    let complaint = second[3]["content"].as_str().unwrap();
    assert!(complaint.contains("/age: -1 is less than the minimum of 0"), "{complaint}");
    assert!(asked[1].head.contains(&format!("idempotency-key: {KEY}:repair\r\n")), "{}", asked[1].head);
}

#[tokio::test]
async fn an_answer_that_stays_wrong_fails_the_step_with_what_is_wrong() {
    let fake = Fake::start([Reply::says(["Ada, 36"]), Reply::says([r#"{"name":5,"more":1}"#])]).await;
    let failure = ask(&fake, question()).await.unwrap_err();
    assert_eq!(failure.code, "llm_answer_invalid");
    let details = failure.details.clone().unwrap();
    let problems = details["problems"].as_array().unwrap();
    for expected in ["\"age\" is a required property", "/name: 5 is not of type", "'more' was unexpected"] {
        let told = |problem: &Value| problem.as_str().unwrap().contains(expected);
        assert!(problems.iter().any(told), "{expected} in {problems:?}");
        assert!(failure.message.contains(expected), "{failure}");
    }
    assert_eq!(details["response"], r#"{"name":5,"more":1}"#);
    assert_eq!(details["usage"], json!({ "inputTokens": 22, "outputTokens": 14 }));
    let complaint = &fake.asked()[1].body["messages"][3]["content"];
    assert!(complaint.as_str().unwrap().contains("it is not JSON"), "{complaint}");
}

#[tokio::test]
async fn what_each_round_took_is_told_also_where_the_answer_is_of_no_use() {
    let fake = Fake::start([Reply::says(["Ada, 36"]), Reply::says(["Ada, 37"])]).await;
    let (result, used) = asked_and_used(&fake, question()).await;
    assert_eq!(result.unwrap_err().code, "llm_answer_invalid");
    let used: Vec<_> = used.iter().map(|row| (&*row.model, row.input_tokens, row.output_tokens)).collect();
    assert_eq!(used, [("small", 11, 7), ("small", 11, 7)]);
}

#[tokio::test]
async fn an_answer_that_the_limit_of_tokens_cut_off_says_so() {
    let cut = || Reply::stream([delta("{\"na"), finish("length"), done()]);
    let fake = Fake::start([cut(), cut()]).await;
    let failure = ask(&fake, question()).await.unwrap_err();
    assert!(failure.message.contains("cut off at the limit of tokens"), "{failure}");
}

#[tokio::test]
async fn what_is_told_of_a_wrong_answer_is_bounded() {
    let many = format!("[{}]", vec!["\"x\""; 10_000].join(","));
    let settings =
        json!({ "prompt": "Go", "responseFormat": { "schema": { "items": { "type": "number" } } } });
    let fake = Fake::start([Reply::says([many.as_str()]), Reply::says([many.as_str()])]).await;
    let failure = ask(&fake, settings).await.unwrap_err();
    assert_eq!(failure.details.as_ref().unwrap()["problems"].as_array().unwrap().len(), 10);
    assert!(format!("{failure:?}").len() < 10_000);
}

fn asks_for(schema: &Value) -> Value {
    json!({ "prompt": "Go", "responseFormat": { "schema": schema } })
}

/// A schema of that many levels, each of which refers to the next one that many times.
fn levels(levels: usize, times: usize) -> Value {
    let level = |n: usize| json!({ "allOf": vec![json!({ "$ref": format!("#/$defs/{n}") }); times] });
    let mut parts = (0..levels).map(|n| (n.to_string(), level(n + 1))).collect::<Map<_, _>>();
    parts.insert(levels.to_string(), json!({ "type": "number" }));
    json!({ "$ref": "#/$defs/0", "$defs": parts })
}

#[tokio::test]
async fn a_schema_that_comes_to_too_much_is_refused() {
    let fake = Fake::start([Reply::says(["1"]), Reply::says(["1"])]).await;
    for schema in [levels(60, 2), levels(5_000, 1)] {
        let failure = ask(&fake, asks_for(&schema)).await.unwrap_err();
        assert_eq!(failure.code, "settings_invalid");
        assert!(failure.message.contains("make it simpler"), "{failure}");
    }
    for schema in [levels(9, 2), levels(60, 1)] {
        assert_eq!(ask(&fake, asks_for(&schema)).await.unwrap()["json"], 1);
    }
}

#[tokio::test]
async fn a_check_that_takes_for_ever_fails_the_step() {
    // Each level of the value doubles the work.
    let twice =
        json!({ "items": { "$ref": "#" }, "allOf": [{ "items": { "$ref": "#" } }, { "not": false }] });
    let deep = format!("{}{}", "[".repeat(27), "]".repeat(27));
    let fake = Fake::start([Reply::says([deep.as_str()])]).await;
    assert_eq!(code(ask(&fake, asks_for(&twice)).await), "schema_too_complex");
}

#[tokio::test]
async fn a_schema_may_refer_to_itself_and_to_nothing_else() {
    let tree =
        json!({ "type": "object", "properties": { "left": { "$ref": "#" }, "value": { "type": "number" } } });
    let fake = Fake::start([Reply::says([r#"{"left":{"left":{"value":1}}}"#]), Reply::says(["1"])]).await;
    assert!(ask(&fake, asks_for(&tree)).await.is_ok());
    assert!(ask(&fake, asks_for(&json!({ "$ref": "#" }))).await.is_ok(), "it says nothing");
    for elsewhere in ["http://127.0.0.1:1/x", "file:///etc/passwd", "other.json", "#name", "#/$defs/none"] {
        let failed = ask(&fake, asks_for(&json!({ "$ref": elsewhere }))).await;
        assert_eq!(code(failed), "settings_invalid", "{elsewhere}");
    }
}
