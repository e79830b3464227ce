//! Where a run is: the fold of its events.
//!
//! The engine, the recovery and the inspection routes all read this one state. What a step does next is
//! the engine's business; here is only what has happened.

mod apply;
mod check;
mod fold;
mod ready;
mod scopes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Charges, Resolution, RunError, RunStart, Timestamp, VisitPath, Wait};
pub use apply::{IllegalTransition, apply};
use ready::Ready;
use scopes::Bindings;
pub use scopes::Container;

/// The version of the shape of a stored [`RunState`]. What is stored is only a copy of what the events come to,
/// so one of another version is passed over.
pub const STATE_SCHEMA: i32 = 3;

/// A run's state after some number of its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunState {
    seq: u64,
    updated_at: Option<Timestamp>,
    start: Option<(Timestamp, RunStart)>,
    end: Option<(Timestamp, RunEnd)>,
    /// Visits that were decided on and haven't started.
    ready: Ready,
    visits: IndexMap<VisitPath, Visit, foldhash::fast::RandomState>,
    /// The places in `visits` of those that haven't ended, oldest first: few, however many there were.
    open: BTreeSet<usize>,
    /// Those of them whose next attempt begins later, and when.
    backing_off: BTreeSet<(Timestamp, usize)>,
    /// How many visits run, and how many wait: the status in O(1).
    running: usize,
    waiting: usize,
    /// The scopes of open containers.
    containers: IndexMap<VisitPath, Container, foldhash::fast::RandomState>,
    /// What is set in the top graph.
    bindings: Bindings,
    /// About how many bytes of JSON the inputs, outputs and errors inside of containers have, all together.
    collected_bytes: usize,
    /// The failure that the flow's handler takes care of.
    failing: Option<RunError>,
    /// What it was charged.
    #[serde(default)]
    charges: Charges,
    /// How many runs it has started.
    children: usize,
    /// How long the run was queued or running up to `active_since`.
    active: Duration,
    /// Since when it has been; none while it waits.
    active_since: Option<Timestamp>,
}

/// A run's status, as lists and clients name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Accepted; no step has begun.
    Queued,
    /// A step runs or is about to.
    Running,
    /// Every open path waits for the outside.
    Waiting,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Was cancelled.
    Cancelled,
}

/// How a run ended. Stored where one run waits for another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Well, with this output.
    Completed {
        /// The output of the `final` step, or `{}`.
        output: Arc<Value>,
    },
    /// Badly.
    Failed {
        /// Why.
        error: RunError,
    },
    /// By a cancel.
    Cancelled,
}

/// One visit of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it is open.
    pub ended_at: Option<Timestamp>,
    /// The resolved input; none for pure steps.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::present::value")]
    pub input: Option<Arc<Value>>,
    /// The number of its attempt, from 1.
    pub attempt: u32,
    /// What it waited or waits for; none for a step that never waits.
    pub wait: Option<Wait>,
    /// How that wait ended, and when the answer was stored; none while it is open.
    pub resolution: Option<(Resolution, Timestamp)>,
    /// Where it is.
    pub status: VisitStatus,
}

/// Where a visit is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VisitStatus {
    /// Under way, in a process or between two.
    Running,
    /// A container of which an item, a pass or a branch is open.
    Entered,
    /// Waiting for the outside.
    Waiting,
    /// The wait has ended; the visit's own end is about to be decided.
    Resolved,
    /// An attempt failed; the next one begins later.
    BackingOff {
        /// When.
        due_at: Timestamp,
        /// Why the last one failed.
        error: RunError,
    },
    /// Ended well.
    Completed {
        /// The result.
        output: Arc<Value>,
    },
    /// Ended badly.
    Failed {
        /// Why.
        error: RunError,
        /// What expressions see as its result: `{error}` where the run goes on all the same.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "crate::present::value"
        )]
        output: Option<Arc<Value>>,
    },
    /// Passed over.
    Skipped {
        /// What expressions see as its result: null.
        output: Arc<Value>,
    },
    /// Closed by the end of its run, or of what it was part of.
    Cancelled,
}

/// Where a variable's value stands: never a copy of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// The visit whose output holds it.
    pub visit: VisitPath,
    /// The member of that output; none for the whole.
    pub member: Option<Arc<str>>,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Completed, Self::Failed, Self::Cancelled];

    /// The status as clients and databases spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the run never changes any more.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Waiting => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }
}

impl RunEnd {
    /// The status of a run that has ended so.
    pub const fn status(&self) -> RunStatus {
        match self {
            Self::Completed { .. } => RunStatus::Completed,
            Self::Failed { .. } => RunStatus::Failed,
            Self::Cancelled => RunStatus::Cancelled,
        }
    }
}

impl VisitStatus {
    /// The status as clients spell it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Running | Self::Entered | Self::Resolved | Self::BackingOff { .. } => "running",
            Self::Waiting => "waiting",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the visit has ended.
    pub const fn has_ended(&self) -> bool {
        match self {
            Self::Running | Self::Entered | Self::Waiting | Self::Resolved | Self::BackingOff { .. } => false,
            Self::Completed { .. } | Self::Failed { .. } | Self::Skipped { .. } | Self::Cancelled => true,
        }
    }
}

impl RunState {
    /// The state before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the last event; 0 before the first.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The time of the last event; none before the first.
    pub const fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at
    }

    /// When and with what the run started; none before its first event.
    pub fn start(&self) -> Option<(Timestamp, &RunStart)> {
        self.start.as_ref().map(|(at, start)| (*at, start))
    }

    /// When and how it ended; none while it is unfinished.
    pub fn end(&self) -> Option<(Timestamp, &RunEnd)> {
        self.end.as_ref().map(|(at, end)| (*at, end))
    }

    /// The status.
    pub fn status(&self) -> RunStatus {
        match &self.end {
            Some((_, end)) => end.status(),
            None if self.visits.is_empty() => RunStatus::Queued,
            None if self.waiting > 0 && self.running == 0 && self.ready.is_empty() => RunStatus::Waiting,
            None => RunStatus::Running,
        }
    }

    /// The visits that were decided on and haven't started, oldest first.
    pub fn ready(&self) -> impl Iterator<Item = &VisitPath> {
        self.ready.iter()
    }

    /// Whether that visit was decided on and hasn't started.
    pub fn is_ready(&self, visit: &str) -> bool {
        self.ready.contains(visit)
    }

    /// The visit that leads to a ready one: the one before it, or the container that it is the first in a scope
    /// of; none for the run's first.
    pub fn before(&self, visit: &str) -> Option<&VisitPath> {
        self.ready.from(visit)
    }

    /// Every visit that has started, in the order of their starts.
    pub fn visits(&self) -> impl DoubleEndedIterator<Item = (&VisitPath, &Visit)> {
        self.visits.iter()
    }

    /// One visit; none when it hasn't started.
    pub fn visit(&self, path: &str) -> Option<&Visit> {
        self.visits.get(path)
    }

    /// What expressions see as the result of a visit; none for one that has none.
    pub fn output(&self, path: &str) -> Option<&Arc<Value>> {
        match &self.visits.get(path)?.status {
            VisitStatus::Completed { output } | VisitStatus::Skipped { output } => Some(output),
            VisitStatus::Failed { output, .. } => output.as_ref(),
            VisitStatus::Running
            | VisitStatus::Entered
            | VisitStatus::Waiting
            | VisitStatus::Resolved
            | VisitStatus::BackingOff { .. }
            | VisitStatus::Cancelled => None,
        }
    }

    /// The failure that the flow's handler takes care of: the run fails with it unless it gets to a `final`.
    pub const fn failing(&self) -> Option<&RunError> {
        self.failing.as_ref()
    }

    /// What the attempts of its steps were charged so far.
    pub const fn charges(&self) -> &Charges {
        &self.charges
    }

    /// How many runs its steps have started.
    pub const fn children(&self) -> usize {
        self.children
    }

    /// How long the run has been queued or running: time in which it waits for the outside doesn't count.
    pub fn active_time(&self, now: Timestamp) -> Duration {
        self.active.saturating_add(self.active_since.map_or(Duration::ZERO, |since| now.since(since)))
    }

    /// About how many bytes of JSON the inputs, outputs and errors inside of containers have, all together.
    pub const fn collected_bytes(&self) -> usize {
        self.collected_bytes
    }

    /// How many visits have started.
    pub fn visits_started(&self) -> usize {
        self.visits.len()
    }

    /// The visits that have started and not ended, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (&VisitPath, &Visit)> {
        self.open.iter().filter_map(|place| self.visits.get_index(*place))
    }

    /// The visits whose next attempt begins later, and when, the next one first.
    pub fn backing_off(&self) -> impl Iterator<Item = (&VisitPath, Timestamp)> {
        let paths = self.backing_off.iter();
        paths.filter_map(|(due_at, place)| Some((self.visits.get_index(*place)?.0, *due_at)))
    }

    /// The open waits, oldest first.
    pub fn open_waits(&self) -> impl Iterator<Item = (&VisitPath, &Visit, &Wait)> {
        self.open().filter_map(|(path, visit)| match (&visit.status, &visit.wait) {
            (VisitStatus::Waiting, Some(wait)) => Some((path, visit, wait)),
            _ => None,
        })
    }

    /// The variables that are set in the top graph, oldest first.
    pub fn variables(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Variable)> {
        self.bindings.variables.iter()
    }
}
