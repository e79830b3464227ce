//! The body that starts a run from a dashboard.

use std::sync::Arc;

use flow_engine::StartedBy;
use flow_model::{Fields, VersionSelector};
use serde_json::{Map, Value};

/// `{inputs?, returnExecutionMetadata?, version?, trigger?}`, but for the inputs, which are moved out of the
/// body afterwards and not copied.
pub(crate) struct Start {
    /// Whether the reply is the run and not its bare output.
    pub(crate) metadata: bool,
    /// Which version; the draft when none.
    pub(crate) version: Option<VersionSelector>,
    /// How the run is started.
    pub(crate) trigger: StartedBy,
}

impl Start {
    /// Reads the body.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        fields.object("inputs");
        Self {
            metadata: fields.boolean("returnExecutionMetadata").unwrap_or(false),
            version: version(fields),
            trigger: trigger(fields).unwrap_or(StartedBy::Any),
        }
    }
}

/// The inputs of a body that was read.
pub(crate) fn inputs_of(body: &mut Map<String, Value>) -> Map<String, Value> {
    match body.get_mut("inputs").map(Value::take) {
        Some(Value::Object(inputs)) => inputs,
        _ => Map::new(),
    }
}

/// A number may be sent as one.
fn version(fields: &Fields<'_>) -> Option<VersionSelector> {
    match fields.value("version")? {
        Value::Number(number) if !number.is_f64() => match number.to_string().parse() {
            Ok(selector) => Some(selector),
            Err(error) => {
                fields.faults().error(fields.at("version"), "invalid_name", format!("{error}"));
                None
            }
        },
        _ => fields.parsed("version"),
    }
}

fn trigger(fields: &Fields<'_>) -> Option<StartedBy> {
    let trigger = fields.object("trigger")?;
    let trigger = Fields::new(trigger, fields.at("trigger"), fields.faults());
    let kind = trigger.required_string("type")?.to_owned();
    let data = trigger.object("data").cloned().unwrap_or_default();
    Some(StartedBy::Type { kind, data: Arc::new(Value::Object(data)) })
}
