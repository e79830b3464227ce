//! The fields that a trigger declares, and the check of a caller's inputs against them.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{Faults, Fields, VariableName, excerpt, pointer_token};

/// What a trigger accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSchema {
    /// The declared fields; none when the trigger declares none and takes any object.
    pub fields: Option<Vec<InputField>>,
}

/// One declared input.
#[derive(Debug, Clone, PartialEq)]
pub struct InputField {
    /// The name that expressions use.
    pub name: VariableName,
    /// What its value must be.
    pub field_type: FieldType,
    /// Whether it must be given.
    pub required: bool,
    /// The value used when it isn't given.
    pub default: Option<Value>,
}

/// The type of an input's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Text: `string`, `text`, `date`, `select`, `email`, `url`.
    Text,
    /// The id of a file that was uploaded: `file`.
    File,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An object.
    Object,
    /// A list: `array`, `multiselect`.
    List,
}

impl FieldType {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "string" | "text" | "date" | "select" | "email" | "url" => Self::Text,
            "file" => Self::File,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" | "multiselect" => Self::List,
            _ => return None,
        })
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::File => "the id of an uploaded file, a string",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::File => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
        }
    }
}

impl InputSchema {
    /// Reads a trigger's `fields`.
    pub fn read(data: &Fields<'_>) -> Self {
        if data.value("schema").is_some() {
            data.faults().error(
                data.at("schema"),
                "setting_unsupported",
                "a JSON Schema can't be checked by this version of the server; declare `fields` instead",
            );
        }
        let declared = data.value("fields").is_some();
        let fields = data.objects("fields").iter().filter_map(InputField::read).collect::<Vec<_>>();
        let mut seen = HashSet::new();
        for field in &fields {
            if !seen.insert(&field.name) {
                let message = format!("the field `{}` is declared twice; remove one", field.name);
                data.faults().error(data.at("fields"), "field_duplicate", message);
            }
        }
        Self { fields: declared.then_some(fields) }
    }

    /// Checks a caller's inputs and fills in the defaults. Inputs that aren't declared are passed on: they
    /// are reached as `inputs.<name>`.
    pub fn accept(&self, inputs: Map<String, Value>, pointer: &str, faults: &Faults) -> Arc<Value> {
        let mut accepted = inputs;
        for field in self.fields.iter().flatten() {
            let name = field.name.as_str();
            let at = || format!("{pointer}/{}", pointer_token(name));
            match accepted.get(name).filter(|value| !value.is_null()) {
                Some(value) if field.field_type.fits(value) => {}
                Some(_) => faults.error(
                    at(),
                    "wrong_type",
                    format!("the input `{name}` must be {}", field.field_type.noun()),
                ),
                None => match &field.default {
                    Some(default) => {
                        accepted.insert(name.to_owned(), default.clone());
                    }
                    None if field.required => {
                        faults.error(at(), "required", format!("the input `{name}` is missing; give it"));
                    }
                    None => {}
                },
            }
        }
        Arc::new(Value::Object(accepted))
    }
}

impl InputField {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.value("name").is_none() {
            fields.required_value("name");
        }
        let name = fields.parsed("name");
        let type_name = fields.string("type").unwrap_or("string");
        let field_type = FieldType::parse(type_name);
        if field_type.is_none() {
            fields.faults().error(
                fields.at("type"),
                "field_type_unknown",
                format!(
                    "`{}` is no type of field; use string, text, number, boolean, date, select, \
                     multiselect, file, email, url, object or array",
                    excerpt(type_name)
                ),
            );
        }
        let field = Self {
            name: name?,
            field_type: field_type?,
            required: fields.boolean("required").unwrap_or(false),
            default: fields.value("default").cloned(),
        };
        if field.default.as_ref().is_some_and(|default| !field.field_type.fits(default)) {
            let message = format!("the default of `{}` must be {}", field.name, field.field_type.noun());
            fields.faults().error(fields.at("default"), "wrong_type", message);
        }
        Some(field)
    }
}
