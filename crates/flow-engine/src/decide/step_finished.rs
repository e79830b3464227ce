//! A step that touches the world returned.

use std::sync::Arc;

use flow_model::{Binding, RunState, VisitPath, VisitStatus};
use serde_json::Value;

use super::{Decision, Refused, find, refuse, status};
use crate::flow::Flow;

/// Allowed on a running visit only.
pub(super) fn decide(
    flow: &Flow,
    state: &RunState,
    visit: VisitPath,
    output: Arc<Value>,
) -> Result<Decision, Refused> {
    let command = "step finished";
    let step = find(command, flow, &visit)?;
    match status(command, state, &visit)? {
        VisitStatus::Running => {
            let mut decision = Decision::default();
            decision.complete(state, visit, output, Binding::Whole(step.variable.clone()), step.next.clone());
            Ok(decision)
        }
        other @ (VisitStatus::Waiting
        | VisitStatus::Resolved
        | VisitStatus::BackingOff { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}
