//! A step that touches the world, as a task of the engine's own runtime.

use std::sync::Arc;

use flow_model::{ExecutionId, RunId, VisitPath};
use futures_util::FutureExt;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::{Step, StepContext, StepError};

/// How a step ended.
#[derive(Debug)]
pub(super) struct TaskEnd {
    pub(super) visit: VisitPath,
    pub(super) result: Result<Value, StepError>,
}

/// Begins a step. It runs on the engine's runtime, so it outlives the request and the thread that began it;
/// dropping `tasks` drops it. A panic is the step's failure, not the run's driver's.
pub(super) fn spawn(
    tasks: &mut JoinSet<TaskEnd>,
    runtime: &Handle,
    run: RunId,
    visit: VisitPath,
    step: Arc<dyn Step>,
    input: Arc<Value>,
) {
    let context = StepContext { execution: ExecutionId { run, visit: visit.clone() } };
    let work = async move {
        let kind = step.kind();
        // The call too, not only its future: a step written by hand may panic before it returns one.
        let call = async { step.run(context, input).await };
        let outcome = std::panic::AssertUnwindSafe(call).catch_unwind().await;
        let result = outcome.unwrap_or_else(|_| {
            tracing::error!(%run, %visit, kind, "a step panicked");
            Err(StepError::new("step_panicked", format!("the step type `{kind}` has a fault: it panicked")))
        });
        TaskEnd { visit, result }
    };
    tasks.spawn_on(work, runtime);
}
