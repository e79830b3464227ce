//! `log`: writes a line into the flow's log.

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, LogLevel, LogLine, RunError};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The message, how loud it is, and what goes with it.
#[derive(Debug)]
pub(crate) struct Log {
    level: LogLevel,
    message: Template,
    data: Option<JsonTemplate>,
}

impl Log {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let wanted = data.string("level").unwrap_or("info");
        let level = LogLevel::ALL.into_iter().find(|level| level.as_str() == wanted);
        if level.is_none() {
            let message =
                format!("this is no level; use one of {}", LogLevel::ALL.map(LogLevel::as_str).join(", "));
            data.faults().error(data.at("level"), "value_unknown", message);
        }
        let message = templates.required_text(data, "message");
        let more = match data.value("data") {
            Some(value) => Some(templates.json(value, &data.at("data"))?),
            None => None,
        };
        Some(Self { level: level?, message: message?, data: more })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let message = self.message.render_text(scope).map_err(|error| failed(&error))?;
        let data = self.data.as_ref().map(|data| data.evaluate(scope)).transpose();
        let data = data.map_err(|error| failed(&error))?;
        Ok(Resolved::Logged(LogLine { level: self.level, message, data }))
    }
}
