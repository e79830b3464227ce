//! What an event needs of the state that it meets.

use std::collections::HashSet;

use super::{RunState, Visit, VisitStatus};
use crate::visit::Place;
use crate::{EventKind, Handling, RunEvent, VisitPath};

/// Why the event can't follow, if it can't.
pub(super) fn check(state: &RunState, event: &RunEvent) -> Result<(), String> {
    if event.seq != state.seq + 1 {
        return Err(format!("it should have number {}", state.seq + 1));
    }
    if state.end.is_some() {
        return Err("the run has ended".to_owned());
    }
    match &event.kind {
        EventKind::RunStarted(_) if state.seq > 0 => Err("the run has started already".to_owned()),
        EventKind::RunStarted(start) => match &start.next {
            Some(next) if next.scope().is_some() => Err(format!("a run can't begin at {next}")),
            Some(_) | None => Ok(()),
        },
        _ if state.start.is_none() => Err("the run hasn't started".to_owned()),
        EventKind::StepStarted { visit, .. } if !state.ready.contains(visit.as_str()) => {
            Err(format!("visit {visit} isn't ready"))
        }
        EventKind::StepStarted { .. } => Ok(()),
        EventKind::StepSkipped { visit, next, .. } => {
            if !state.ready.contains(visit.as_str()) {
                return Err(format!("visit {visit} isn't ready"));
            }
            fresh(state, visit, next.as_ref())
        }
        EventKind::StepCompleted { visit, next, .. } => {
            open(state, visit)?;
            fresh(state, visit, next.as_ref())
        }
        EventKind::ScopeEntered { visit, next, .. } => {
            container(state, visit)?;
            enterable(state, visit, next)
        }
        EventKind::ContainerCompleted { visit, next, .. } => {
            container(state, visit)?;
            fresh(state, visit, next.as_ref())
        }
        EventKind::StepFailed { visit, handling, next, .. } => {
            open(state, visit).or_else(|_| container(state, visit))?;
            match handling {
                Handling::Nobody if next.is_some() => Err("what fails goes on nowhere".to_owned()),
                Handling::Flow if state.failing.is_some() => {
                    Err("the flow's handler runs at most once".to_owned())
                }
                Handling::Flow if visit.scope().is_some() => {
                    Err("the flow's handler is for failures of the top graph".to_owned())
                }
                Handling::Nobody | Handling::Continue(_) | Handling::Step | Handling::Flow => {
                    fresh(state, visit, next.as_ref())
                }
            }
        }
        EventKind::StepRetrying { visit, .. } => match find(state, visit)?.status {
            VisitStatus::Running | VisitStatus::Resolved => Ok(()),
            _ => Err(format!("visit {visit} isn't running")),
        },
        EventKind::TimerFired { visit } => match find(state, visit)?.status {
            VisitStatus::BackingOff { .. } => Ok(()),
            _ => Err(format!("visit {visit} isn't backing off")),
        },
        EventKind::StepCharged { visit, .. } => open(state, visit).or_else(|_| container(state, visit)),
        EventKind::WaitOpened { visit, .. }
        | EventKind::ChildStarted { visit, .. }
        | EventKind::StepLogged { visit, .. } => match find(state, visit)?.status {
            VisitStatus::Running => Ok(()),
            _ => Err(format!("visit {visit} isn't running")),
        },
        EventKind::WaitResolved { visit, .. } | EventKind::ChildFinished { visit, .. } => {
            match find(state, visit)?.status {
                VisitStatus::Waiting => Ok(()),
                _ => Err(format!("visit {visit} isn't waiting")),
            }
        }
        EventKind::RunCompleted { output_of } => {
            if state.running + state.waiting > 0 || !state.ready.is_empty() {
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
        VisitStatus::Entered => Err(format!("visit {visit} has open steps inside")),
        VisitStatus::Waiting => Err(format!("visit {visit} still waits")),
        VisitStatus::BackingOff { .. } => Err(format!("visit {visit} backs off")),
        VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled => Err(format!("visit {visit} has ended")),
    }
}

/// A container may enter scopes, and end, while it is open.
fn container(state: &RunState, visit: &VisitPath) -> Result<(), String> {
    match find(state, visit)?.status {
        VisitStatus::Running | VisitStatus::Entered => Ok(()),
        VisitStatus::Waiting
        | VisitStatus::Resolved
        | VisitStatus::BackingOff { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled => Err(format!("visit {visit} is no open container")),
    }
}

/// Each scope is entered once, items and passes in their order.
fn enterable(state: &RunState, visit: &VisitPath, next: &[VisitPath]) -> Result<(), String> {
    let found = state.container(visit.as_str());
    let entered = found.map_or(0, super::Container::entered);
    if next.is_empty() {
        return Err(format!("nothing of {visit} is entered"));
    }
    let mut seen = HashSet::new();
    for (offset, first) in next.iter().enumerate() {
        let (_, place) = first
            .container()
            .filter(|(inside, _)| *inside == visit.as_str())
            .ok_or_else(|| format!("visit {first} isn't directly inside of {visit}"))?;
        let in_order = match place {
            Place::Item(index) | Place::Pass(index) => index == entered + offset,
            Place::Branch(_) => {
                found.is_none_or(|found| found.index(place).is_none()) && seen.insert(first.scope())
            }
        };
        if !in_order || state.visits.contains_key(first) {
            return Err(format!("{first} isn't the first visit of a scope that can be entered now"));
        }
    }
    Ok(())
}

/// A visit is made once, and in the scope of the one before.
fn fresh(state: &RunState, visit: &VisitPath, next: Option<&VisitPath>) -> Result<(), String> {
    match next {
        Some(next) if state.visits.contains_key(next) || state.ready.contains(next.as_str()) => {
            Err(format!("visit {next} was made already"))
        }
        Some(next) if next.scope() != visit.scope() => {
            Err(format!("visit {next} is in another scope than {visit}"))
        }
        Some(_) | None => Ok(()),
    }
}
