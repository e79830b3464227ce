//! A definition compiled: ids resolved, templates parsed, settings checked.
//!
//! Made once per definition and shared by all its runs, so nothing of it is parsed while a run goes on.

mod cache;
mod compile;
mod concurrency;
mod data_flow;
mod limited;
mod names;
mod secrets;
mod templates;
mod trigger;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flow_expr::Expression;
use flow_model::{
    Credits, DefinitionHash, Fault, Faults, OnError, OnExpire, Retry, StepId, VariableName, VisitPath,
};
use serde_json::Value;

use crate::control::Control;
use crate::{Limits, Registry, Step};
pub(crate) use cache::FlowCache;
pub(crate) use concurrency::Concurrency;
pub(crate) use names::{Names, RESERVED};
pub(crate) use secrets::{StepSecrets, name_of, named as named_secrets};
pub(crate) use templates::{Templates, failed};
pub(crate) use trigger::{CompiledTrigger, MESSAGE_NAMES, MESSAGE_TRIGGER};

/// A compiled definition.
#[derive(Debug)]
pub struct Flow {
    /// The definition's hash.
    pub(crate) hash: DefinitionHash,
    /// The flow's name.
    pub(crate) name: Arc<str>,
    /// The triggers, in the author's order.
    pub(crate) triggers: Vec<CompiledTrigger>,
    /// The steps, those inside of others after the one that holds them.
    pub(crate) steps: Vec<CompiledStep>,
    /// Where each step stands in `steps`.
    pub(crate) index: HashMap<StepId, usize, foldhash::fast::RandomState>,
    /// The graph of each step that isn't in the top graph: the container, and the branch of a `parallel`.
    pub(crate) graphs: HashMap<StepId, (StepId, Option<StepId>), foldhash::fast::RandomState>,
    /// What expressions may name.
    pub(crate) names: Names,
    /// How long a run may be queued or running.
    pub(crate) timeout: Option<Duration>,
    /// The step that takes care of a failure that no step takes care of.
    pub(crate) on_error: Option<StepId>,
    /// The credits at which a run begins nothing more that has a price.
    pub(crate) credit_limit: Option<Credits>,
    /// How many of its runs may go on at a time.
    pub(crate) concurrency: Option<Concurrency>,
}

/// A compiled step.
#[derive(Debug)]
pub struct CompiledStep {
    /// Its id.
    pub id: StepId,
    /// Its type.
    pub kind: Arc<str>,
    /// Its name, or its id.
    pub title: Arc<str>,
    /// The variable that receives its result.
    pub(crate) variable: VariableName,
    /// The step that follows it.
    pub(crate) next: Option<StepId>,
    /// The step that follows a rejected approval.
    pub(crate) reject_next: Option<StepId>,
    pub(crate) retry: Option<Retry>,
    /// How long an attempt may take.
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_error: OnError,
    /// The expression without which it is passed over.
    pub(crate) when: Option<Expression>,
    /// Whether it is passed over always.
    pub(crate) disabled: bool,
    /// The output that a draft's run takes instead of carrying it out.
    pub(crate) pinned_output: Option<Arc<Value>>,
    pub(crate) action: Action,
}

/// What a step does.
pub(crate) enum Action {
    /// Something that the engine carries out itself.
    Control(Control),
    /// Something that touches the world.
    Task { step: Arc<dyn Step>, data: flow_expr::JsonTemplate, secrets: Option<Arc<StepSecrets>> },
}

impl CompiledStep {
    /// What it does when its wait expires.
    pub(crate) fn on_expire(&self) -> OnExpire {
        match &self.action {
            Action::Control(control) => control.on_expire(),
            Action::Task { .. } => OnExpire::Fail,
        }
    }
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Control(control) => control.fmt(f),
            Self::Task { step, .. } => f.debug_tuple("Task").field(&step.kind()).finish(),
        }
    }
}

/// Every fault and warning of a document `{name, definition, settings}`, as publishing would find them on an engine
/// with those limits.
pub fn validate_document(document: &Value, registry: &Registry, limits: &Limits) -> Vec<Fault> {
    let faults = Faults::new();
    compile::compile(DefinitionHash::from_bytes([0; 32]), document, registry, Some(limits), &faults);
    faults.into_vec()
}

impl Flow {
    /// Why a document can't even be hashed, if it can't.
    pub(crate) fn refusal(document: &Value) -> Option<Fault> {
        compile::too_deep(document)
    }

    /// Compiles a document `{name, definition, settings}`: a new one within those limits, a stored one without.
    ///
    /// # Errors
    /// Every fault of the document, if any of them forbids running it.
    pub(crate) fn compile(
        hash: DefinitionHash,
        document: &Value,
        registry: &Registry,
        limits: Option<&Limits>,
    ) -> Result<Self, Vec<Fault>> {
        let faults = Faults::new();
        let flow = compile::compile(hash, document, registry, limits, &faults);
        match flow {
            Some(flow) if !faults.has_errors() => Ok(flow),
            _ => Err(faults.into_vec()),
        }
    }

    /// The step of a visit; none when the flow has no such step.
    pub fn step(&self, visit: &VisitPath) -> Option<&CompiledStep> {
        self.index.get(visit.step()).and_then(|index| self.steps.get(*index))
    }

    /// The visit of a step that is in a graph round another visit: the nearest one.
    pub(crate) fn visit_near(&self, from: &VisitPath, step: &StepId) -> Option<VisitPath> {
        let graph = |id: &str| self.graphs.get(id);
        let mut here = from.clone();
        while graph(here.step()) != graph(step.as_str()) {
            here = VisitPath::from_stored(here.container()?.0);
        }
        Some(here.sibling(step))
    }

    /// The flow's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
