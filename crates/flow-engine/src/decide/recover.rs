//! A node takes a run up: what was open when its last driver stopped is done again, from what is recorded.
//!
//! A decision's events are committed together, so a log only ever ends where something is ready, runs with a
//! recorded input, backs off, waits, or is between two passes of a `while`. Anything else is damage.

use std::sync::Arc;

use flow_model::{EventKind, RunStatus, VisitStatus};
use serde_json::Value;

use super::charged::limit_reached;
use super::{Context, Decision, Effect, Refused, container_of};
use crate::control::Control;

/// Allowed on every run that has started; nothing follows for one that has ended, nor for open waits.
pub(super) fn decide(cx: Context<'_>) -> Result<Decision, Refused> {
    let Context { flow, state, now, .. } = cx;
    let refuse = |reason: String| Err(Refused { command: "recover", reason });
    if state.start().is_none() {
        return refuse("the run hasn't started".to_owned());
    }
    let mut events = Vec::new();
    let mut effects: Vec<_> = state.ready().cloned().map(Effect::Resolve).collect();
    for (path, visit) in state.open() {
        let step = flow.step(path);
        let container = step.and_then(container_of);
        let work = |input: &Arc<Value>| step.map(|step| Effect::work(step, path.clone(), input.clone()));
        match (&visit.status, &visit.input) {
            // A pass of it has ended, and it isn't decided whether there is another one.
            (VisitStatus::Running, None) if matches!(container, Some(Control::While(_))) => {
                effects.push(Effect::ResolvePass(path.clone()));
            }
            // The recorded input is sent again, under the same key.
            (VisitStatus::Running, Some(input)) if container.is_none() => {
                effects.extend(work(input));
            }
            // An attempt whose time has come while nobody drove the run.
            (VisitStatus::BackingOff { due_at, .. }, Some(input)) if *due_at <= now => {
                if let Some(end) = step.and_then(|step| limit_reached(cx, step)) {
                    return Ok(Decision { events: vec![end], ..Decision::default() });
                }
                events.push(EventKind::TimerFired { visit: path.clone() });
                effects.extend(work(input));
            }
            (VisitStatus::Running | VisitStatus::Resolved, _) => {
                return refuse(format!("the log ends in the middle of visit {path}"));
            }
            (
                VisitStatus::Entered
                | VisitStatus::Waiting
                | VisitStatus::BackingOff { .. }
                | VisitStatus::Completed { .. }
                | VisitStatus::Failed { .. }
                | VisitStatus::Skipped { .. }
                | VisitStatus::Cancelled,
                _,
            ) => {}
        }
    }
    match state.status() {
        RunStatus::Queued | RunStatus::Running
            if effects.is_empty() && state.backing_off().next().is_none() =>
        {
            refuse("the log ends with nothing left to do".to_owned())
        }
        RunStatus::Queued
        | RunStatus::Running
        | RunStatus::Waiting
        | RunStatus::Completed
        | RunStatus::Failed
        | RunStatus::Cancelled => Ok(Decision { events, effects, ..Decision::default() }),
    }
}
