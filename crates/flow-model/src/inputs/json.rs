//! Inputs declared by a JSON Schema, and fields written as one.

use serde_json::{Map, Value, json};

use super::{FieldType, InputField, InputSchema};
use crate::{Faults, Fields, Schema, pointer_token};

/// Reads `schema`. Its top-level `properties` are the declared inputs; without them it declares none.
pub(super) fn read(data: &Fields<'_>) -> InputSchema {
    let (schema, at) = (Schema::setting(data, "schema"), data.at("schema"));
    let Some(written) = data.value("schema").and_then(Value::as_object) else {
        return InputSchema { fields: None, schema };
    };
    let takes_objects = match written.get("type") {
        Some(Value::Array(types)) => types.contains(&json!("object")),
        kind => kind.is_none_or(|kind| kind == "object"),
    };
    if !takes_objects {
        let message = "inputs are an object, so the schema must be of one; use `\"type\": \"object\"`";
        data.faults().error(format!("{at}/type"), "schema_invalid", message);
    }
    let properties = written.get("properties").and_then(Value::as_object);
    let fields: Option<Vec<_>> = properties.map(|properties| {
        let required = written.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
        // What isn't a name in expressions is reached as `inputs["the-name"]`.
        let named =
            properties.iter().filter_map(|(name, property)| Some((name.parse().ok()?, name, property)));
        let fields = named.map(|(parsed, name, property)| InputField {
            required: is_required(name),
            default: property.get("default").cloned(),
            ..InputField::bare(parsed, kind(property))
        });
        fields.collect()
    });
    if let Some(schema) = &schema {
        check_defaults(schema, fields.as_deref().unwrap_or_default(), &at, data.faults());
    }
    InputSchema { fields, schema }
}

/// The type of a property, as far as there is one of fields for it.
fn kind(property: &Value) -> FieldType {
    match property.get("type").and_then(Value::as_str) {
        Some("string") => FieldType::String,
        Some("number" | "integer") => FieldType::Number,
        Some("boolean") => FieldType::Boolean,
        Some("object") => FieldType::Object,
        Some("array") => FieldType::Array,
        _ => FieldType::Any,
    }
}

/// A default is filled in before the inputs are checked, so one that doesn't fit would refuse every call.
fn check_defaults(schema: &Schema, fields: &[InputField], at: &str, faults: &Faults) {
    let defaults = fields.iter().filter_map(|field| Some((field.name.to_string(), field.default.clone()?)));
    let defaults = Value::Object(defaults.collect());
    for field in fields.iter().filter(|field| field.default.is_some()) {
        let place = format!("/{}", pointer_token(field.name.as_str()));
        let is_there = |at: &str| at == place || at.starts_with(&format!("{place}/"));
        if let Some(problem) = schema.problems(&defaults).iter().find(|problem| is_there(&problem.pointer)) {
            let message = format!("the default doesn't fit its own schema: {}", problem.message);
            faults.error(format!("{at}/properties{place}/default"), "schema_mismatch", message);
        }
    }
}

impl Schema {
    /// Reads a schema whose checks need no watch from a setting; none, and a fault, when it can't be used.
    pub fn setting(data: &Fields<'_>, key: &'static str) -> Option<Self> {
        data.object(key)?;
        let read = Self::read_linear(data.value(key)?);
        read.map_err(|wrong| data.faults().error(data.at(key), "schema_invalid", wrong)).ok()
    }

    /// Adds a fault for everything of a value at `at` that doesn't fit, the first few.
    pub fn check(&self, value: &Value, at: &str, faults: &Faults) {
        for problem in self.problems(value) {
            let code = if problem.is_missing { "required" } else { "schema_mismatch" };
            faults.error(format!("{at}{}", problem.pointer), code, problem.message);
        }
    }
}

/// The schema of an object with those fields.
pub(super) fn write(fields: &[InputField]) -> Value {
    let properties = fields.iter().map(|field| (field.name.to_string(), field.to_json_schema()));
    let required = fields.iter().filter(|field| field.required && field.default.is_none());
    let required: Vec<_> = required.map(|field| field.name.as_str()).collect();
    json!({ "type": "object", "properties": properties.collect::<Map<_, _>>(), "required": required })
}

impl InputField {
    /// The schema of its value, as narrow as JSON Schema can say it and maybe narrower: a date is a full date.
    pub fn to_json_schema(&self) -> Value {
        let mut schema = Map::new();
        if let Some(kind) = self.field_type.in_json() {
            schema.insert("type".to_owned(), json!(kind));
        }
        let format = match self.field_type {
            FieldType::Date => Some("date"),
            FieldType::Email => Some("email"),
            FieldType::Url => Some("uri"),
            _ => None,
        };
        let options = self.options.as_ref().map(|options| json!(options.values()));
        let (one, some) = if self.field_type.is_list() { (None, options) } else { (options, None) };
        let pattern = self.pattern.as_ref().map(|pattern| json!(pattern.anchored()));
        let parts = [
            ("format", format.map(Value::from)),
            ("enum", one),
            ("items", some.map(|values| json!({ "enum": values }))),
            ("pattern", pattern),
            ("default", self.default.clone()),
            ("description", self.told.clone().map(Value::from)),
        ];
        let given = parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), part?)));
        schema.extend(given);
        self.range.write(&mut schema, self.field_type);
        Value::Object(schema)
    }
}
