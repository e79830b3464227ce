//! What happens next: pure decisions.
//!
//! `decide` looks at the compiled flow, the folded state and a command, and answers with events and effects.
//! It does no I/O and reads no clock; the driver commits the events and then carries out the effects. One
//! file per command, each of which lists every state it allows.

mod cancel;
mod recover;
mod start;
mod step_failed;
mod step_finished;
mod step_resolved;
#[cfg(test)]
mod table;
mod timed_out;
mod timer_fired;
mod wait_resolved;

use std::sync::Arc;
use std::time::Duration;

use flow_model::{
    Binding, EventKind, Handling, OnError, Resolution, RunError, RunStart, RunState, Timestamp, VisitPath,
    VisitStatus,
};
use serde_json::Value;

use crate::control::Resolved;
use crate::flow::{CompiledStep, Flow};

/// What a run is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// It begins.
    Start(RunStart),
    /// The settings of a ready visit were resolved.
    StepResolved { visit: VisitPath, resolved: Resolved },
    /// A step that touches the world returned.
    StepFinished { visit: VisitPath, output: Arc<Value> },
    /// A step that touches the world failed.
    StepFailed {
        visit: VisitPath,
        error: RunError,
        /// How long the other side asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The pause before a step's next attempt is over.
    TimerFired { visit: VisitPath },
    /// The run has been active for longer than the flow allows.
    TimedOut,
    /// A wait was answered, or nobody did in time.
    WaitResolved { visit: VisitPath, resolution: Resolution, resolved_at: Timestamp },
    /// It is to end as cancelled.
    Cancel,
    /// A node takes it up: what is open, and who does it?
    Recover,
}

/// What follows.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decision {
    /// What happened, to be committed.
    pub(crate) events: Vec<EventKind>,
    /// What is to be done once that is committed.
    pub(crate) effects: Vec<Effect>,
}

/// Something that the driver does.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Resolve the settings of a ready visit. Touches nothing outside, so it needs no commit before.
    Resolve(VisitPath),
    /// Run a step that touches the world, with its recorded input; everything before is committed first.
    Perform { visit: VisitPath, input: Arc<Value> },
}

/// A command that the state doesn't allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{command} isn't allowed: {reason}")]
pub(crate) struct Refused {
    pub(crate) command: &'static str,
    pub(crate) reason: String,
}

/// Decides what a command leads to.
///
/// # Errors
/// The state doesn't allow the command.
pub(crate) fn decide(
    flow: &Flow,
    state: &RunState,
    command: Command,
    now: Timestamp,
) -> Result<Decision, Refused> {
    match command {
        Command::Start(start) => start::decide(state, start),
        Command::StepResolved { visit, resolved } => step_resolved::decide(flow, state, visit, resolved, now),
        Command::StepFinished { visit, output } => step_finished::decide(flow, state, visit, output),
        Command::StepFailed { visit, error, retry_after } => {
            step_failed::decide(flow, state, visit, error, retry_after, now)
        }
        Command::TimerFired { visit } => timer_fired::decide(state, visit),
        Command::TimedOut => timed_out::decide(flow, state),
        Command::WaitResolved { visit, resolution, resolved_at } => {
            wait_resolved::decide(flow, state, visit, resolution, resolved_at)
        }
        Command::Cancel => cancel::decide(state),
        Command::Recover => recover::decide(state, now),
    }
}

impl Decision {
    /// A visit ends well, and the path goes on at `next` or ends the run.
    fn complete(
        &mut self,
        state: &RunState,
        visit: VisitPath,
        output: Arc<Value>,
        binding: Binding,
        next: Option<VisitPath>,
    ) {
        let goes_on = self.go_on(state, next);
        self.events.push(EventKind::StepCompleted { visit, output, binding, next: goes_on.next });
        self.events.extend(goes_on.end);
    }

    /// A visit is passed over.
    fn skip(&mut self, state: &RunState, step: &CompiledStep, visit: VisitPath) {
        let goes_on = self.go_on(state, step.next.clone());
        let binding = Binding::Whole(step.variable.clone());
        self.events.push(EventKind::StepSkipped { visit, binding, next: goes_on.next });
        self.events.extend(goes_on.end);
    }

    /// A visit fails for good: its step takes care of that, or the flow does, or the run fails.
    fn fail(
        &mut self,
        flow: &Flow,
        state: &RunState,
        step: &CompiledStep,
        visit: VisitPath,
        error: RunError,
    ) {
        let error = described(state, step, &visit, error);
        let (handling, next) = match &step.on_error {
            OnError::Continue => {
                (Handling::Continue(Binding::Whole(step.variable.clone())), step.next.clone())
            }
            OnError::GoTo(target) => (Handling::Step, Some(VisitPath::top(target))),
            OnError::Fail => match flow.on_error.as_ref().filter(|_| state.failing().is_none()) {
                Some(handler) => (Handling::Flow, Some(handler.clone())),
                None => (Handling::Nobody, None),
            },
        };
        let goes_on = match handling {
            Handling::Nobody => {
                let error = state.failing().unwrap_or(&error).clone();
                GoesOn { next: None, end: Some(EventKind::RunFailed { error }) }
            }
            Handling::Continue(_) | Handling::Step | Handling::Flow => self.go_on(state, next),
        };
        self.events.push(EventKind::StepFailed { visit, error, handling, next: goes_on.next });
        self.events.extend(goes_on.end);
    }

    /// Where a path goes on. Where it ends the run ends, and as failed if that is what its handler was for. A
    /// handler may lead to a step that the run has been at; it can't be there twice.
    fn go_on(&mut self, state: &RunState, next: Option<VisitPath>) -> GoesOn {
        let end = match (&next, state.failing()) {
            (Some(next), _) if was_made(state, next) => {
                let message = format!("the run can't go on at `{next}`: it has been there");
                EventKind::RunFailed { error: RunError::new("step_revisited", message) }
            }
            (Some(next), _) => {
                self.effects.push(Effect::Resolve(next.clone()));
                return GoesOn { next: Some(next.clone()), end: None };
            }
            (None, Some(error)) => EventKind::RunFailed { error: error.clone() },
            (None, None) => EventKind::RunCompleted { output_of: None },
        };
        GoesOn { next: None, end: Some(end) }
    }
}

/// Where a path goes on, or how the run ends.
struct GoesOn {
    next: Option<VisitPath>,
    end: Option<EventKind>,
}

fn was_made(state: &RunState, visit: &VisitPath) -> bool {
    state.visit(visit.as_str()).is_some() || state.ready().contains(visit)
}

/// The error with where it happened.
fn described(state: &RunState, step: &CompiledStep, visit: &VisitPath, error: RunError) -> RunError {
    RunError {
        step_id: Some(step.id.as_str().to_owned()),
        step_name: Some(step.title.to_string()),
        attempt: Some(state.visit(visit.as_str()).map_or(1, |visit| visit.attempt)),
        ..error
    }
}

fn find<'f>(command: &'static str, flow: &'f Flow, visit: &VisitPath) -> Result<&'f CompiledStep, Refused> {
    flow.step(visit)
        .ok_or_else(|| Refused { command, reason: format!("the flow has no step for visit {visit}") })
}

/// The visit's place in its life, or why the command isn't for it.
fn status<'s>(
    command: &'static str,
    state: &'s RunState,
    visit: &VisitPath,
) -> Result<&'s VisitStatus, Refused> {
    let found = state.visit(visit.as_str()).map(|visit| &visit.status);
    found.ok_or_else(|| Refused { command, reason: format!("visit {visit} hasn't started") })
}

fn refuse<T>(command: &'static str, visit: &VisitPath, status: &VisitStatus) -> Result<T, Refused> {
    // Clients are told that such a visit runs.
    let what = if matches!(status, VisitStatus::BackingOff { .. }) { "backing off" } else { status.as_str() };
    Err(Refused { command, reason: format!("visit {visit} is {what}") })
}
