//! `log`: notes something in the run's events.

use std::sync::Arc;

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, RunError};
use serde_json::{Map, Value};

use super::Resolved;
use crate::flow::{Templates, failed};

const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

/// The message, how loud it is, and what goes with it.
#[derive(Debug)]
pub(crate) struct Log {
    level: &'static str,
    message: Template,
    data: Option<JsonTemplate>,
}

impl Log {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let wanted = data.string("level").unwrap_or("info");
        let level = LEVELS.into_iter().find(|level| *level == wanted);
        if level.is_none() {
            let message = format!("this is no level; use one of {}", LEVELS.join(", "));
            data.faults().error(data.at("level"), "value_unknown", message);
        }
        let message = templates.required_text(data, "message");
        let more = match data.value("data") {
            Some(value) => Some(templates.json(value, &data.at("data"))?),
            None => None,
        };
        Some(Self { level: level?, message: message?, data: more })
    }

    /// What is noted: `{level, message, data?}`.
    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let message = self.message.render_text(scope).map_err(|error| failed(&error))?;
        let mut noted = Map::new();
        noted.insert("level".to_owned(), Value::from(self.level));
        noted.insert("message".to_owned(), Value::from(message));
        if let Some(data) = &self.data {
            let data = data.evaluate(scope).map_err(|error| failed(&error))?;
            noted.insert("data".to_owned(), Arc::unwrap_or_clone(data));
        }
        Ok(Resolved::Logged(Arc::new(Value::Object(noted))))
    }
}
