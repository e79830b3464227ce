//! Fields, declared as a trigger declares its inputs, as a JSON Schema.

use flow_model::InputSchema;
use serde_json::{Map, Value, json};

use crate::llm::{Schema, Written};

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
    let before = faults.count();
    let declared = InputSchema::read(written.data).fields.unwrap_or_default();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    let rows = written.data.value("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, row) in rows.iter().enumerate() {
        let Some(name) = row.get("name").and_then(Value::as_str) else { continue };
        let is_required = row.get("required") == Some(&Value::Bool(true));
        if row.get("type").and_then(Value::as_str) == Some("file") {
            let pointer = format!("{}/{index}/type", written.data.at("fields"));
            faults.error(pointer, "value_unknown", "a text has no files to find; use another type");
        }
        properties.insert(name.to_owned(), property(row, is_required));
        if is_required {
            required.push(name);
        }
    }
    if rows.is_empty() && faults.count() == before {
        let message = "there is no field to find; add one";
        faults.error(written.data.at("fields"), "required", message);
    }
    if faults.count() > before {
        return None;
    }
    let schema = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    });
    let schema = Schema::read(&schema);
    let schema =
        schema.map_err(|wrong| faults.error(written.data.at("fields"), "schema_invalid", wrong)).ok()?;
    let defaults = declared.into_iter().filter_map(|field| Some((field.name.to_string(), field.default?)));
    Some(Wanted { schema, defaults: defaults.collect() })
}

/// The schema of one field. What needn't be there may be null, since that is how models leave things out.
fn property(row: &Value, is_required: bool) -> Value {
    let (kind, format) = match row.get("type").and_then(Value::as_str).unwrap_or("string") {
        "number" => ("number", None),
        "boolean" => ("boolean", None),
        "object" => ("object", None),
        "array" | "multiselect" => ("array", None),
        "date" => ("string", Some("date")),
        "email" => ("string", Some("email")),
        "url" => ("string", Some("uri")),
        _ => ("string", None),
    };
    let mut property = json!({ "type": if is_required { json!(kind) } else { json!([kind, "null"]) } });
    if let Some(format) = format {
        property["format"] = json!(format);
    }
    if let Some(mut options) = options(row) {
        match kind {
            "array" => property["items"] = json!({ "enum": options }),
            _ => {
                options.extend((!is_required).then_some(Value::Null));
                property["enum"] = Value::Array(options);
            }
        }
    }
    let told = ["label", "description"].map(|key| row.get(key).and_then(Value::as_str));
    let told = told.into_iter().flatten().collect::<Vec<_>>().join(": ");
    if !told.is_empty() {
        property["description"] = json!(told);
    }
    property
}

/// The values to choose from: as they are, or `value` of `{label, value}`.
fn options(row: &Value) -> Option<Vec<Value>> {
    let options = row.get("options")?.as_array().filter(|options| !options.is_empty())?;
    Some(options.iter().map(|option| option.get("value").unwrap_or(option).clone()).collect())
}
