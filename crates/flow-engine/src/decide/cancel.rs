//! A run is to end as cancelled.

use flow_model::{EventKind, RunState};

use super::{Decision, Refused};

/// Allowed on every run that has started and not ended.
pub(super) fn decide(state: &RunState) -> Result<Decision, Refused> {
    let reason = match (state.start(), state.end()) {
        (None, _) => "the run hasn't started",
        (Some(_), Some(_)) => "the run has ended",
        (Some(_), None) => {
            return Ok(Decision { events: vec![EventKind::RunCancelled {}], ..Decision::default() });
        }
    };
    Err(Refused { command: "cancel", reason: reason.to_owned() })
}
