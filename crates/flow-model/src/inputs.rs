//! What a trigger, a form or a tool takes, and the check of what is given.

mod field;
mod format;
mod json;
mod kind;
mod narrow;
mod options;
mod pattern;
mod range;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{Faults, Fields, Schema, pointer_token};
pub use field::InputField;
pub use kind::FieldType;
pub(crate) use narrow::narrows;

/// What is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSchema {
    /// The declared names; none when none are declared and any object is taken.
    pub fields: Option<Vec<InputField>>,
    /// The JSON Schema that declares them, which then checks the values as well.
    schema: Option<Schema>,
}

impl InputSchema {
    /// What declares no names and takes whatever is given.
    pub const NOTHING: Self = Self { fields: Some(Vec::new()), schema: None };

    /// Reads `fields`, or `schema` in their place.
    pub fn read(data: &Fields<'_>) -> Self {
        match data.value("schema") {
            None => Self::read_fields(data),
            Some(_) => {
                if data.value("fields").is_some() {
                    let message = "`fields` and `schema` say the same in two ways; leave one of them out";
                    data.faults().error(data.at("schema"), "setting_conflict", message);
                }
                json::read(data)
            }
        }
    }

    /// Reads `fields`.
    pub fn read_fields(data: &Fields<'_>) -> Self {
        let declared = data.value("fields").is_some();
        let fields = data.objects("fields").iter().filter_map(InputField::read).collect::<Vec<_>>();
        let mut seen = HashSet::new();
        for field in &fields {
            if !seen.insert(&field.name) {
                let message = format!("the field `{}` is declared twice; remove one", field.name);
                data.faults().error(data.at("fields"), "field_duplicate", message);
            }
        }
        Self { fields: declared.then_some(fields), schema: None }
    }

    /// Checks what a caller gives and fills in the defaults. Inputs that aren't declared are passed on: they
    /// are reached as `inputs.<name>`.
    pub fn accept(&self, inputs: Map<String, Value>, pointer: &str, faults: &Faults) -> Arc<Value> {
        let mut accepted = inputs;
        for field in self.fields.iter().flatten() {
            let name = field.name.as_str();
            // For a schema null is a value like others.
            let given = accepted.get(name).filter(|value| self.schema.is_some() || !value.is_null());
            match (given, &field.default) {
                (None, Some(default)) => {
                    accepted.insert(name.to_owned(), default.clone());
                }
                _ if self.schema.is_some() => {}
                (Some(value), _) => {
                    field.check(value, &format!("{pointer}/{}", pointer_token(name)), faults);
                }
                (None, None) if field.required => {
                    let message = format!("the input `{name}` is missing; give it");
                    faults.error(format!("{pointer}/{}", pointer_token(name)), "required", message);
                }
                (None, None) => {}
            }
        }
        let accepted = Value::Object(accepted);
        if let Some(schema) = &self.schema {
            schema.check(&accepted, pointer, faults);
        }
        Arc::new(accepted)
    }

    /// The same as a JSON Schema, such as a model is told for the parameters of a tool.
    pub fn to_json_schema(&self) -> Value {
        match (&self.schema, &self.fields) {
            (Some(schema), _) => schema.written().clone(),
            (None, fields) => json::write(fields.as_deref().unwrap_or_default()),
        }
    }
}
