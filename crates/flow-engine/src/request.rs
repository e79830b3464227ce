//! What callers ask of the engine, and what they are told.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{
    Charges, Decision, DefinitionHash, EventId, ExecutionId, FlowId, RunEnd, RunEvent, RunId, RunState,
    RunStatus, StepId, Timestamp, VersionNumber, VersionSelector, VisitPath, Wait, WorkspaceId,
};
use serde_json::{Map, Value};

use crate::{Flow, IdempotencyKey, RunRecord};

/// A run to be started.
#[derive(Debug, Clone)]
pub struct Execute {
    /// The workspace it runs in.
    pub workspace: WorkspaceId,
    /// What to run.
    pub target: Target,
    /// How it is started.
    pub trigger: StartedBy,
    /// The inputs, checked against the trigger's fields before any run exists.
    pub inputs: Map<String, Value>,
    /// Who calls, as expressions see it: `{name, surname, role, email}`.
    pub current_user: Arc<Value>,
    /// The key that makes a repeat of the call the same run.
    pub idempotency: Option<IdempotencyKey>,
    /// How long to wait for its end.
    pub patience: Patience,
}

/// What to run.
#[derive(Debug, Clone)]
pub enum Target {
    /// A document `{name, definition, settings}`, stored by its hash; for embedders and `run FILE`.
    Document(Arc<Value>),
    /// A published version of a flow.
    Published(FlowId, VersionSelector),
    /// The flow's working draft, else its latest published version.
    Draft(FlowId),
}

/// How a run is started.
#[derive(Debug, Clone)]
pub enum StartedBy {
    /// By the trigger of that type, with what it brought.
    Type {
        /// The trigger's type, such as `api`.
        kind: String,
        /// What it brought besides the inputs.
        data: Arc<Value>,
    },
    /// By a person at a dashboard: the first trigger that isn't a schedule.
    Any,
}

/// A finished run to be started again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// The workspace it ran in.
    pub workspace: WorkspaceId,
    /// The run.
    pub run: RunId,
    /// The step of the top graph to begin at, whose earlier ones' results are copied; none to begin anew.
    pub from: Option<StepId>,
    /// Other inputs; none for the same ones. What is copied stays as it is.
    pub inputs: Option<Map<String, Value>>,
    /// Another version of the flow; none for the very definition of that run.
    pub version: Option<VersionSelector>,
    /// Who calls, as for an [`Execute`].
    pub current_user: Arc<Value>,
    /// The key that makes a repeat of the call the same run.
    pub idempotency: Option<IdempotencyKey>,
    /// How long to wait for its end.
    pub patience: Patience,
}

/// How long a caller waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Only until the run is stored.
    UntilStored,
    /// Until the run ends or waits for someone, and no longer than that.
    UpTo(Duration),
}

/// An answer to a wait.
#[derive(Debug, Clone)]
pub enum Answer {
    /// To an approval.
    Decision {
        /// What was decided.
        decision: Decision,
        /// The person's remark.
        message: Option<String>,
        /// Who decided.
        decided_by: Option<String>,
    },
    /// To a client tool.
    Tool(Result<Arc<Value>, String>),
    /// To a form: its values, checked against its fields.
    Form(Map<String, Value>),
}

/// Which wait an answer is for.
#[derive(Debug, Clone)]
pub enum WaitChoice {
    /// The only open one.
    Only,
    /// The one with that `executionId`, as the caller wrote it; the run's own id stands for the only one.
    Named(String),
}

/// An event to be sent to whichever runs wait for it.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The workspace whose runs can take it.
    pub workspace: WorkspaceId,
    /// Its name: 1 to 256 characters, none of them a control character.
    pub name: String,
    /// Its key, if it is for waits with that key alone: at most 512 characters, none of them a control character.
    pub key: Option<String>,
    /// What it brings: the output of the steps that waited.
    pub data: Arc<Value>,
    /// How long runs that don't wait for it yet can still take it; 24 hours when not given.
    pub time_to_live: Option<Duration>,
    /// Its id, for callers that may have to repeat the call: a repeat under the same id is the same event. A new
    /// one when not given.
    pub id: Option<EventId>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedEvent {
    /// Its id.
    pub event: EventId,
    /// How many runs took it at once.
    pub woken: usize,
}

/// A run as it stands: its row and the state folded from its committed events.
#[derive(Debug, Clone)]
pub struct RunView {
    /// Its row.
    pub record: RunRecord,
    /// Its state.
    pub state: RunState,
    /// The definition that it is pinned to, compiled; none when this server can't compile it any more.
    pub flow: Option<Arc<Flow>>,
    /// Why the events don't fold to their end, if they don't: the run was quarantined.
    pub damage: Option<String>,
    /// The runs that it waits for now, as they stand: what one of them asks is to be answered there.
    pub children: Vec<RunView>,
}

/// What an execute or a resume is answered with.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The run.
    pub view: RunView,
    /// Whether it ended or waits for someone; otherwise it goes on and the caller's patience was over.
    pub settled: bool,
}

/// A step of a poll.
#[derive(Debug, Clone)]
pub struct Poll {
    /// The run.
    pub view: RunView,
    /// Its events after the number asked for.
    pub events: Vec<RunEvent>,
}

/// An open wait, as shown.
#[derive(Debug, Clone)]
pub struct OpenWait {
    /// What to answer it by.
    pub execution: ExecutionId,
    /// The step's id.
    pub step_id: String,
    /// The step's name, or its id.
    pub step_name: String,
    /// What is asked.
    pub wait: Wait,
    /// Since when.
    pub opened_at: Timestamp,
}

impl RunView {
    /// The run's id.
    pub const fn id(&self) -> RunId {
        self.record.id
    }

    /// The status: of the folded state, unless its events are damaged.
    pub fn status(&self) -> RunStatus {
        if self.damage.is_some() { self.record.status } else { self.state.status() }
    }

    /// What the run was charged so far: rows and their total. A run that it started has charges of its own.
    pub const fn charges(&self) -> &Charges {
        self.state.charges()
    }

    /// The output; none unless it completed.
    pub fn output(&self) -> Option<&Arc<Value>> {
        match self.state.end() {
            Some((_, RunEnd::Completed { output })) => Some(output),
            Some((_, RunEnd::Failed { .. } | RunEnd::Cancelled)) | None => None,
        }
    }

    /// Its open waits, oldest first.
    pub fn open_waits(&self) -> Vec<OpenWait> {
        let waits = self.state.open_waits().map(|(visit, seen, wait)| OpenWait {
            execution: self.execution(visit),
            step_id: visit.step().to_owned(),
            step_name: self.step_title(visit),
            wait: wait.clone(),
            opened_at: seen.started_at,
        });
        waits.collect()
    }

    /// A visit's step's name, or its id.
    pub fn step_title(&self, visit: &VisitPath) -> String {
        let step = self.flow.as_ref().and_then(|flow| flow.step(visit));
        step.map_or_else(|| visit.step().to_owned(), |step| step.title.to_string())
    }

    /// The id of a visit of this run.
    pub fn execution(&self, visit: &VisitPath) -> ExecutionId {
        ExecutionId { run: self.record.id, visit: visit.clone() }
    }
}

/// A definition chosen for a run.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The flow; none for a bare document.
    pub flow: Option<FlowId>,
    /// The version; none for a draft.
    pub version: Option<VersionNumber>,
    /// The definition.
    pub hash: DefinitionHash,
}
