//! What happens next: pure decisions.
//!
//! `decide` looks at the compiled flow, the folded state and a command, and answers with events and effects.
//! It does no I/O and reads no clock; the driver commits the events and then carries out the effects. One
//! file per command, each of which lists every state it allows.

mod cancel;
mod charged;
mod child_finished;
mod child_started;
mod ended;
mod pass_resolved;
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
    EventKind, LogLine, ModelUsage, Resolution, RunError, RunId, RunStart, RunState, Timestamp, VisitPath,
    VisitStatus,
};
use serde_json::Value;

use crate::control::{Control, Resolved};
use crate::flow::{Action, CompiledStep, Flow};
use crate::{Limits, Prices};

/// What a decision goes by.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) flow: &'a Flow,
    pub(crate) state: &'a RunState,
    pub(crate) limits: &'a Limits,
    pub(crate) prices: &'a Prices,
    pub(crate) now: Timestamp,
}

/// What a run is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// It begins.
    Start(RunStart),
    /// The settings of a ready visit were resolved, and scripts among them wrote lines.
    StepResolved { visit: VisitPath, resolved: Resolved, logs: Vec<LogLine> },
    /// The condition of an open `while` was resolved again: whether there is another pass.
    PassResolved { visit: VisitPath, resolved: Resolved },
    /// A step that touches the world returned, and has used models.
    StepFinished { visit: VisitPath, output: Arc<Value>, used: Vec<ModelUsage> },
    /// A step that touches the world failed.
    StepFailed {
        visit: VisitPath,
        error: RunError,
        /// How long the other side asks to be left alone.
        retry_after: Option<Duration>,
        used: Vec<ModelUsage>,
    },
    /// The run that a step asked for is made, and is stored with what this leads to.
    ChildStarted { visit: VisitPath, run: RunId, waits: bool },
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
    /// Visits that these events close before their end: what is under way for them is dropped.
    pub(crate) closed: Vec<VisitPath>,
}

/// Something that the driver does.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Resolve the settings of a ready visit. Touches nothing outside, so it needs no commit before.
    Resolve(VisitPath),
    /// Resolve the condition of an open `while` again, of which a pass has ended.
    ResolvePass(VisitPath),
    /// Run a step that touches the world, with its recorded input; everything before is committed first.
    Perform { visit: VisitPath, input: Arc<Value> },
    /// Make the run that a step asks for, to be stored with the next commit.
    StartChild { visit: VisitPath, request: Arc<Value> },
}

impl Effect {
    /// The work of a step that has started, with its recorded input: the same again after a crash.
    pub(crate) fn work(step: &CompiledStep, visit: VisitPath, input: Arc<Value>) -> Self {
        match &step.action {
            Action::Control(Control::RunFlow(_)) => Self::StartChild { visit, request: input },
            Action::Control(_) | Action::Task { .. } => Self::Perform { visit, input },
        }
    }

    /// The visit that it is for.
    pub(crate) const fn visit(&self) -> &VisitPath {
        match self {
            Self::Resolve(visit)
            | Self::ResolvePass(visit)
            | Self::Perform { visit, .. }
            | Self::StartChild { visit, .. } => visit,
        }
    }
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
pub(crate) fn decide(cx: Context<'_>, command: Command) -> Result<Decision, Refused> {
    let mut models = Vec::new();
    let decided = match command {
        Command::Start(start) => start::decide(cx.state, start),
        Command::StepResolved { visit, resolved, logs } => step_resolved::decide(cx, visit, resolved, logs),
        Command::PassResolved { visit, resolved } => pass_resolved::decide(cx, visit, resolved),
        Command::StepFinished { visit, output, used } => {
            models = used;
            step_finished::decide(cx, visit, output)
        }
        Command::StepFailed { visit, error, retry_after, used } => {
            models = used;
            step_failed::decide(cx, visit, error, retry_after)
        }
        Command::ChildStarted { visit, run, waits } => child_started::decide(cx, visit, run, waits),
        Command::TimerFired { visit } => timer_fired::decide(cx, visit),
        Command::TimedOut => timed_out::decide(cx),
        Command::WaitResolved { visit, resolution, resolved_at } => {
            wait_resolved::decide(cx, visit, resolution, resolved_at)
        }
        Command::Cancel => cancel::decide(cx.state),
        Command::Recover => recover::decide(cx),
    };
    decided.map(|decision| decision.charge(cx, &models))
}

/// The error with where it happened.
fn described(state: &RunState, step: &CompiledStep, visit: &VisitPath, error: RunError) -> RunError {
    if error.step_id.is_some() {
        return error; // of a step inside
    }
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

/// The container that a step is, if it is one.
fn container_of(step: &CompiledStep) -> Option<&Control> {
    match &step.action {
        Action::Control(control @ (Control::Each(_) | Control::While(_) | Control::Parallel(_))) => {
            Some(control)
        }
        Action::Control(_) | Action::Task { .. } => None,
    }
}
