//! A ready visit's settings were resolved: it starts, and ends at once unless it needs the outside.

use std::sync::Arc;

use flow_model::{Binding, EventKind, RunState, Timestamp, VisitPath, Wait};
use serde_json::Value;

use super::{Decision, Effect, Refused, find};
use crate::control::{Expiry, Resolved};
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
    if resolved == Resolved::Skip {
        decision.skip(state, step, visit);
        return Ok(decision);
    }
    let input = match &resolved {
        Resolved::Task(input) | Resolved::Logged(input) => Some(input.clone()),
        _ => None,
    };
    decision.events.push(EventKind::StepStarted { visit: visit.clone(), input });
    let whole = Binding::Whole(step.variable.clone());
    match resolved {
        Resolved::Skip => {}
        Resolved::Variables(output) => {
            let binding = Binding::Members(step.variable.clone());
            decision.complete(state, visit, output, binding, step.next.clone());
        }
        Resolved::Value(output) => decision.complete(state, visit, output, whole, step.next.clone()),
        Resolved::Logged(_) => {
            decision.complete(state, visit, Arc::new(Value::Null), whole, step.next.clone());
        }
        Resolved::Branch { output, next } => {
            decision.complete(state, visit, output, whole, next.or_else(|| step.next.clone()));
        }
        Resolved::Output(output) => {
            let binding = Binding::None;
            let completed = EventKind::StepCompleted { visit: visit.clone(), output, binding, next: None };
            decision.events.push(completed);
            decision.events.push(EventKind::RunCompleted { output_of: Some(visit) });
        }
        Resolved::Failure(error) => decision.fail(flow, state, step, visit, error),
        Resolved::Wait { request, expiry } => {
            let expires_at = match expiry {
                Expiry::Never => None,
                Expiry::In(delay) => Some(now.after(delay)),
                Expiry::At(at) => Some(at),
            };
            decision.events.push(EventKind::WaitOpened { visit, wait: Wait { request, expires_at } });
        }
        Resolved::Task(input) => decision.effects.push(Effect::Perform { visit, input }),
    }
    Ok(decision)
}
