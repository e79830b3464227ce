//! The flow document as its author wrote it, read into typed parts.
//!
//! The JSON itself stays the stored form, so nothing an author wrote is lost on a round trip; this is
//! the view that validation and the engine's compiler work on.

mod edges;

use serde_json::{Map, Value};

use crate::{Faults, Fields, StepId, VariableName};
pub(crate) use edges::{Edge, edges};

/// The trigger types that stand for a fixed key; `webhook.<id>` comes on top.
pub const TRIGGER_TYPES: [&str; 5] = ["api", "form", "schedule", "peer.message", "peer.action"];

/// Whether a step type is a trigger.
pub fn is_trigger_type(kind: &str) -> bool {
    TRIGGER_TYPES.contains(&kind) || kind.strip_prefix("webhook.").is_some_and(|id| !id.is_empty())
}

/// A flow document: name, steps and settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The flow's name.
    pub name: String,
    /// The steps of the top graph, triggers included, in the author's order.
    pub steps: Vec<Step>,
    /// The flow's settings.
    pub settings: Settings,
}

/// One step as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id.
    pub id: StepId,
    /// Its type, known or not.
    pub kind: String,
    /// Its name; the id stands in when it has none.
    pub name: Option<String>,
    /// Its settings.
    pub data: Map<String, Value>,
    /// The step that follows.
    pub next: Option<StepId>,
    /// The step that follows a rejected approval.
    pub reject_next: Option<StepId>,
    /// The variable that receives the result.
    pub output: Option<VariableName>,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// The flow's settings as written. None of them is carried out yet; they are kept and reported.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The step that a failure leads to.
    pub on_error: Option<StepId>,
}

impl Step {
    /// The name shown to people.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Whether it is a trigger.
    pub fn is_trigger(&self) -> bool {
        is_trigger_type(&self.kind)
    }

    /// The variable that receives the result: the one named, else the one derived from the id.
    pub fn variable(&self) -> Option<VariableName> {
        self.output.clone().or_else(|| self.id.default_variable())
    }
}

/// What would change how the flow runs, and can't be carried out yet.
const STEP_SETTINGS_TO_COME: [&str; 5] = ["retry", "timeoutMs", "onError", "when", "disabled"];
const FLOW_SETTINGS_TO_COME: [&str; 4] = ["timeoutMs", "concurrency", "onError", "callbacks"];
/// What can be left out without changing how a published flow runs.
const WITHOUT_EFFECT: [&str; 3] = ["pinnedOutput", "retentionDays", "creditLimit"];

impl Document {
    /// Reads `{name, definition: {steps}, settings}`, adding a fault for everything that is not of the
    /// right shape. What can be read is returned all the same, so that later checks find theirs too.
    pub fn read(raw: &Value, faults: &Faults) -> Self {
        let empty = Map::new();
        let map = raw.as_object().unwrap_or(&empty);
        let fields = Fields::new(map, "", faults);
        let name = fields.string("name").unwrap_or_default().to_owned();
        let settings = fields.object("settings").unwrap_or(&empty);
        let settings = Settings::read(&Fields::new(settings, "/settings", faults));
        let steps = match fields.object("definition") {
            Some(definition) => {
                let definition = Fields::new(definition, "/definition", faults);
                let steps = definition.objects("steps").iter().filter_map(Step::read).collect();
                definition.warn_of_unknown();
                steps
            }
            None => Vec::new(),
        };
        Self { name, steps, settings }
    }

    /// A step by its id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id.as_str() == id)
    }
}

impl Step {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.value("id").is_none() {
            fields.required_value("id");
        }
        let id = fields.parsed::<StepId>("id");
        let kind = fields.required_string("type");
        let step = Self {
            id: id?,
            kind: kind?.to_owned(),
            name: fields.string("name").map(str::to_owned),
            data: fields.object("data").cloned().unwrap_or_default(),
            next: fields.parsed("nextStepId"),
            reject_next: fields.parsed("rejectNextStepId"),
            output: fields.parsed("output"),
            pointer: fields.at("").trim_end_matches('/').to_owned(),
        };
        report_settings(fields, &STEP_SETTINGS_TO_COME);
        Some(step)
    }
}

impl Settings {
    fn read(fields: &Fields<'_>) -> Self {
        let on_error =
            fields.object("onError").map(|map| Fields::new(map, "/settings/onError", fields.faults()));
        let on_error = on_error.and_then(|fields| fields.parsed("stepId"));
        report_settings(fields, &FLOW_SETTINGS_TO_COME);
        Self { on_error }
    }
}

/// A setting that would be ignored must never look as if it worked.
fn report_settings(fields: &Fields<'_>, to_come: &[&'static str]) {
    for key in to_come {
        if fields.value(key).is_some() {
            let message = format!("`{key}` can't be carried out by this version of the server; remove it");
            fields.faults().error(fields.at(key), "setting_unsupported", message);
        }
    }
    for key in WITHOUT_EFFECT {
        if fields.value(key).is_some() {
            let message = format!("`{key}` has no effect in this version of the server; it is kept");
            fields.faults().warning(fields.at(key), "setting_without_effect", message);
        }
    }
    fields.warn_of_unknown();
}
