//! A step that touches the world failed.

use flow_model::{RunError, RunState, VisitPath, VisitStatus};

use super::{Decision, Refused, find, refuse, status};
use crate::flow::Flow;

/// Allowed on a running visit only.
pub(super) fn decide(
    flow: &Flow,
    state: &RunState,
    visit: VisitPath,
    error: RunError,
) -> Result<Decision, Refused> {
    let command = "step failed";
    let step = find(command, flow, &visit)?;
    match status(command, state, &visit)? {
        VisitStatus::Running => {
            let mut decision = Decision::default();
            decision.fail(step, visit, error);
            Ok(decision)
        }
        other @ (VisitStatus::Waiting
        | VisitStatus::Resolved { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}
