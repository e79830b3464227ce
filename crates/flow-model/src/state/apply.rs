//! The one function that changes a [`RunState`].

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::check::check;
use super::scopes::ScopeEnd;
use super::{RunEnd, RunState, RunStatus, Visit, VisitStatus};
use crate::{
    Binding, EventKind, Handling, Resolution, RunError, RunEvent, Timestamp, VisitPath, Wait, WaitKind,
    WaitRequest,
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
            state.ready.extend(start.next.clone());
            state.start = Some((event.time, (**start).clone()));
        }
        EventKind::StepStarted { visit, input } => {
            state.ready.retain(|ready| ready != visit);
            state.running += 1;
            let started = begun(event, input.clone(), VisitStatus::Running);
            state.visits.insert(visit.clone(), started);
            state.open.insert(visit.clone());
        }
        EventKind::StepSkipped { visit, binding, next } => {
            state.ready.retain(|ready| ready != visit);
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
            for (_, place) in next.iter().filter_map(VisitPath::container) {
                container.enter(place, *isolated);
            }
            state.set_entered(visit.as_str(), true);
            state.ready.extend(next.iter().cloned());
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
            if let Some(failed) = state.visits.get_mut(visit) {
                failed.status = VisitStatus::BackingOff { due_at: *due_at, error: error.clone() };
            }
        }
        EventKind::TimerFired { visit } => {
            if let Some(waited) = state.visits.get_mut(visit) {
                waited.status = VisitStatus::Running;
                waited.attempt = waited.attempt.saturating_add(1);
            }
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
        Some(next) => state.ready.push(next.clone()),
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
    end_visit(state, event, visit, VisitStatus::Failed { error: error.clone(), output });
    if matches!(handling, Handling::Flow) {
        state.close(event.time, |_| true);
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
    let Some(visit) = state.visits.get_mut(path) else { return };
    let before = std::mem::replace(&mut visit.status, status);
    visit.ended_at = Some(event.time);
    state.open.shift_remove(path);
    if before == VisitStatus::Entered {
        state.close(event.time, |inside| inside.is_inside(path));
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
    state.close(event.time, |_| true);
    state.end = Some((event.time, end));
}
