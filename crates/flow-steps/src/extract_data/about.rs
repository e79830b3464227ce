//! What the catalogue says of an `extract-data`.
#![expect(dead_code, reason = "the schema is made of these types; `settings` reads documents")]

use flow_engine::{InputFieldSettings, StepAbout, json_object};
use schemars::JsonSchema;
use serde_json::Value;

#[derive(JsonSchema)]
#[schemars(extend("anyOf" = [{"required": ["fields"]}, {"required": ["schema"]}]))]
struct Settings {
    /// Where the values are to be found.
    #[schemars(length(min = 1))]
    text: String,
    /// What is to be found, declared like the fields of an `api` trigger; no `file`.
    #[schemars(length(min = 1))]
    fields: Option<Vec<InputFieldSettings>>,
    /// What is to be found as a JSON Schema, instead of `fields`.
    #[schemars(schema_with = "json_object", default)]
    schema: Value,
    /// What the model should know.
    instructions: Option<String>,
    /// Which model; the operator's default when it is missing.
    model: Option<String>,
}

pub(super) fn about() -> StepAbout {
    StepAbout::new("Extract data", "Has a language model find values in a text.")
        .category("language models")
        .settings::<Settings>()
        .result("what was found: it fits the fields or the schema")
}
