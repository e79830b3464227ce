//! A ready visit's settings were resolved: it starts, and ends at once unless it needs the outside.

use flow_model::{Binding, EventKind, RunState, Timestamp, VisitPath, Wait};

use super::{Decision, Effect, Refused, find};
use crate::control::Resolved;
use crate::flow::Flow;

/// Allowed on a ready visit only.
pub(super) fn decide(
    flow: &Flow,
    state: &RunState,
    visit: VisitPath,
    resolved: Resolved,
    now: Timestamp,
) -> Result<Decision, Refused> {
    let command = "step resolved";
    let step = find(command, flow, &visit)?;
    if !state.ready().contains(&visit) {
        return Err(Refused { command, reason: format!("visit {visit} isn't ready") });
    }
    let mut decision = Decision::default();
    let input = match &resolved {
        Resolved::Task(input) => Some(input.clone()),
        _ => None,
    };
    decision.events.push(EventKind::StepStarted { visit: visit.clone(), input });
    match resolved {
        Resolved::Variables(output) => {
            let binding = Binding::Members(step.variable.clone());
            decision.complete(visit, output, binding, step.next.clone());
        }
        Resolved::Branch { output, next } => {
            let binding = Binding::Whole(step.variable.clone());
            decision.complete(visit, output, binding, next.or_else(|| step.next.clone()));
        }
        Resolved::Output(output) => {
            let binding = Binding::None;
            let completed = EventKind::StepCompleted { visit: visit.clone(), output, binding, next: None };
            decision.events.push(completed);
            decision.events.push(EventKind::RunCompleted { output_of: Some(visit) });
        }
        Resolved::Failure(error) => decision.fail(step, visit, error),
        Resolved::Wait { request, expires_in } => {
            let wait = Wait { request, expires_at: expires_in.map(|delay| now.after(delay)) };
            decision.events.push(EventKind::WaitOpened { visit, wait });
        }
        Resolved::Task(input) => decision.effects.push(Effect::Perform { visit, input }),
    }
    Ok(decision)
}
