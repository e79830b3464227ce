//! What the expressions of a flow may name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow_model::{Document, StepId, loop_names};
use serde_json::Value;

use super::{CompiledTrigger, MESSAGE_NAMES, MESSAGE_TRIGGER};

/// The names that every flow has. They win over inputs and variables of the same name.
pub(crate) const RESERVED: [&str; 14] = [
    "_resumeData",
    "_trigger",
    "approval",
    "currentDate",
    "currentUser",
    "error",
    "flow",
    "inputs",
    "messages",
    "secrets",
    "step",
    "steps",
    "files",
    "undefined",
];

/// Those of them that have a value before the first step.
const AT_THE_START: [&str; 6] = ["_trigger", "currentDate", "currentUser", "flow", "inputs", "undefined"];

/// The names of one flow.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Declared inputs, step outputs, variables, and the reserved names.
    known: BTreeSet<Arc<str>>,
    /// The inputs that triggers declare.
    inputs: BTreeSet<Arc<str>>,
    /// A trigger brings the names of a message.
    has_messages: bool,
    /// A trigger declares no fields, so an input may have any name.
    open: bool,
    /// Under which names `steps.<name>` finds which step: the id, and the name with `_` for what an
    /// identifier can't hold.
    steps: BTreeMap<Box<str>, StepId>,
}

impl Names {
    /// The names that a document defines.
    pub(crate) fn of(document: &Document, triggers: &[CompiledTrigger]) -> Self {
        let mut names = Self::default();
        names.known.extend(RESERVED.map(Arc::from));
        names.add_inputs(triggers);
        for step in document.all_steps().into_iter().filter(|step| !step.is_trigger()) {
            names.known.extend(step.variable().map(|variable| variable.shared()));
            if step.kind == "set-variables" {
                let rows = step.data.get("variables").and_then(Value::as_array).into_iter().flatten();
                names.known.extend(rows.filter_map(|row| row.get("name")?.as_str()).map(Arc::from));
            }
            names.known.extend(loop_names(&step.kind).iter().copied().map(Arc::from));
            names.add_step(&step.id, step.name.as_deref());
        }
        names
    }

    /// The names that have a value before the first step.
    pub(super) fn at_the_start(triggers: &[CompiledTrigger]) -> Self {
        let mut names = Self::default();
        names.add_inputs(triggers);
        names.known.extend(AT_THE_START.map(Arc::from));
        names
    }

    fn add_inputs(&mut self, triggers: &[CompiledTrigger]) {
        self.open = triggers.iter().any(|trigger| trigger.inputs.fields.is_none());
        self.has_messages = triggers.iter().any(|trigger| trigger.kind == MESSAGE_TRIGGER);
        if self.has_messages {
            self.known.extend(MESSAGE_NAMES.map(Arc::from));
        }
        let fields = triggers.iter().filter_map(|trigger| trigger.inputs.fields.as_ref()).flatten();
        self.inputs.extend(fields.map(|field| field.name.shared()));
        self.known.extend(self.inputs.iter().cloned());
    }

    fn add_step(&mut self, id: &StepId, name: Option<&str>) {
        if let Some(name) = name {
            let as_identifier = |c: char| if c.is_alphanumeric() || c == '_' || c == '$' { c } else { '_' };
            let name = name.trim().chars().map(as_identifier).collect::<String>();
            self.steps.entry(name.into()).or_insert_with(|| id.clone());
        }
        self.steps.insert(id.as_str().into(), id.clone());
    }

    /// Whether the flow can define the name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.open || self.known.contains(name)
    }

    /// Whether the name alone, without `inputs.` before it, may stand for a caller's input. One that no
    /// trigger declares must not: a caller could give a variable a value before the flow does.
    pub(crate) fn is_input(&self, name: &str) -> bool {
        self.open || self.inputs.contains(name)
    }

    /// Whether a trigger declares an input of that name.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.inputs.contains(name)
    }

    /// Whether a trigger brings a message that has that name.
    pub(super) fn is_brought(&self, name: &str) -> bool {
        self.has_messages && MESSAGE_NAMES.contains(&name)
    }

    /// Every name that can be written.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|name| &**name)
    }

    /// The step that `steps.<name>` stands for.
    pub(crate) fn step(&self, name: &str) -> Option<&StepId> {
        self.steps.get(name)
    }

    /// Every name that can follow `steps.`.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&str, &StepId)> {
        self.steps.iter().map(|(name, step)| (&**name, step))
    }
}
