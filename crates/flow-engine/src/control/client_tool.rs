//! `client-tool`: asks the client to run one of its own tools.

use std::sync::Arc;
use std::time::Duration;

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, RunError, WaitRequest};
use serde_json::{Map, Value};

use super::Resolved;
use super::approval::expiry;
use crate::flow::{Templates, failed};

/// The tool and its arguments.
#[derive(Debug)]
pub(crate) struct ClientTool {
    tool_name: Template,
    args: Option<JsonTemplate>,
    expires_in: Option<Duration>,
}

impl ClientTool {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let tool_name = templates.required_text(data, "toolName");
        let expires_in = expiry(data);
        let args = match data.value("parameters") {
            None => None,
            Some(written) => Some(templates.json(&arguments(data, written)?, &data.at("parameters"))?),
        };
        Some(Self { tool_name: tool_name?, args, expires_in })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let tool_name = self.tool_name.render_text(scope).map_err(|error| failed(&error))?;
        let args = match &self.args {
            None => Arc::new(Value::Object(Map::new())),
            Some(args) => args.evaluate(scope).map_err(|error| failed(&error))?,
        };
        let request = WaitRequest::ClientTool { tool_name, args };
        Ok(Resolved::Wait { request, expiry: self.expires_in.into() })
    }
}

/// The arguments as one object. Authors write them as an object, as a list of `{key, value}`, or as the
/// JSON text of either; another text is a template that gives the object. None, and a fault, for anything else.
fn arguments(data: &Fields<'_>, written: &Value) -> Option<Value> {
    let found = match written {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(parsed @ (Value::Object(_) | Value::Array(_))) => return arguments(data, &parsed),
            Ok(_) | Err(_) => Some(written.clone()),
        },
        Value::Array(rows) => rows.iter().map(pair).collect::<Option<Map<_, _>>>().map(Value::Object),
        Value::Object(_) => Some(written.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    };
    if found.is_none() {
        let message = "the parameters must be an object, or a list of `{key, value}`";
        data.faults().error(data.at("parameters"), "wrong_type", message);
    }
    found
}

fn pair(row: &Value) -> Option<(String, Value)> {
    let key = row.get("key")?.as_str()?;
    Some((key.to_owned(), row.get("value").cloned().unwrap_or(Value::Null)))
}
