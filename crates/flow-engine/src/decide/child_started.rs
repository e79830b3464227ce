//! Another run was made ready to start with the next commit.

use std::sync::Arc;

use flow_model::{Binding, EventKind, RunId, VisitPath, VisitStatus};
use serde_json::json;

use super::{Context, Decision, Refused, find, refuse, status};
use crate::control::Control;
use crate::flow::Action;

/// Allowed on a running visit of a `run-flow` only. It waits for the run's end, or is done.
pub(super) fn decide(
    cx: Context<'_>,
    visit: VisitPath,
    run: RunId,
    waits: bool,
) -> Result<Decision, Refused> {
    let command = "child started";
    let step = find(command, cx.flow, &visit)?;
    match status(command, cx.state, &visit)? {
        VisitStatus::Running if matches!(step.action, Action::Control(Control::RunFlow(_))) => {
            let mut decision = Decision::default();
            decision.events.push(EventKind::ChildStarted { visit: visit.clone(), run, waits });
            if !waits {
                let output = Arc::new(json!({ "runId": run }));
                let binding = Binding::Whole(step.variable.clone());
                decision.complete(cx, visit, output, binding, step.next.clone());
            }
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
