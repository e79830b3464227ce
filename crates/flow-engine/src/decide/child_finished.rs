//! What a child's end is to the step that started it.

use std::sync::Arc;

use flow_model::{RunEnd, RunError, RunId};
use serde_json::{Map, Value, json};

/// The step's output, or its failure: the child's, which the details name.
pub(super) fn outcome(run: RunId, end: RunEnd) -> Result<Arc<Value>, RunError> {
    match end {
        RunEnd::Completed { output } => Ok(output),
        RunEnd::Failed { error } => {
            let details = Some(details(run, &error));
            let http_status = error.http_status;
            Err(RunError { details, http_status, ..RunError::new(error.code, error.message) })
        }
        RunEnd::Cancelled => {
            let message = "the run that this step started was cancelled";
            let details = Some(Arc::new(json!({ "runId": run })));
            Err(RunError { details, ..RunError::new("child_cancelled", message) })
        }
    }
}

/// What the child's own error said to programs, such as the status that a retry goes by, and where to look.
fn details(run: RunId, error: &RunError) -> Arc<Value> {
    let mut details = match error.details.as_deref() {
        Some(Value::Object(members)) => members.clone(),
        Some(other) => Map::from_iter([("details".to_owned(), other.clone())]),
        None => Map::new(),
    };
    details.insert("runId".to_owned(), json!(run));
    Arc::new(Value::Object(details))
}
