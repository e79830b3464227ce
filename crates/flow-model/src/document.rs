//! The flow document as its author wrote it, read into typed parts.
//!
//! The JSON itself stays the stored form, so nothing an author wrote is lost on a round trip; this is
//! the view that validation and the engine's compiler work on.

mod concurrency;
mod edges;
mod graph;
mod retry;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{Credits, Faults, Fields, StepId, VariableName};
pub use concurrency::Concurrency;
pub use edges::{After, Edge, edges};
pub use graph::{Graph, loop_names};
pub use retry::Retry;

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
    /// How often it is tried; once when none.
    pub retry: Option<Retry>,
    /// How long an attempt may take; as long as the type of step allows when none.
    pub timeout: Option<Duration>,
    /// What its failure leads to.
    pub on_error: OnError,
    /// The expression without which it is passed over.
    pub when: Option<String>,
    /// Whether it is passed over always.
    pub disabled: bool,
    /// The output that a draft's run takes instead of carrying it out.
    pub pinned_output: Option<Value>,
    /// The graphs inside of it: the body of a loop, the branches of a `parallel`; none for other types.
    pub graphs: Vec<Graph>,
    /// Where it stands in the document, as a JSON pointer.
    pub pointer: String,
}

/// What a step's failure leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnError {
    /// The flow's handler, else the run's failure.
    #[default]
    Fail,
    /// The step's successor, as if it had ended well.
    Continue,
    /// That step.
    GoTo(StepId),
}

/// The flow's settings as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// How long a run may be queued or running; for ever when none.
    pub timeout: Option<Duration>,
    /// The step that a failure leads to when its own step doesn't take care of it.
    pub on_error: Option<StepId>,
    /// How many runs may go on at a time; any number when none.
    pub concurrency: Option<Concurrency>,
    /// The credits at which a run begins nothing more that has a price; any number when none.
    pub credit_limit: Option<Credits>,
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

    /// The names that a `set-variables` sets beside its own, with their places in its list; none for other types.
    pub fn set_variables(&self) -> impl Iterator<Item = (usize, &str)> {
        let rows = self.data.get("variables").filter(|_| self.kind == "set-variables");
        let rows = rows.and_then(Value::as_array).into_iter().flatten().enumerate();
        rows.filter_map(|(index, row)| Some((index, row.get("name")?.as_str()?)))
    }

    /// Whether what is set inside of it is seen inside alone: in its own item or branch.
    pub fn isolates(&self) -> bool {
        match self.kind.as_str() {
            "parallel" => true,
            "each" => self.data.get("concurrency").and_then(Value::as_u64).is_some_and(|items| items > 1),
            _ => false,
        }
    }
}

/// What would change how the flow runs, and can't be carried out yet.
const FLOW_SETTINGS_TO_COME: [&str; 1] = ["callbacks"];
/// What can be left out without changing how a published flow runs.
const WITHOUT_EFFECT: [&str; 1] = ["retentionDays"];

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
                let steps =
                    definition.objects("steps").iter().filter_map(|step| Step::read(step, 0)).collect();
                definition.warn_of_unknown();
                steps
            }
            None => Vec::new(),
        };
        Self { name, steps, settings }
    }

    /// Every step, those inside of others after the one that holds them.
    pub fn all_steps(&self) -> Vec<&Step> {
        fn push<'a>(steps: &'a [Step], all: &mut Vec<&'a Step>) {
            for step in steps {
                all.push(step);
                step.graphs.iter().for_each(|graph| push(&graph.steps, all));
            }
        }
        let mut all = Vec::new();
        push(&self.steps, &mut all);
        all
    }

    /// A step by its id, wherever it stands.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.all_steps().into_iter().find(|step| step.id.as_str() == id)
    }
}

impl Step {
    /// Reads a step that is `depth` levels below the top graph.
    fn read(fields: &Fields<'_>, depth: usize) -> Option<Self> {
        if fields.value("id").is_none() {
            fields.required_value("id");
        }
        let id = fields.parsed::<StepId>("id");
        let kind = fields.required_string("type")?;
        let data = fields.object("data").cloned().unwrap_or_default();
        let graphs = graph::read(kind, &data, &fields.at("data"), fields.faults(), depth);
        let step = Self {
            id: id?,
            kind: kind.to_owned(),
            name: fields.string("name").map(str::to_owned),
            data,
            next: fields.parsed("nextStepId"),
            reject_next: fields.parsed("rejectNextStepId"),
            output: fields.parsed("output"),
            retry: fields
                .object("retry")
                .map(|map| Retry::read(&Fields::new(map, fields.at("retry"), fields.faults()))),
            timeout: timeout(fields),
            on_error: OnError::read(fields),
            when: fields.string("when").map(str::to_owned),
            disabled: fields.boolean("disabled").unwrap_or(false),
            pinned_output: fields.value("pinnedOutput").cloned(),
            graphs,
            pointer: fields.at("").trim_end_matches('/').to_owned(),
        };
        fields.warn_of_unknown();
        Some(step)
    }
}

impl OnError {
    fn read(fields: &Fields<'_>) -> Self {
        match fields.value("onError") {
            None => Self::Fail,
            Some(Value::String(word)) if word == "fail" => Self::Fail,
            Some(Value::String(word)) if word == "continue" => Self::Continue,
            Some(Value::Object(map)) => target(map, fields).map_or(Self::Fail, Self::GoTo),
            Some(_) => {
                let message = r#"this must be "fail", "continue" or {"stepId": …}"#;
                fields.faults().error(fields.at("onError"), "value_unknown", message);
                Self::Fail
            }
        }
    }
}

/// The step that an `onError` of `fields` names.
fn target(map: &Map<String, Value>, fields: &Fields<'_>) -> Option<StepId> {
    let target = Fields::new(map, fields.at("onError"), fields.faults());
    target.required_value("stepId")?;
    let step = target.parsed("stepId");
    target.warn_of_unknown();
    step
}

/// A `timeoutMs`.
fn timeout(fields: &Fields<'_>) -> Option<Duration> {
    let millis = fields.whole_number("timeoutMs")?;
    if millis == 0 {
        let message = "nothing can be done in no time; give a number above 0 or leave it out";
        fields.faults().error(fields.at("timeoutMs"), "out_of_range", message);
    }
    Some(Duration::from_millis(millis))
}

impl Settings {
    fn read(fields: &Fields<'_>) -> Self {
        let on_error = fields.object("onError").and_then(|map| target(map, fields));
        let timeout = timeout(fields);
        let concurrency = fields
            .object("concurrency")
            .and_then(|map| Concurrency::read(&Fields::new(map, fields.at("concurrency"), fields.faults())));
        let credit_limit = credit_limit(fields);
        report_settings(fields, &FLOW_SETTINGS_TO_COME);
        Self { timeout, on_error, concurrency, credit_limit }
    }
}

/// A `creditLimit`.
fn credit_limit(fields: &Fields<'_>) -> Option<Credits> {
    let limit = fields.value("creditLimit")?.as_f64().and_then(Credits::from_number);
    if limit.is_none() {
        let message = "give a number of credits from 0 to 1,000,000,000, or leave it out for no limit";
        fields.faults().error(fields.at("creditLimit"), "out_of_range", message);
    }
    limit
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
