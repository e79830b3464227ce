//! A step that touches the world, as a task of the engine's own runtime.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{ExecutionId, ModelUsage, RunId, VisitPath, WorkspaceId};
use futures_util::FutureExt;
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};

use super::script::Evaluation;
use super::secrets::Keeper;
use crate::decide::Effect;
use crate::engine::Shared;
use crate::{Step, StepContext, StepError};

/// An attempt of a step.
pub(super) struct Attempt {
    pub(super) run: RunId,
    pub(super) workspace: WorkspaceId,
    pub(super) visit: VisitPath,
    pub(super) step: Arc<dyn Step>,
    pub(super) input: Arc<Value>,
    /// Puts the secrets in that it uses, if it uses any.
    pub(super) keeper: Option<Keeper>,
    /// How long it may take.
    pub(super) timeout: Option<Duration>,
}

/// What was under way, and how it ended.
#[derive(Debug)]
pub(super) enum TaskEnd {
    /// An attempt of a step.
    Step { visit: VisitPath, result: Result<Value, StepError>, used: Vec<ModelUsage> },
    /// What an evaluation waited for, which an effect needs.
    Wanted { effect: Effect, evaluation: Box<Evaluation> },
}

impl TaskEnd {
    pub(super) const fn visit(&self) -> &VisitPath {
        match self {
            Self::Step { visit, .. } => visit,
            Self::Wanted { effect, .. } => effect.visit(),
        }
    }
}

/// Begins a step. It runs on the engine's runtime, so it outlives the request and the thread that began it;
/// dropping `tasks` drops it. A panic is the step's failure, not the run's driver's.
pub(super) fn spawn(tasks: &mut JoinSet<TaskEnd>, shared: &Shared, attempt: Attempt) -> AbortHandle {
    let Attempt { run, workspace, visit, step, input, keeper, timeout } = attempt;
    let context = StepContext::new(ExecutionId { run, visit: visit.clone() }, workspace);
    let usage = context.usage.clone();
    let clock = shared.clock.clone();
    let work = async move {
        let kind = step.kind();
        // The call too, not only its future: a step written by hand may panic before it returns one.
        let call = async {
            match keeper {
                None => step.run(context, input).await,
                Some(keeper) => keeper.run(&*step, context, &input).await,
            }
        };
        let call = std::panic::AssertUnwindSafe(call).catch_unwind();
        let outcome = match timeout {
            None => call.await,
            Some(timeout) => tokio::select! {
                biased;
                outcome = call => outcome,
                () = clock.sleep_until(clock.now().after(timeout)) => Ok(Err(timed_out(timeout))),
            },
        };
        let result = outcome.unwrap_or_else(|_| {
            tracing::error!(%run, %visit, kind, "a step panicked");
            Err(StepError::new("step_panicked", format!("the step type `{kind}` has a fault: it panicked")))
        });
        TaskEnd::Step { visit, result, used: usage.take() }
    };
    tasks.spawn_on(work, &shared.runtime)
}

fn timed_out(timeout: Duration) -> StepError {
    let millis = timeout.as_millis();
    StepError::new("timeout", format!("the step took more than {millis} ms, which is its `timeoutMs`"))
}
