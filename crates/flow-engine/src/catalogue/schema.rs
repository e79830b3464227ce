//! JSON Schemas: made of types, and opened for templates.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A text that has a template in it. `(?i)` and the like are avoided in patterns, since browsers don't know them.
pub(super) const TEMPLATE: &str = r"\{\{";

/// The schema of a type: self-contained, and without what only Rust means something by.
pub(super) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(root) = &mut schema {
        // The names of types; the entry has a name and words of its own.
        root.shift_remove("title");
        root.shift_remove("description");
    }
    tidy(&mut schema);
    schema
}

/// Takes out the widths of numbers, empty defaults, and the line breaks of comments.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(map) => {
            let is_width =
                |format: &str| ["uint", "int", "double", "float"].iter().any(|of| format.starts_with(of));
            if map.get("format").and_then(Value::as_str).is_some_and(is_width) {
                map.shift_remove("format");
            }
            // What a type of Rust begins with says nothing of what the step takes a missing setting for.
            if map.get("default").is_some_and(|default| default.is_null() || default == "") {
                map.shift_remove("default");
            }
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Allows a template in the place of every setting, at any depth. What it comes to is checked by the step.
pub(super) fn allow_templates(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    for key in ["properties", "patternProperties"] {
        let members = map.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten();
        members.for_each(|(_, member)| allow_template(member));
    }
    for key in ["items", "additionalProperties"] {
        map.get_mut(key).into_iter().for_each(allow_template);
    }
    for key in ["anyOf", "oneOf", "allOf", "prefixItems"] {
        map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().for_each(allow_templates);
    }
    let parts = map.get_mut("$defs").and_then(Value::as_object_mut).into_iter().flatten();
    parts.for_each(|(_, part)| allow_templates(part));
}

/// Allows a template in the place of one value, and of those in it.
fn allow_template(schema: &mut Value) {
    allow_templates(schema);
    if takes_every_template(schema) {
        return;
    }
    let Value::Object(map) = schema else { return };
    let template = json!({ "type": "string", "pattern": TEMPLATE });
    if let Some(Value::Array(ways)) = map.get_mut("anyOf") {
        ways.push(template);
        return;
    }
    let told = ["title", "description", "default", "examples", "deprecated"];
    let (about, rest): (Map<_, _>, Map<_, _>) =
        std::mem::take(map).into_iter().partition(|(key, _)| told.contains(&key.as_str()));
    *map = about;
    map.insert("anyOf".to_owned(), json!([rest, template]));
}

fn takes_every_template(schema: &Value) -> bool {
    let Value::Object(map) = schema else { return schema == true };
    if let Some(Value::Array(ways)) = map.get("anyOf") {
        return ways.iter().any(takes_every_template);
    }
    let narrows = ["enum", "const", "pattern", "format", "maxLength", "$ref", "oneOf", "allOf", "not"];
    if narrows.iter().any(|key| map.contains_key(*key)) {
        return false;
    }
    match map.get("type") {
        None => true,
        Some(Value::Array(types)) => types.iter().any(|kind| kind == "string"),
        Some(kind) => kind == "string",
    }
}

/// A setting of a control step that may be given by a template, too. In steps that touch the world every setting may.
pub struct OrTemplate<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OrTemplate<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_template", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>().to_value();
        allow_template(&mut schema);
        schema.try_into().unwrap_or_default()
    }
}

/// The id of another step.
pub struct StepRef;

impl JsonSchema for StepRef {
    fn schema_name() -> Cow<'static, str> {
        "StepRef".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" })
    }
}

/// For `#[schemars(schema_with = …)]`: an object with whatever members.
pub fn json_object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": ["object", "null"] })
}

/// A field that a trigger, a form or `extract-data` declares.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema is made of it, and documents are read by `InputSchema`")]
pub struct InputFieldSettings {
    /// The name that expressions use.
    name: String,
    /// What the value must be.
    #[schemars(extend("default" = "string"))]
    r#type: Option<InputFieldType>,
    /// What people see instead of the name.
    label: Option<String>,
    /// What people, and models, are told of it.
    description: Option<String>,
    /// What stands in the field of a form while it is empty.
    placeholder: Option<String>,
    /// What people are told beside it.
    help: Option<String>,
    /// Whether it must be given.
    #[schemars(extend("default" = false))]
    required: Option<bool>,
    /// The value that stands in for one that isn't given.
    default: Option<Value>,
    /// What can be chosen: texts, or `{label, value}`.
    options: Option<Vec<Value>>,
    /// The least number, or the fewest characters or items.
    min: Option<Value>,
    /// The greatest number, or the most characters or items.
    max: Option<Value>,
    /// A regular expression that a text must match.
    pattern: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema is made of it, and documents are read by `InputSchema`")]
enum InputFieldType {
    String,
    Text,
    Number,
    Boolean,
    Date,
    Select,
    Multiselect,
    File,
    Email,
    Url,
    Object,
    Array,
}
