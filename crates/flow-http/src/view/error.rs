//! Why a run or a step failed, as inspection and metadata replies tell it.

use flow_engine::RunView;
use flow_model::{RunEnd, RunError, RunStatus};
use serde::Serialize;
use serde_json::Value;

/// An error of a run or a step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorView<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
}

impl<'a> ErrorView<'a> {
    /// The view of an error.
    pub(crate) fn of(error: &'a RunError) -> Self {
        Self {
            code: &error.code,
            message: &error.message,
            step_id: error.step_id.as_deref(),
            step_name: error.step_name.as_deref(),
            attempt: error.attempt,
            details: error.details.as_deref(),
        }
    }
}

/// Why the run failed; none unless it did. A run whose events don't fold to their end tells that.
pub(crate) fn run_error(view: &RunView) -> Option<RunError> {
    match view.state.end() {
        Some((_, RunEnd::Failed { error })) => Some(error.clone()),
        Some((_, RunEnd::Completed { .. } | RunEnd::Cancelled)) | None => {
            let damage = view.damage.as_ref().filter(|_| view.status() == RunStatus::Failed)?;
            let message = format!("the record of this run is damaged, so it was given up: {damage}");
            Some(RunError::new("run_quarantined", message))
        }
    }
}
