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
        let (output, error) = match &visit.status {
            VisitStatus::Completed { output } => (Some(output), None),
            VisitStatus::Failed { error } => (None, Some(ErrorView::of(error))),
            VisitStatus::Running
            | VisitStatus::Waiting
            | VisitStatus::Resolved { .. }
            | VisitStatus::Cancelled => (None, None),
        };
        let (input, input_truncated) = preview(visit.input.as_ref(), limit);
        Self {
            step_id: path.step(),
            visit: path.as_str(),
            name: view.step_title(path),
            kind: view.flow.as_ref().and_then(|flow| flow.step(path)).map(|step| step.kind.to_string()),
            status: visit.status.as_str(),
            started_at: visit.started_at.to_string(),
            ended_at: visit.ended_at.map(|at| at.to_string()),
            duration_ms: duration_ms(visit.started_at, visit.ended_at),
            input,
            input_truncated,
            output: Output::of(output, limit),
            error,
        }
    }
}
