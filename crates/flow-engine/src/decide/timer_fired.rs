//! The pause before a step's next attempt is over.

use flow_model::{EventKind, RunState, VisitPath, VisitStatus};

use super::{Decision, Effect, Refused, refuse, status};

/// Allowed on a visit that backs off only.
pub(super) fn decide(state: &RunState, visit: VisitPath) -> Result<Decision, Refused> {
    let command = "timer fired";
    match status(command, state, &visit)? {
        VisitStatus::BackingOff { .. } => {
            let input = state.visit(visit.as_str()).and_then(|visit| visit.input.clone());
            let input = input.ok_or_else(|| Refused { command, reason: format!("{visit} has no input") })?;
            let fired = EventKind::TimerFired { visit: visit.clone() };
            // The same input, under the same key.
            Ok(Decision {
                events: vec![fired],
                effects: vec![Effect::Perform { visit, input }],
                ..Decision::default()
            })
        }
        other @ (VisitStatus::Running
        | VisitStatus::Entered
        | VisitStatus::Waiting
        | VisitStatus::Resolved
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}
