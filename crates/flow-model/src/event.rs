//! The events of a run: the truth that is stored, from which everything else is folded.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Charged, Credits, LogLine, Resolution, RunEnd, RunError, RunId, StepId, Timestamp, VariableName,
    VisitPath, Wait,
};

/// The version of the shape below. A batch is stored with the version it was written in, and a server
/// never takes up a run that holds a newer one than it knows.
pub const EVENT_SCHEMA: i32 = 1;

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Its number in the run, from 1 without gaps.
    pub seq: u64,
    /// When it happened, by the clock of the server that drove the run.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. The stored form names the variant (`{"step.completed": {…}}`), which parses without
/// being buffered first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all_fields = "camelCase")]
pub enum EventKind {
    /// The run was accepted. Always the first event, and never repeated.
    #[serde(rename = "run.started")]
    RunStarted(Box<RunStart>),
    /// A step began, with everything it will use.
    #[serde(rename = "step.started")]
    StepStarted {
        /// The visit.
        visit: VisitPath,
        /// The resolved input that is sent again after a crash; none for a pure step, whose result can
        /// be computed again.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::present::value"
        )]
        input: Option<Arc<Value>>,
    },
    /// A step ended well.
    #[serde(rename = "step.completed")]
    StepCompleted {
        /// The visit.
        visit: VisitPath,
        /// Its result.
        output: Arc<Value>,
        /// The variables that now show the result.
        #[serde(default, skip_serializing_if = "Binding::is_none")]
        binding: Binding,
        /// The visit that follows; none when the path ends here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<VisitPath>,
    },
    /// Items, passes or branches of a container begin: each of them is a scope.
    #[serde(rename = "scope.entered")]
    ScopeEntered {
        /// The container's visit.
        visit: VisitPath,
        /// The first visit of each; never empty.
        next: Vec<VisitPath>,
        /// Whether what is set in such a scope is seen in that scope alone.
        #[serde(default, skip_serializing_if = "is_false")]
        isolated: bool,
    },
    /// A container ended well. Its result is folded from what its scopes came to, and not repeated here.
    #[serde(rename = "container.completed")]
    ContainerCompleted {
        /// The container's visit.
        visit: VisitPath,
        /// How the result is made.
        fold: Fold,
        /// The variables that now show the result.
        #[serde(default, skip_serializing_if = "Binding::is_none")]
        binding: Binding,
        /// The visit that follows; none when the path ends here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<VisitPath>,
    },
    /// A step ended badly.
    #[serde(rename = "step.failed")]
    StepFailed {
        /// The visit.
        visit: VisitPath,
        /// Why.
        error: RunError,
        /// Who takes care of it.
        #[serde(default, skip_serializing_if = "Handling::is_nobody")]
        handling: Handling,
        /// The visit that follows; none when the path ends here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<VisitPath>,
    },
    /// An attempt of a step failed, and another one follows.
    #[serde(rename = "step.retrying")]
    StepRetrying {
        /// The visit.
        visit: VisitPath,
        /// Why.
        error: RunError,
        /// When the next attempt begins.
        due_at: Timestamp,
    },
    /// The next attempt begins.
    #[serde(rename = "timer.fired")]
    TimerFired {
        /// The visit.
        visit: VisitPath,
    },
    /// A step that runs wrote lines.
    #[serde(rename = "step.logged")]
    StepLogged {
        /// The visit.
        visit: VisitPath,
        /// The lines, oldest first; never empty.
        lines: Vec<LogLine>,
    },
    /// An attempt of a step was charged for; its end follows.
    #[serde(rename = "step.charged")]
    StepCharged {
        /// The visit.
        visit: VisitPath,
        /// How much.
        credits: Credits,
        /// What for.
        charged: Charged,
    },
    /// A step was passed over: it is disabled, or its `when` doesn't hold. Its output is null.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// The visit.
        visit: VisitPath,
        /// The variables that now show the null.
        #[serde(default, skip_serializing_if = "Binding::is_none")]
        binding: Binding,
        /// The visit that follows; none when the path ends here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<VisitPath>,
    },
    /// A step waits for the outside.
    #[serde(rename = "wait.opened")]
    WaitOpened {
        /// The visit.
        visit: VisitPath,
        /// What it waits for.
        wait: Wait,
    },
    /// That wait ended; the step's own end follows.
    #[serde(rename = "wait.resolved")]
    WaitResolved {
        /// The visit.
        visit: VisitPath,
        /// How it ended.
        resolution: Resolution,
        /// When the winning answer was stored, which may be before the run took it up.
        resolved_at: Timestamp,
    },
    /// A step started another run.
    #[serde(rename = "child.started")]
    ChildStarted {
        /// The visit.
        visit: VisitPath,
        /// The run.
        run: RunId,
        /// Whether the visit waits for its end.
        waits: bool,
    },
    /// The run that a visit waited for ended; the step's own end follows.
    #[serde(rename = "child.finished")]
    ChildFinished {
        /// The visit.
        visit: VisitPath,
        /// The run.
        run: RunId,
        /// How it ended.
        end: RunEnd,
        /// When, which may be before this run took it up.
        ended_at: Timestamp,
    },
    /// The run ended well.
    #[serde(rename = "run.completed")]
    RunCompleted {
        /// The `final` step whose output is the run's; none for the empty output `{}`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output_of: Option<VisitPath>,
    },
    /// The run ended badly.
    #[serde(rename = "run.failed")]
    RunFailed {
        /// Why.
        error: RunError,
    },
    /// The run was cancelled.
    #[serde(rename = "run.cancelled")]
    RunCancelled {},
}

/// How a container's result is made of what its scopes came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fold {
    /// `each`: a row for every item that ended.
    Items,
    /// `while`: a row for every pass.
    Passes {
        /// Why there was no further one although the condition holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopped: Option<RunError>,
    },
    /// `parallel`: the last output of every branch that ended well.
    Branches,
    /// `parallel` that settles: for every branch how it ended, with its last output or its error.
    Settled,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Who takes care of a step's failure.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Handling {
    /// Nobody: its item, pass or branch fails with it, or else the run.
    #[default]
    Nobody,
    /// The step goes on as if it had ended well, with `{error}` as its output.
    Continue(Binding),
    /// A step that the failed one names.
    Step,
    /// The flow's own handler, which runs at most once. Unless it gets to a `final`, the run fails with this error.
    Flow,
}

impl Handling {
    /// Whether what it is part of fails.
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}

/// What a run begins with, recorded so that nothing about it is ever asked again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunStart {
    /// How the run was started.
    pub trigger: Trigger,
    /// The inputs, defaults filled in.
    pub inputs: Arc<Value>,
    /// The user whose call started it; `{}` when nobody's did.
    pub current_user: Arc<Value>,
    /// What the run's chance derives from.
    pub seed: u64,
    /// The first visit; none for a flow that is only a trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<VisitPath>,
}

/// How a run was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// The trigger step that matched.
    pub step: StepId,
    /// Its type, such as `api`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the trigger brought besides the inputs.
    pub data: Arc<Value>,
}

/// Which variables show a step's output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Binding {
    /// None.
    #[default]
    None,
    /// One variable holds the whole output.
    Whole(VariableName),
    /// Each member of the output is a variable (`set-variables`), and the whole one too.
    Members(VariableName),
}

impl Binding {
    /// Whether no variable shows the output.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl EventKind {
    /// The name that clients see, such as `step.completed`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run.started",
            Self::StepStarted { .. } => "step.started",
            Self::StepCompleted { .. } | Self::ContainerCompleted { .. } => "step.completed",
            Self::ScopeEntered { .. } => "scope.entered",
            Self::StepFailed { .. } => "step.failed",
            Self::StepRetrying { .. } => "step.retrying",
            Self::TimerFired { .. } => "timer.fired",
            Self::StepLogged { .. } => "step.logged",
            Self::StepCharged { .. } => "step.charged",
            Self::StepSkipped { .. } => "step.skipped",
            Self::WaitOpened { .. } => "wait.opened",
            Self::WaitResolved { .. } => "wait.resolved",
            Self::ChildStarted { .. } => "child.started",
            Self::ChildFinished { .. } => "child.finished",
            Self::RunCompleted { .. } => "run.completed",
            Self::RunFailed { .. } => "run.failed",
            Self::RunCancelled {} => "run.cancelled",
        }
    }

    /// The visit it is about; none for an event of the whole run.
    pub const fn visit(&self) -> Option<&VisitPath> {
        match self {
            Self::StepStarted { visit, .. }
            | Self::StepCompleted { visit, .. }
            | Self::ScopeEntered { visit, .. }
            | Self::ContainerCompleted { visit, .. }
            | Self::StepFailed { visit, .. }
            | Self::StepRetrying { visit, .. }
            | Self::TimerFired { visit }
            | Self::StepLogged { visit, .. }
            | Self::StepCharged { visit, .. }
            | Self::StepSkipped { visit, .. }
            | Self::WaitOpened { visit, .. }
            | Self::WaitResolved { visit, .. }
            | Self::ChildStarted { visit, .. }
            | Self::ChildFinished { visit, .. } => Some(visit),
            Self::RunStarted(_)
            | Self::RunCompleted { .. }
            | Self::RunFailed { .. }
            | Self::RunCancelled {} => None,
        }
    }
}
