//! Reads settings twice: as their author wrote them, and with the templates resolved.

use flow_engine::StepError;
use flow_model::{Faults, Fields, Schema, Severity};
use serde_json::{Map, Value};

/// Settings under either reading.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) data: &'a Fields<'a>,
    /// Whether templates are still in them. What one will fill in can't be judged.
    open: bool,
}

/// Reads resolved settings by `read`; the first fault fails the step.
pub(crate) fn resolved<T>(
    input: &Value,
    read: impl FnOnce(Written<'_>) -> Option<T>,
) -> Result<T, StepError> {
    let (empty, faults) = (Map::new(), Faults::new());
    let settings = {
        let data = Fields::new(input.as_object().unwrap_or(&empty), "", &faults);
        read(Written { data: &data, open: false })
    };
    let mut errors = faults.into_vec().into_iter().filter(|fault| fault.severity == Severity::Error);
    match (errors.next(), settings) {
        (None, Some(settings)) => Ok(settings),
        (fault, _) => {
            let message = fault.map_or_else(String::new, |fault| {
                format!("`{}`: {}", fault.pointer.trim_start_matches('/'), fault.message)
            });
            Err(StepError::new("settings_invalid", message))
        }
    }
}

impl<'a> Written<'a> {
    /// Settings as their author wrote them.
    pub(crate) fn by_author(data: &'a Fields<'a>) -> Self {
        Self { data, open: true }
    }

    /// An object among the settings.
    pub(crate) fn of<'b>(self, data: &'b Fields<'b>) -> Written<'b> {
        Written { data, open: self.open }
    }

    /// Whether a value is left to a template.
    pub(crate) fn is_open(self, value: &Value) -> bool {
        self.open && value.as_str().is_some_and(|text| text.contains("{{"))
    }

    /// Whether anything in a value is.
    pub(crate) fn is_open_inside(self, value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(|item| self.is_open_inside(item)),
            Value::Object(map) => map.values().any(|value| self.is_open_inside(value)),
            value => self.is_open(value),
        }
    }

    /// A member that no template is to fill in.
    pub(crate) fn closed(self, key: &'static str) -> Option<&'a Value> {
        self.data.value(key).filter(|value| !self.is_open(value))
    }

    /// A text. What a template made of something else is its JSON, as it would be inside of a longer text.
    pub(crate) fn text(self, key: &'static str) -> Option<String> {
        match self.data.value(key)? {
            Value::String(text) => Some(text.clone()),
            _ if self.open => self.data.string(key).map(str::to_owned),
            other => Some(other.to_string()),
        }
    }

    /// A text that must be there and say something.
    pub(crate) fn required_text(self, key: &'static str) -> Option<String> {
        self.data.required_value(key)?;
        let text = self.text(key)?;
        if text.trim().is_empty() {
            self.data.faults().error(
                self.data.at(key),
                "required",
                format!("`{key}` is empty; write something"),
            );
        }
        Some(text)
    }

    /// A name.
    pub(crate) fn name(self, key: &'static str) -> Option<String> {
        self.data.string(key).map(str::to_owned).filter(|name| !name.is_empty())
    }

    /// A JSON Schema; with templates in it, it can't be read yet.
    pub(crate) fn schema(self, key: &'static str) -> Option<Schema> {
        let written = self.data.value(key)?;
        if self.is_open_inside(written) {
            return None;
        }
        self.data.object(key)?;
        let read = Schema::read(written);
        read.map_err(|wrong| self.data.faults().error(self.data.at(key), "schema_invalid", wrong)).ok()
    }
}
