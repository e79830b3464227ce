//! Flows as tools of assistants: what a `peer.action` trigger offers.

use serde_json::Value;

use crate::{Document, Faults, Fields, InputSchema, StepId};

/// The type of trigger that offers a flow as a tool.
pub const TOOL_TRIGGER: &str = "peer.action";

/// A flow as a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// The trigger.
    pub trigger: StepId,
    /// What it is for, as models are told.
    pub description: Option<String>,
    /// Its parameters, as a JSON Schema of an object.
    pub parameters: Value,
}

/// The tools that a document offers, one for each of its `peer.action` triggers.
pub fn tools(document: &Document) -> Vec<Tool> {
    let ignored = Faults::new();
    let triggers = document.steps.iter().filter(|step| step.kind == TOOL_TRIGGER);
    let tools = triggers.map(|step| Tool {
        trigger: step.id.clone(),
        description: step.data.get("description").and_then(Value::as_str).map(str::to_owned),
        parameters: InputSchema::read_fields(&Fields::new(&step.data, "", &ignored)).to_json_schema(),
    });
    tools.collect()
}
