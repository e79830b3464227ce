//! The one function that changes a [`RunState`].

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::check::check;
use super::scopes::ScopeEnd;
use super::{RunEnd, RunState, RunStatus, Visit, VisitStatus};
use crate::{
    Binding, EventKind, Handling, Resolution, RunError, RunEvent, Timestamp, VisitPath, Wait, WaitKind,
    WaitRequest, json_size,
};

/// An event that can't follow the state it met: a damaged log, or a fault in the engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} (`{event}`) can't follow: {reason}")]
pub struct IllegalTransition {
    seq: u64,
    event: &'static str,
    reason: String,
}

/// Folds one event into the state: used live, in recovery and for inspection alike.
///
/// Total: every event either applies or is refused, and a refused one leaves the state as it was.
///
/// # Errors
/// An event out of order, of a finished run, or about a visit that isn't where the event needs it.
pub fn apply(state: &mut RunState, event: &RunEvent) -> Result<(), IllegalTransition> {
    check(state, event).map_err(|reason| IllegalTransition {
        seq: event.seq,
        event: event.kind.name(),
        reason,
    })?;
    state.seq = event.seq;
    state.updated_at = Some(event.time);
    commit(state, event);
    keep_time(state, event);
    Ok(())
}

/// The change itself, of an event that passed the check.
fn commit(state: &mut RunState, event: &RunEvent) {
    match &event.kind {
        EventKind::RunStarted(start) => {
            if let Some(first) = &start.next {
                state.ready.push(first.clone(), None);
            }
            state.start = Some((event.time, (**start).clone()));
        }
        EventKind::StepStarted { visit, input } => {
            state.ready.remove(visit);
            state.running += 1;
            state.collect(visit, input.as_deref().map_or(0, json_size));
            let started = begun(event, input.clone(), VisitStatus::Running);
            let (place, _) = state.visits.insert_full(visit.clone(), started);
            state.open.insert(place);
        }
        EventKind::StepSkipped { visit, binding, next } => {
            state.ready.remove(visit);
            let output = Arc::new(Value::Null);
            state.bind(visit, &output, binding);
            let mut skipped = begun(event, None, VisitStatus::Skipped { output });
            skipped.ended_at = Some(event.time);
            state.visits.insert(visit.clone(), skipped);
            go_on(state, visit, next.as_ref());
        }
        EventKind::StepCompleted { visit, output, binding, next } => {
            complete(state, event, visit, output.clone(), binding);
            go_on(state, visit, next.as_ref());
        }
        EventKind::ScopeEntered { visit, next, isolated } => {
            let container = state.containers.entry(visit.clone()).or_default();
            for first in next {
                container.enter(first, *isolated);
                state.ready.push(first.clone(), Some(visit.clone()));
            }
            state.set_entered(visit.as_str(), true);
        }
        EventKind::ContainerCompleted { visit, fold, binding, next } => {
            let output = state.folded(visit, fold);
            complete(state, event, visit, output, binding);
            go_on(state, visit, next.as_ref());
        }
        EventKind::StepFailed { visit, error, handling, next } => {
            fail(state, event, visit, error, handling);
            match handling {
                Handling::Nobody => state.end_scope(visit, ScopeEnd::Failed(error.clone())),
                Handling::Continue(_) | Handling::Step | Handling::Flow => {
                    go_on(state, visit, next.as_ref());
                }
            }
        }
        EventKind::StepRetrying { visit, error, due_at } => {
            if let Some((place, _, failed)) = state.visits.get_full_mut(visit) {
                failed.status = VisitStatus::BackingOff { due_at: *due_at, error: error.clone() };
                state.backing_off.insert((*due_at, place));
            }
        }
        EventKind::TimerFired { visit } => {
            if let Some((place, _, waited)) = state.visits.get_full_mut(visit) {
                if let VisitStatus::BackingOff { due_at, .. } = waited.status {
                    state.backing_off.remove(&(due_at, place));
                }
                waited.status = VisitStatus::Running;
                waited.attempt = waited.attempt.saturating_add(1);
            }
        }
        EventKind::StepLogged { .. } => {}
        EventKind::StepCharged { visit, credits, charged } => {
            state.charges.add(visit.step(), *credits, charged);
        }
        EventKind::WaitOpened { visit, wait } => {
            open_wait(state, visit, wait.clone());
        }
        EventKind::ChildStarted { visit, run, waits } => {
            state.children += 1;
            if *waits {
                let wait = Wait { request: WaitRequest::RunFlow { run: *run }, expires_at: None };
                open_wait(state, visit, wait);
            }
        }
        EventKind::WaitResolved { visit, resolution, resolved_at } => {
            end_wait(state, visit, resolution.clone(), *resolved_at);
        }
        EventKind::ChildFinished { visit, run, end, ended_at } => {
            let resolution = Resolution::ChildEnded { run: *run, end: end.clone() };
            end_wait(state, visit, resolution, *ended_at);
        }
        EventKind::RunCompleted { output_of } => {
            let output = output_of.as_ref().and_then(|visit| state.output(visit.as_str())).cloned();
            let output = output.unwrap_or_else(|| Arc::new(Value::Object(Map::new())));
            end_run(state, event, RunEnd::Completed { output });
        }
        EventKind::RunFailed { error } => end_run(state, event, RunEnd::Failed { error: error.clone() }),
        EventKind::RunCancelled {} => end_run(state, event, RunEnd::Cancelled),
    }
}

/// A visit that begins with the event.
fn begun(event: &RunEvent, input: Option<Arc<Value>>, status: VisitStatus) -> Visit {
    Visit { started_at: event.time, ended_at: None, input, attempt: 1, wait: None, resolution: None, status }
}

fn open_wait(state: &mut RunState, visit: &VisitPath, wait: Wait) {
    state.running -= 1;
    state.waiting += 1;
    if let Some(opened) = state.visits.get_mut(visit) {
        opened.status = VisitStatus::Waiting;
        opened.wait = Some(wait);
        opened.resolution = None; // of an attempt before
    }
}

fn end_wait(state: &mut RunState, visit: &VisitPath, resolution: Resolution, at: Timestamp) {
    state.running += 1;
    state.waiting -= 1;
    if let Some(waiting) = state.visits.get_mut(visit) {
        waiting.status = VisitStatus::Resolved;
        waiting.resolution = Some((resolution, at));
    }
}

/// A path goes on, or its scope ends.
fn go_on(state: &mut RunState, visit: &VisitPath, next: Option<&VisitPath>) {
    match next {
        Some(next) => {
            state.ready.push(next.clone(), Some(visit.clone()));
            state.move_on(visit, next);
        }
        None => state.end_scope(visit, ScopeEnd::Well),
    }
}

fn complete(
    state: &mut RunState,
    event: &RunEvent,
    visit: &VisitPath,
    output: Arc<Value>,
    binding: &Binding,
) {
    end_visit(state, event, visit, VisitStatus::Completed { output: output.clone() });
    // Also one that nobody answered in time: its output says so, and an older one's would mislead.
    if state.visits.get(visit).is_some_and(is_approval) {
        state.bindings_of(visit).approval = Some(visit.clone());
    }
    state.bind(visit, &output, binding);
}

fn fail(state: &mut RunState, event: &RunEvent, visit: &VisitPath, error: &RunError, handling: &Handling) {
    let shown = || Arc::new(serde_json::to_value(error).unwrap_or_default());
    let output = match handling {
        Handling::Nobody => None,
        Handling::Continue(binding) => {
            let output = Arc::new(json!({ "error": *shown() }));
            state.bind(visit, &output, binding);
            Some(output)
        }
        Handling::Step => {
            state.bindings_of(visit).error = Some(shown());
            None
        }
        Handling::Flow => {
            state.bindings.error = Some(shown());
            state.failing = Some(error.clone());
            None
        }
    };
    state.collect(visit, error.message.len() + error.details.as_deref().map_or(0, json_size));
    end_visit(state, event, visit, VisitStatus::Failed { error: error.clone(), output });
    if matches!(handling, Handling::Flow) {
        state.close_all(event.time);
    }
}

/// Counts the time in which the run doesn't wait.
fn keep_time(state: &mut RunState, event: &RunEvent) {
    let rests = matches!(state.status(), RunStatus::Waiting) || state.end.is_some();
    match state.active_since {
        Some(since) if rests => {
            state.active = state.active.saturating_add(event.time.since(since));
            state.active_since = None;
        }
        None if !rests => state.active_since = Some(event.time),
        Some(_) | None => {}
    }
}

/// A visit ends; what is open inside of it is closed.
fn end_visit(state: &mut RunState, event: &RunEvent, path: &VisitPath, status: VisitStatus) {
    let Some((place, _, visit)) = state.visits.get_full_mut(path) else { return };
    let before = std::mem::replace(&mut visit.status, status);
    visit.ended_at = Some(event.time);
    state.open.remove(&place);
    if before == VisitStatus::Entered {
        state.close_inside(event.time, path);
    } else {
        state.running -= 1;
    }
    state.containers.swap_remove(path);
}

fn is_approval(visit: &Visit) -> bool {
    visit.wait.as_ref().is_some_and(|wait| wait.request.kind() == WaitKind::UserApproval)
}

/// Ends the run; what is still open is closed with it.
fn end_run(state: &mut RunState, event: &RunEvent, end: RunEnd) {
    state.close_all(event.time);
    state.end = Some((event.time, end));
}
