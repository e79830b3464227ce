//! A wait's row: open or over.

use flow_engine::{OpenWait, RunView};
use flow_model::{Resolution, Visit, VisitPath, WaitKind};
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
    /// The row of a visit's wait; none for a visit that never waited.
    pub(super) fn of(view: &'a RunView, path: &VisitPath, visit: &'a Visit) -> Option<Self> {
        let wait = OpenWait {
            execution: view.execution(path),
            step_id: path.step().to_owned(),
            step_name: view.step_title(path),
            wait: visit.wait.clone()?,
            opened_at: visit.started_at,
        };
        let is_for_the_clock = wait.wait.request.kind() == WaitKind::Wait;
        let (status, resolution, resolved_at) = match &visit.resolution {
            // The clock was all that it waited for: nothing was missed, and nobody answered.
            Some((Resolution::Expired, at)) if is_for_the_clock => ("resolved", None, Some(*at)),
            Some((resolution @ Resolution::Expired, at)) => {
                ("expired", Some(Answer::of(resolution)), Some(*at))
            }
            Some((resolution, at)) => ("resolved", Some(Answer::of(resolution)), Some(*at)),
            None if visit.status.has_ended() => ("closed", None, visit.ended_at),
            None => ("open", None, None),
        };
        Some(Self {
            status,
            pending_action: PendingAction::of(&wait).filter(|_| status == "open"),
            state: WaitState::of(&wait),
            resolved_at: resolved_at.map(|at| at.to_string()),
            resolution,
        })
    }
}
