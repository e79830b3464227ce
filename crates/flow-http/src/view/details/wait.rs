//! A wait's row: open or over.

use flow_engine::{OpenWait, RunView};
use flow_model::{Resolution, Visit, VisitPath, VisitStatus};
use serde::Serialize;

use crate::view::event::Answer;
use crate::view::wait::{PendingAction, WaitState};

/// One wait of the run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WaitRow<'a> {
    status: &'static str,
    #[serde(flatten)]
    state: WaitState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_action: Option<PendingAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<Answer<'a>>,
}

impl<'a> WaitRow<'a> {
    /// The row of a visit's wait; none for a visit that never waited. What a step that has ended was answered
    /// is in its output.
    pub(super) fn of(view: &'a RunView, path: &VisitPath, visit: &'a Visit) -> Option<Self> {
        let wait = OpenWait {
            execution: view.execution(path),
            step_id: path.step().to_owned(),
            step_name: view.step_title(path),
            wait: visit.wait.clone()?,
            opened_at: visit.started_at,
        };
        let status = match &visit.status {
            VisitStatus::Running | VisitStatus::Waiting => "open",
            VisitStatus::Resolved { resolution: Resolution::Expired, .. } => "expired",
            VisitStatus::Resolved { .. } | VisitStatus::Completed { .. } | VisitStatus::Failed { .. } => {
                "resolved"
            }
            VisitStatus::Cancelled => "closed",
        };
        let (resolution, resolved_at) = match &visit.status {
            VisitStatus::Resolved { resolution, resolved_at } => {
                (Some(Answer::of(resolution)), Some(resolved_at.to_string()))
            }
            VisitStatus::Running
            | VisitStatus::Waiting
            | VisitStatus::Completed { .. }
            | VisitStatus::Failed { .. }
            | VisitStatus::Cancelled => (None, visit.ended_at.map(|at| at.to_string())),
        };
        Some(Self {
            status,
            pending_action: (status == "open").then(|| PendingAction::of(&wait)),
            state: WaitState::of(&wait),
            resolved_at,
            resolution,
        })
    }
}
