//! What a type of step tells of itself.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::schema;

/// What a type of step tells of itself: how it is shown, which settings it has, and what it results in.
///
/// ```
/// use flow_engine::StepAbout;
/// use schemars::JsonSchema;
///
/// #[derive(JsonSchema)]
/// struct Settings {
///     /// Who is greeted.
///     name: String,
///     /// How often.
///     #[schemars(range(min = 1, max = 9))]
///     times: Option<u8>,
/// }
///
/// let about = StepAbout::new("Greet", "Says hello.").settings::<Settings>();
/// let about = about.output("greeting", "string", "what was said");
/// assert_eq!(about.data_schema["required"][0], "name");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepAbout {
    /// Its name for people.
    pub name: String,
    /// Under what an editor lists it.
    pub category: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// The JSON Schema of its settings. By default it takes every object.
    pub data_schema: Value,
    /// The JSON Schema of its result.
    pub outputs: Value,
}

impl StepAbout {
    /// A type that is shown under that name, with settings and a result that nothing is said of.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            category: "own".to_owned(),
            description: description.into(),
            data_schema: json!({ "type": "object" }),
            outputs: json!({}),
        }
    }

    /// What is shown of a type that tells nothing: its key in words.
    pub fn of_kind(kind: &str) -> Self {
        let words = kind.replace(['-', '_', '.'], " ");
        let mut letters = words.chars();
        let name = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
        Self::new(name.unwrap_or_default(), "")
    }

    /// Under what an editor lists it; `own` unless given.
    #[must_use]
    pub fn category(self, category: impl Into<String>) -> Self {
        Self { category: category.into(), ..self }
    }

    /// The settings are those of a type, whose comments become their descriptions.
    #[must_use]
    pub fn settings<T: JsonSchema>(self) -> Self {
        Self { data_schema: schema::of::<T>(), ..self }
    }

    /// The settings are those of a JSON Schema, for whoever has one already.
    #[must_use]
    pub fn settings_schema(self, schema: Value) -> Self {
        Self { data_schema: schema, ..self }
    }

    /// The result is an object with that member, too. `kind` is a type of JSON Schema; several are separated by `|`, and
    /// `any` is every one.
    #[must_use]
    pub fn output(mut self, name: &str, kind: &str, description: &str) -> Self {
        let kinds: Vec<_> = kind.split('|').collect();
        let mut member = Map::new();
        match *kinds.as_slice() {
            ["any"] => {}
            [kind] => drop(member.insert("type".to_owned(), kind.into())),
            _ => drop(member.insert("type".to_owned(), kinds.into())),
        }
        member.insert("description".to_owned(), description.into());
        if !self.outputs["properties"].is_object() {
            self.outputs = json!({ "type": "object", "properties": {} });
        }
        self.outputs["properties"][name] = Value::Object(member);
        self
    }

    /// The result is a value of any kind, which these words describe.
    #[must_use]
    pub fn result(self, description: &str) -> Self {
        Self { outputs: json!({ "description": description }), ..self }
    }
}
