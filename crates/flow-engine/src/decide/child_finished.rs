//! What a child's end is to the step that started it.

use std::sync::Arc;

use flow_model::{RunEnd, RunError, RunId};
use serde_json::{Map, Value, json};

/// The step's output, or its failure: the child's, which the details name.
pub(super) fn outcome(run: RunId, end: RunEnd) -> Result<Arc<Value>, RunError> {
    match end {
        RunEnd::Completed { output } => Ok(output),
        RunEnd::Failed { error } => Err(RunError { details: Some(details(run, &error)), ..error }),
        RunEnd::Cancelled => {
            let message = "the run that this step started was cancelled";
            let details = Some(Arc::new(json!({ "runId": run })));
            Err(RunError { details, ..RunError::new("child_cancelled", message) })
        }
    }
}

/// Where to look, and what the child's own error said to programs.
fn details(run: RunId, error: &RunError) -> Arc<Value> {
    let mut details = Map::from_iter([("runId".to_owned(), json!(run))]);
    if let Some(step) = &error.step_id {
        details.insert("stepId".to_owned(), json!(step));
    }
    if let Some(more) = &error.details {
        details.insert("details".to_owned(), (**more).clone());
    }
    Arc::new(Value::Object(details))
}
