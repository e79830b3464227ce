//! `run-flow`: starts another flow, and waits for its end.

use std::sync::Arc;

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, FlowId, RunError, VersionSelector, excerpt};
use serde_json::{Map, Value, json};

use super::Resolved;
use crate::flow::{Templates, failed};

/// Which flow, with what, and whether its end is waited for.
#[derive(Debug)]
pub(crate) struct RunFlow {
    flow: Template,
    version: Option<JsonTemplate>,
    inputs: Option<JsonTemplate>,
    waits: bool,
}

/// What a step of this type asks for, as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChildRequest {
    pub(crate) flow: FlowId,
    pub(crate) version: VersionSelector,
    pub(crate) inputs: Map<String, Value>,
    pub(crate) waits: bool,
}

impl RunFlow {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let flow = templates.required_text(data, "flowId");
        if let (Some(flow), Some(text)) = (&flow, data.value("flowId").and_then(Value::as_str))
            && flow.is_constant()
            && let Err(error) = text.trim().parse::<FlowId>()
        {
            data.faults().error(data.at("flowId"), "wrong_type", error.to_string());
        }
        let version = setting(data, templates, "version", |written| selector(written).map(drop));
        let inputs = setting(data, templates, "inputs", |written| {
            if written.is_object() { Ok(()) } else { Err(not_an_object(written)) }
        });
        let waits = data.boolean("wait").unwrap_or(true);
        Some(Self { flow: flow?, version, inputs, waits })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let flow = self.flow.render_text(scope).map_err(|error| failed(&error))?;
        let evaluate = |template: &Option<JsonTemplate>| {
            template
                .as_ref()
                .map(|template| template.evaluate(scope))
                .transpose()
                .map_err(|error| failed(&error))
        };
        let version = evaluate(&self.version)?.filter(|version| !version.is_null());
        let inputs = evaluate(&self.inputs)?.unwrap_or_else(|| Arc::new(Value::Object(Map::new())));
        let request = json!({
            "flowId": flow.trim(),
            "version": version,
            "inputs": *inputs,
            "wait": self.waits,
        });
        // Judged before it is recorded.
        ChildRequest::read(&request)?;
        Ok(Resolved::Child(Arc::new(request)))
    }
}

/// A setting that may be left out; what no expression changes can be judged now.
fn setting(
    data: &Fields<'_>,
    templates: Templates<'_>,
    key: &'static str,
    judge: impl Fn(&Value) -> Result<(), String>,
) -> Option<JsonTemplate> {
    let written = data.value(key)?;
    let template = templates.json(written, &data.at(key))?;
    if template.is_constant()
        && let Err(message) = judge(written)
    {
        data.faults().error(data.at(key), "wrong_type", message);
    }
    Some(template)
}

impl ChildRequest {
    /// The request as it was recorded; the failure of the step when its settings came to something else.
    pub(crate) fn read(recorded: &Value) -> Result<Self, RunError> {
        let member = |name: &str| recorded.get(name).unwrap_or(&Value::Null);
        let flow = member("flowId").as_str().unwrap_or_default();
        let flow = flow.parse().map_err(|_| {
            let message =
                format!("`flowId` is `{}`, and no flow has such an id; list the flows", excerpt(flow));
            RunError::new("flow_not_found", message)
        })?;
        let version = match member("version") {
            Value::Null => VersionSelector::Latest,
            written => selector(written).map_err(|message| RunError::new("settings_invalid", message))?,
        };
        let Value::Object(inputs) = member("inputs") else {
            return Err(RunError::new("settings_invalid", not_an_object(member("inputs"))));
        };
        let waits = member("wait").as_bool().unwrap_or(true);
        Ok(Self { flow, version, inputs: inputs.clone(), waits })
    }
}

/// A version as a number or text; else what is wrong with it.
fn selector(written: &Value) -> Result<VersionSelector, String> {
    let text = match written {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse().map_err(|error: flow_model::InvalidSelector| format!("`version`: {error}"))
}

fn not_an_object(written: &Value) -> String {
    format!("`inputs` is {}; it must be an object", excerpt(&written.to_string()))
}
