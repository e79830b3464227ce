//! A step's row.

use flow_engine::RunView;
use flow_model::{Visit, VisitPath, VisitStatus};
use serde::Serialize;

use super::{ErrorView, Output, Preview, duration_ms, preview};

/// One visit of a step.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepRow<'a> {
    step_id: &'a str,
    visit: &'a str,
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: &'static str,
    /// The number of its attempt, from 1.
    attempt: u32,
    /// When the next attempt begins, while the step backs off.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<u64>,
    input: Option<Preview<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    input_truncated: bool,
    #[serde(flatten)]
    output: Output<'a>,
    error: Option<ErrorView<'a>>,
}

impl<'a> StepRow<'a> {
    /// The row of a visit. Its type is unknown when the definition can't be compiled any more.
    pub(super) fn of(view: &'a RunView, path: &'a VisitPath, visit: &'a Visit, limit: usize) -> Self {
        let (output, error, next_attempt_at) = match &visit.status {
            VisitStatus::Completed { output } | VisitStatus::Skipped { output } => (Some(output), None, None),
            VisitStatus::Failed { error, output } => (output.as_ref(), Some(error), None),
            VisitStatus::BackingOff { due_at, error } => (None, Some(error), Some(due_at.to_string())),
            VisitStatus::Running
            | VisitStatus::Entered
            | VisitStatus::Waiting
            | VisitStatus::Resolved
            | VisitStatus::Cancelled => (None, None, None),
        };
        let (input, input_truncated) = preview(visit.input.as_ref(), limit);
        Self {
            step_id: path.step(),
            visit: path.as_str(),
            name: view.step_title(path),
            kind: view.flow.as_ref().and_then(|flow| flow.step(path)).map(|step| step.kind.to_string()),
            status: visit.status.as_str(),
            attempt: visit.attempt,
            next_attempt_at,
            started_at: visit.started_at.to_string(),
            ended_at: visit.ended_at.map(|at| at.to_string()),
            duration_ms: duration_ms(visit.started_at, visit.ended_at),
            input,
            input_truncated,
            output: Output::of(output, limit),
            error: error.map(ErrorView::of),
        }
    }
}
