//! What the catalogue says of an `ask-to-llm`.
#![expect(dead_code, reason = "the schema is made of these types; `settings` reads documents")]

use flow_engine::{StepAbout, json_object};
use schemars::JsonSchema;
use serde_json::Value;

#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Settings {
    /// What is asked; an object or a list that a template makes is sent as its JSON.
    #[schemars(length(min = 1))]
    prompt: String,
    /// What the model is told beforehand.
    system: Option<String>,
    /// Which model; the operator's default when it is missing.
    model: Option<String>,
    /// How freely it answers.
    #[schemars(range(min = 0, max = 2))]
    temperature: Option<f64>,
    /// The most tokens of the answer; sent as `max_tokens`.
    #[schemars(range(min = 1))]
    max_tokens: Option<u64>,
    /// What the answer must be: text, JSON, or JSON that fits the JSON Schema in `{schema}`.
    #[schemars(extend("default" = "text"))]
    response_format: Option<Format>,
    /// URLs: `http`, `https`, or `data:image/…`; the model fetches them, the server doesn't. Or files of the workspace,
    /// such as `{{files.photo}}`, of 8 MiB at the most: they are sent as `data:` URLs.
    images: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Format {
    Word(Word),
    Schema(OfSchema),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Word {
    Text,
    Json,
}

#[derive(JsonSchema)]
struct OfSchema {
    #[schemars(schema_with = "json_object")]
    schema: Value,
}

pub(super) fn about() -> StepAbout {
    StepAbout::new("Ask a model", "Asks a language model.")
        .category("language models")
        .settings::<Settings>()
        .output("response", "string", "the text of the answer")
        .output("json", "any", "its value, for the formats other than text")
        .output("model", "string", "the model that answered")
        .output(
            "usage",
            "object",
            "`{inputTokens, outputTokens}`, null where the endpoint doesn't count them",
        )
}
