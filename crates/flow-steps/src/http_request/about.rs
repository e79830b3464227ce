//! What the catalogue says of an `http-request`.
#![expect(dead_code, reason = "the schema is made of these types; `settings` reads documents")]

use flow_engine::StepAbout;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::{auth, settings};

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Settings {
    /// The address: `http` or `https`.
    url: String,
    /// The request's method.
    #[schemars(schema_with = "method", default, extend("default" = "GET"))]
    method: String,
    /// What is appended to the address as its query; a list as a value repeats the key.
    query: Option<Pairs>,
    /// The request's headers; a list as a value repeats the key.
    headers: Option<Pairs>,
    /// What is sent.
    body: Option<Value>,
    /// How it is sent; a text as `text` and anything else as `json` when it is missing.
    #[schemars(schema_with = "body_type", default)]
    body_type: String,
    /// Who asks: `bearer` sends `secret` as the token, `basic` as `user:password`; instead of an `Authorization` header.
    auth: Option<Auth>,
    /// What the answer's body becomes; `auto` goes by the answer's content type.
    #[schemars(schema_with = "response_type", default, extend("default" = "auto"))]
    response_type: String,
    /// Whether a redirect is followed, at most ten times.
    #[schemars(extend("default" = true))]
    follow_redirects: Option<bool>,
    /// Whether an answer of 400 and above fails the step.
    #[schemars(extend("default" = true))]
    fail_on_status: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Pairs {
    Object(Map<String, Value>),
    List(Vec<Pair>),
}

#[derive(JsonSchema)]
struct Pair {
    key: String,
    #[schemars(default)]
    value: Value,
}

#[derive(JsonSchema)]
struct Auth {
    #[schemars(schema_with = "auth_type")]
    r#type: String,
    secret: String,
}

fn method(_: &mut SchemaGenerator) -> Schema {
    words(&settings::METHODS)
}

fn body_type(_: &mut SchemaGenerator) -> Schema {
    words(&settings::BODY_TYPES)
}

fn response_type(_: &mut SchemaGenerator) -> Schema {
    words(&settings::RESPONSE_TYPES)
}

fn auth_type(_: &mut SchemaGenerator) -> Schema {
    words(&auth::TYPES)
}

/// One of these words in small or capital letters. A pattern of its own for that, since browsers know no `(?i)`.
fn words(words: &[&str]) -> Schema {
    let letter = |c: char| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase());
    let any_case = words.iter().map(|word| word.chars().map(letter).collect::<String>());
    let pattern = format!("^({})$", any_case.collect::<Vec<_>>().join("|"));
    json_schema!({ "anyOf": [
        { "enum": words },
        { "type": "string", "pattern": pattern },
        { "type": "null" },
    ] })
}

pub(super) fn about() -> StepAbout {
    StepAbout::new("HTTP request", "Asks another server.")
        .category("network")
        .settings::<Settings>()
        .output("status", "integer", "the answer's status")
        .output("headers", "object", "its headers")
        .output("body", "any", "its body, as `responseType` says")
        .output("durationMs", "integer", "how long it took")
}
