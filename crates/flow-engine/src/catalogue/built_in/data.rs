//! Values made of values.

use schemars::JsonSchema;
use serde_json::Value;

use super::Row;
use crate::catalogue::schema::json_object;
use crate::catalogue::{EntryEffect, StepAbout};

const CATEGORY: &str = "data";

#[derive(JsonSchema)]
struct SetVariables {
    /// The variables; later ones see those before them.
    variables: Vec<Variable>,
}

#[derive(JsonSchema)]
struct Variable {
    /// The variable's name.
    name: String,
    /// Its value.
    #[schemars(default)]
    value: Value,
}

#[derive(JsonSchema)]
struct Transform {
    /// An expression without braces, whose value is the result.
    expression: String,
}

#[derive(JsonSchema)]
struct NodeJs {
    /// The body of an `async` function in JavaScript; what it returns is the result.
    code: String,
    /// What the code finds as `inputs.…`.
    #[schemars(schema_with = "json_object", default)]
    inputs: Value,
}

#[derive(JsonSchema)]
struct Log {
    /// What is noted.
    message: String,
    /// How loud it is.
    #[schemars(extend("default" = "info"))]
    level: Option<Level>,
    /// What is noted beside it.
    data: Option<Value>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

pub(super) fn rows() -> Vec<Row> {
    let set = StepAbout::new("Set variables", "Gives values names.")
        .settings::<SetVariables>()
        .result("the object of the variables");
    let transform = StepAbout::new("Transform", "The value of an expression.")
        .settings::<Transform>()
        .result("the value of the expression");
    let code = StepAbout::new("JavaScript", "Runs code of your own in a sandbox, without network and files.")
        .settings::<NodeJs>()
        .result("what the code returns");
    let log = StepAbout::new("Log", "Notes something in the run's events.").settings::<Log>().result("null");
    [("set-variables", set), ("transform", transform), ("nodejs", code), ("log", log)]
        .map(|(key, about)| (key, EntryEffect::Pure, about.category(CATEGORY)))
        .into()
}
