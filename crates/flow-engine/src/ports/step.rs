//! A type of step that touches the world: built in, or an embedder's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flow_model::{ExecutionId, Fields, ModelUsage, WorkspaceId};
use serde_json::Value;

use crate::StepAbout;

/// What a type of step does, beside the control steps that the engine carries out itself.
///
/// The engine resolves the step's settings, commits the start with them, and calls [`Step::run`], again
/// under the same key when the process died meanwhile. So `run` happens at least once.
#[async_trait]
pub trait Step: Send + Sync + 'static {
    /// The type that documents name, such as `http-request`.
    fn kind(&self) -> &'static str;

    /// What it tells of itself: how an editor shows it, and which settings it has. Documents are checked against the
    /// schema that is in there, besides by `check`.
    fn about(&self) -> StepAbout {
        StepAbout::of_kind(self.kind())
    }

    /// Whether its work may be done again freely.
    fn effect(&self) -> Effect {
        Effect::World
    }

    /// The members of its settings in which a secret may stand. What they become is in the input of `run` and nowhere
    /// else: it is recorded without its secrets, and they are taken out of what `run` returns.
    fn secret_fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it asks language models, and tells [`StepContext::usage`] what that took.
    fn asks_models(&self) -> bool {
        false
    }

    /// Checks settings as the author wrote them, templates unresolved, and adds a fault for each mistake that the schema
    /// of `about` can't say, or that it would say in worse words.
    fn check(&self, _data: &Fields<'_>) {}

    /// Does it. `input` is the settings with every template resolved. The future is dropped when the run
    /// is cancelled.
    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError>;
}

/// Whether a step's work may be done again freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It may: it reads and writes nothing outside the run.
    Pure,
    /// It may not: its start is committed first, and its key stays the same.
    World,
}

/// What a step may know of its run.
#[derive(Debug, Clone)]
pub struct StepContext {
    /// This visit: the same over all attempts, so the world can tell a repeat. Send it as
    /// `Idempotency-Key`.
    pub execution: ExecutionId,
    /// The workspace that the run is of, whose files and nobody else's it may use.
    pub workspace: WorkspaceId,
    /// Where to tell what models it has used.
    pub usage: Usage,
}

impl StepContext {
    /// The context of a visit.
    pub fn new(execution: ExecutionId, workspace: WorkspaceId) -> Self {
        Self { execution, workspace, usage: Usage::default() }
    }
}

/// What a step has used so far. It counts however the attempt ends, so tell it as soon as it is known.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Mutex<Vec<ModelUsage>>>);

impl Usage {
    /// A request to a model has taken so much.
    pub fn add(&self, usage: ModelUsage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(usage);
    }

    /// What was told since the last time.
    pub fn take(&self) -> Vec<ModelUsage> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// A stable code that documents and programs can match on.
    pub code: String,
    /// What went wrong and what to do.
    pub message: String,
    /// More for a program.
    pub details: Option<Box<Value>>,
    /// How long the other side asks to be left alone; a retry heeds it.
    pub retry_after: Option<Duration>,
}

impl StepError {
    /// A failure without details.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), details: None, retry_after: None }
    }
}
