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
mod wait_resolved;

use std::sync::Arc;

use flow_model::{
    Binding, EventKind, Resolution, RunError, RunStart, RunState, Timestamp, VisitPath, VisitStatus,
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
    StepFailed { visit: VisitPath, error: RunError },
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
        Command::StepFailed { visit, error } => step_failed::decide(flow, state, visit, error),
        Command::WaitResolved { visit, resolution, resolved_at } => {
            wait_resolved::decide(flow, state, visit, resolution, resolved_at)
        }
        Command::Cancel => cancel::decide(state),
        Command::Recover => recover::decide(state),
    }
}

impl Decision {
    /// A visit ends well, and the path goes on at `next` or ends the run.
    fn complete(&mut self, visit: VisitPath, output: Arc<Value>, binding: Binding, next: Option<VisitPath>) {
        self.events.push(EventKind::StepCompleted { visit, output, binding, next: next.clone() });
        match next {
            Some(next) => self.effects.push(Effect::Resolve(next)),
            None => self.events.push(EventKind::RunCompleted { output_of: None }),
        }
    }

    /// A visit fails, and the run with it.
    fn fail(&mut self, step: &CompiledStep, visit: VisitPath, error: RunError) {
        let error = RunError {
            step_id: Some(step.id.as_str().to_owned()),
            step_name: Some(step.title.to_string()),
            attempt: error.attempt.or(Some(1)),
            ..error
        };
        self.events.push(EventKind::StepFailed { visit, error: error.clone() });
        self.events.push(EventKind::RunFailed { error });
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
    Err(Refused { command, reason: format!("visit {visit} is {}", status.as_str()) })
}
