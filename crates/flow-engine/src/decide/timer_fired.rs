//! The pause before a step's next attempt is over.

use flow_model::{EventKind, VisitPath, VisitStatus};

use super::charged::limit_reached;
use super::{Context, Decision, Effect, Refused, find, refuse, status};

/// Allowed on a visit that backs off only.
pub(super) fn decide(cx: Context<'_>, visit: VisitPath) -> Result<Decision, Refused> {
    let command = "timer fired";
    match status(command, cx.state, &visit)? {
        VisitStatus::BackingOff { .. } => {
            let input = cx.state.visit(visit.as_str()).and_then(|visit| visit.input.clone());
            let input = input.ok_or_else(|| Refused { command, reason: format!("{visit} has no input") })?;
            let fired = EventKind::TimerFired { visit: visit.clone() };
            let step = find(command, cx.flow, &visit)?;
            if let Some(end) = limit_reached(cx, step) {
                return Ok(Decision { events: vec![end], ..Decision::default() });
            }
            // The same input, under the same key.
            Ok(Decision {
                events: vec![fired],
                effects: vec![Effect::work(step, visit, input)],
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
