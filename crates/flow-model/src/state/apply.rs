//! The one function that changes a [`RunState`].

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{RunEnd, RunState, RunStatus, Variable, Visit, VisitStatus};
use crate::{Binding, EventKind, Handling, RunError, RunEvent, VisitPath, WaitKind};

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

/// Why the event can't follow, if it can't.
fn check(state: &RunState, event: &RunEvent) -> Result<(), String> {
    if event.seq != state.seq + 1 {
        return Err(format!("it should have number {}", state.seq + 1));
    }
    if state.end.is_some() {
        return Err("the run has ended".to_owned());
    }
    match &event.kind {
        EventKind::RunStarted(_) if state.seq > 0 => Err("the run has started already".to_owned()),
        EventKind::RunStarted(_) => Ok(()),
        _ if state.start.is_none() => Err("the run hasn't started".to_owned()),
        EventKind::StepStarted { visit, .. } if !state.ready.contains(visit) => {
            Err(format!("visit {visit} isn't ready"))
        }
        EventKind::StepStarted { .. } => Ok(()),
        EventKind::StepSkipped { visit, next, .. } => {
            if !state.ready.contains(visit) {
                return Err(format!("visit {visit} isn't ready"));
            }
            fresh(state, next.as_ref())
        }
        EventKind::StepCompleted { visit, next, .. } => {
            open(state, visit)?;
            fresh(state, next.as_ref())
        }
        EventKind::StepFailed { visit, handling, next, .. } => {
            open(state, visit)?;
            match handling {
                Handling::Nobody if next.is_some() => Err("a run that fails goes on nowhere".to_owned()),
                Handling::Flow if state.failing.is_some() => {
                    Err("the flow's handler runs at most once".to_owned())
                }
                Handling::Nobody | Handling::Continue(_) | Handling::Step | Handling::Flow => {
                    fresh(state, next.as_ref())
                }
            }
        }
        EventKind::StepRetrying { visit, .. } => match find(state, visit)?.status {
            VisitStatus::Running => Ok(()),
            _ => Err(format!("visit {visit} isn't running")),
        },
        EventKind::TimerFired { visit } => match find(state, visit)?.status {
            VisitStatus::BackingOff { .. } => Ok(()),
            _ => Err(format!("visit {visit} isn't backing off")),
        },
        EventKind::WaitOpened { visit, .. } => match find(state, visit)?.status {
            VisitStatus::Running => Ok(()),
            _ => Err(format!("visit {visit} isn't running")),
        },
        EventKind::WaitResolved { visit, .. } => match find(state, visit)?.status {
            VisitStatus::Waiting => Ok(()),
            _ => Err(format!("visit {visit} isn't waiting")),
        },
        EventKind::RunCompleted { output_of } => {
            if state.running + state.waiting + state.ready.len() > 0 {
                return Err("a step is still open".to_owned());
            }
            match output_of {
                Some(visit) if state.output(visit.as_str()).is_none() => {
                    Err(format!("visit {visit} has no output"))
                }
                _ => Ok(()),
            }
        }
        EventKind::RunFailed { .. } | EventKind::RunCancelled {} => Ok(()),
    }
}

fn find<'a>(state: &'a RunState, visit: &VisitPath) -> Result<&'a Visit, String> {
    state.visits.get(visit).ok_or_else(|| format!("visit {visit} hasn't started"))
}

/// A visit may end while it runs or once its wait is resolved.
fn open(state: &RunState, visit: &VisitPath) -> Result<(), String> {
    match find(state, visit)?.status {
        VisitStatus::Running | VisitStatus::Resolved => Ok(()),
        VisitStatus::Waiting => Err(format!("visit {visit} still waits")),
        VisitStatus::BackingOff { .. } => Err(format!("visit {visit} backs off")),
        VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled => Err(format!("visit {visit} has ended")),
    }
}

/// A visit is made once.
fn fresh(state: &RunState, next: Option<&VisitPath>) -> Result<(), String> {
    match next {
        Some(next) if state.visits.contains_key(next) || state.ready.contains(next) => {
            Err(format!("visit {next} was made already"))
        }
        _ => Ok(()),
    }
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
        }
        EventKind::StepSkipped { visit, binding, next } => {
            state.ready.retain(|ready| ready != visit);
            let output = Arc::new(Value::Null);
            bind(state, visit, &output, binding);
            let mut skipped = begun(event, None, VisitStatus::Skipped { output });
            skipped.ended_at = Some(event.time);
            state.visits.insert(visit.clone(), skipped);
            state.ready.extend(next.clone());
        }
        EventKind::StepCompleted { visit, output, binding, next } => {
            end_visit(state, event, visit, VisitStatus::Completed { output: output.clone() });
            // Also one that nobody answered in time: its output says so, and an older one's would mislead.
            if state.visits.get(visit).is_some_and(is_approval) {
                state.approval = Some(visit.clone());
            }
            bind(state, visit, output, binding);
            state.ready.extend(next.clone());
        }
        EventKind::StepFailed { visit, error, handling, next } => {
            fail_visit(state, event, visit, error, handling);
            state.ready.extend(next.clone());
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
            state.running -= 1;
            state.waiting += 1;
            if let Some(opened) = state.visits.get_mut(visit) {
                opened.status = VisitStatus::Waiting;
                opened.wait = Some(wait.clone());
            }
        }
        EventKind::WaitResolved { visit, resolution, resolved_at } => {
            state.running += 1;
            state.waiting -= 1;
            if let Some(waiting) = state.visits.get_mut(visit) {
                waiting.status = VisitStatus::Resolved;
                waiting.resolution = Some((resolution.clone(), *resolved_at));
            }
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

fn fail_visit(
    state: &mut RunState,
    event: &RunEvent,
    visit: &VisitPath,
    error: &RunError,
    handling: &Handling,
) {
    let shown = || Arc::new(serde_json::to_value(error).unwrap_or_default());
    let output = match handling {
        Handling::Nobody => None,
        Handling::Continue(binding) => {
            let output = Arc::new(json!({ "error": *shown() }));
            bind(state, visit, &output, binding);
            Some(output)
        }
        Handling::Step => {
            state.error = Some(shown());
            None
        }
        Handling::Flow => {
            state.error = Some(shown());
            state.failing = Some(error.clone());
            None
        }
    };
    end_visit(state, event, visit, VisitStatus::Failed { error: error.clone(), output });
    if matches!(handling, Handling::Flow) {
        close_open(state, event);
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

fn end_visit(state: &mut RunState, event: &RunEvent, path: &VisitPath, status: VisitStatus) {
    state.running -= 1;
    if let Some(visit) = state.visits.get_mut(path) {
        visit.ended_at = Some(event.time);
        visit.status = status;
    }
}

fn is_approval(visit: &Visit) -> bool {
    visit.wait.as_ref().is_some_and(|wait| wait.request.kind() == WaitKind::UserApproval)
}

fn bind(state: &mut RunState, visit: &VisitPath, output: &Value, binding: &Binding) {
    let mut set = |name: Arc<str>, member| {
        state.variables.insert(name, Variable { visit: visit.clone(), member });
    };
    match binding {
        Binding::None => {}
        Binding::Whole(name) => set(name.shared(), None),
        Binding::Members(whole) => {
            set(whole.shared(), None);
            for name in output.as_object().into_iter().flat_map(Map::keys) {
                let name: Arc<str> = name.as_str().into();
                set(name.clone(), Some(name));
            }
        }
    }
}

/// Ends the run; what is still open is closed with it.
fn end_run(state: &mut RunState, event: &RunEvent, end: RunEnd) {
    close_open(state, event);
    state.end = Some((event.time, end));
}

fn close_open(state: &mut RunState, event: &RunEvent) {
    if state.running + state.waiting > 0 {
        for visit in state.visits.values_mut().filter(|visit| visit.ended_at.is_none()) {
            visit.ended_at = Some(event.time);
            visit.status = VisitStatus::Cancelled;
        }
    }
    state.ready.clear();
    state.running = 0;
    state.waiting = 0;
}
