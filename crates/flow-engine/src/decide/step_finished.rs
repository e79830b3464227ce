//! A step that touches the world returned.

use std::sync::Arc;

use flow_model::{Binding, VisitPath, VisitStatus};
use serde_json::Value;

use super::{Context, Decision, Refused, container_of, find, refuse, status};

/// Allowed on a running visit only.
pub(super) fn decide(cx: Context<'_>, visit: VisitPath, output: Arc<Value>) -> Result<Decision, Refused> {
    let command = "step finished";
    let step = find(command, cx.flow, &visit)?;
    match status(command, cx.state, &visit)? {
        VisitStatus::Running if container_of(step).is_none() => {
            let mut decision = Decision::default();
            decision.complete(cx, visit, output, Binding::Whole(step.variable.clone()), step.next.clone());
            Ok(decision)
        }
        other @ (VisitStatus::Running
        | VisitStatus::Entered
        | VisitStatus::Waiting
        | VisitStatus::Resolved
        | VisitStatus::BackingOff { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}
