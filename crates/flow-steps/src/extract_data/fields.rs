//! Fields, declared as a trigger declares its inputs, as a JSON Schema.

use flow_model::{InputField, InputSchema, Schema};
use serde_json::{Map, Value, json};

use crate::llm::Written;

/// What is to be found.
pub(super) struct Wanted {
    pub(super) schema: Schema,
    /// What stands in for what wasn't found.
    defaults: Vec<(String, Value)>,
}

impl Wanted {
    pub(super) fn of_schema(schema: Schema) -> Self {
        Self { schema, defaults: Vec::new() }
    }

    /// What was found, with the defaults for the rest.
    pub(super) fn complete(&self, mut found: Value) -> Value {
        for (name, default) in &self.defaults {
            if found.get(name).is_none_or(Value::is_null) {
                found[name] = default.clone();
            }
        }
        found
    }
}

/// Reads `fields`; none, and a fault, when they can't be used.
pub(super) fn read(written: Written<'_>) -> Option<Wanted> {
    let faults = written.data.faults();
    let before = faults.count_errors();
    let declared = InputSchema::read_fields(written.data).fields.unwrap_or_default();
    let rows = written.data.value("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, _) in rows.iter().enumerate().filter(|(_, row)| row.get("type") == Some(&json!("file"))) {
        let pointer = format!("{}/{index}/type", written.data.at("fields"));
        faults.error(pointer, "value_unknown", "a text has no files to find; use another type");
    }
    if rows.is_empty() && faults.count_errors() == before {
        let message = "there is no field to find; add one";
        faults.error(written.data.at("fields"), "required", message);
    }
    if faults.count_errors() > before {
        return None;
    }
    let properties = declared.iter().map(|field| (field.name.to_string(), property(field)));
    let required: Vec<_> =
        declared.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let schema = json!({
        "type": "object", "properties": properties.collect::<Map<_, _>>(), "required": required,
        "additionalProperties": false,
    });
    let schema = Schema::read(&schema);
    let schema =
        schema.map_err(|wrong| faults.error(written.data.at("fields"), "schema_invalid", wrong)).ok()?;
    let defaults = declared.into_iter().filter_map(|field| Some((field.name.to_string(), field.default?)));
    Some(Wanted { schema, defaults: defaults.collect() })
}

/// The schema of one field. What needn't be there may be null, since that is how models leave things out; a default
/// isn't theirs to take.
fn property(field: &InputField) -> Value {
    let mut property = field.to_json_schema();
    if let Some(property) = property.as_object_mut() {
        property.remove("default");
    }
    if !field.required {
        let kind = property["type"].take();
        property["type"] = json!([kind, "null"]);
        if let Some(options) = property.get_mut("enum").and_then(Value::as_array_mut) {
            options.push(Value::Null);
        }
    }
    property
}
