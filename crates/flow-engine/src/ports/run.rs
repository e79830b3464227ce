//! What goes into and comes out of the store about runs.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{
    BatchId, DefinitionHash, FlowId, NodeId, Resolution, RunEvent, RunId, RunState, RunStatus, Timestamp,
    VersionNumber, VisitPath, Wait, WorkspaceId,
};

/// A run's row: what lists show and a claim needs. Everything else is in its events.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The run.
    pub id: RunId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The flow; none for a run of a bare definition.
    pub flow: Option<FlowId>,
    /// The version; none for a draft's run.
    pub version: Option<VersionNumber>,
    /// The definition it is pinned to.
    pub definition: DefinitionHash,
    /// The trigger's type.
    pub trigger: String,
    /// The status after the last committed event: a cache for lists.
    pub status: RunStatus,
    /// The number of the last committed event.
    pub seq: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it ended; none while it is unfinished.
    pub finished_at: Option<Timestamp>,
    /// When somebody asked for its cancelling; none when nobody did.
    pub cancel_requested_at: Option<Timestamp>,
    /// Where it was started from, if another run did.
    pub parent: Option<Parent>,
    /// The run that it repeats, if it repeats one.
    pub retry_of: Option<RunId>,
    /// What it needs a place in to be driven, if its flow limits how many of its runs are.
    pub slot: Option<Slot>,
}

/// What runs share a limit by.
///
/// A run holds a place in its slot while it has an owner, whether that lives or not: a dead node's run is its place's
/// until another node has taken it over. A run without an owner, such as one that waits or backs off, holds none, and
/// needs one again before it goes on; but not to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Runs with equal names share it, of whatever flow or version.
    pub name: String,
    /// The most runs of the name that may have an owner when this one gets one.
    pub limit: u32,
}

/// Where a run was started from: the step of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The run that started it.
    pub run: RunId,
    /// The visit of the step that did.
    pub visit: VisitPath,
    /// Whether that visit waits for its end. If so, the parent's own end ends it too; if not, only the parent's
    /// cancelling does.
    pub waits: bool,
    /// How many runs stand above it, from 1.
    pub depth: u16,
}

/// A run that another one's commit starts. It has no owner and is up for a claim at once.
#[derive(Debug, Clone, PartialEq)]
pub struct NewChild {
    /// Its row: queued, with the number of its first events' last one, and that commit's run as its parent.
    pub record: RunRecord,
    /// Its first events, from number 1.
    pub events: Vec<RunEvent>,
}

/// The first commit of a run: its row, its first events, and its owner.
#[derive(Debug, Clone)]
pub struct Create {
    /// The row; `status`, `seq` and `finished_at` are those after the commit.
    pub record: RunRecord,
    /// The key of the call, if it gave one.
    pub idempotency: Option<IdempotencyKey>,
    /// The node that drives the run.
    pub node: NodeId,
    /// The node has no room for it: the run is stored without an owner, and is up for a claim.
    pub queued: bool,
    /// The events and their rows.
    pub commit: Commit,
}

/// A caller's `Idempotency-Key`, unique in (workspace, flow, key) until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as the caller sent it.
    pub key: String,
    /// SHA-256 of the call: the same key with another body is a caller's mistake.
    pub body_hash: [u8; 32],
    /// When the key may be used anew.
    pub expires_at: Timestamp,
}

/// What a create came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// The run is stored, at epoch 1, owned by its node unless `Appended::released`: as asked, or since its slot has
    /// no place for it.
    New(Appended),
    /// The idempotency key belongs to another run; nothing was stored.
    Duplicate {
        /// That run.
        run: RunId,
        /// Whether its call had the same body.
        same_body: bool,
    },
}

/// A later commit of a run by its owner.
#[derive(Debug, Clone)]
pub struct Append {
    /// The run.
    pub run: RunId,
    /// The node that believes to own it.
    pub node: NodeId,
    /// The epoch of its claim: a stale owner's appends are refused.
    pub epoch: i64,
    /// The number of the last event committed before.
    pub expected_seq: u64,
    /// The status after this commit.
    pub status: RunStatus,
    /// When the run ended; none while it is unfinished.
    pub finished_at: Option<Timestamp>,
    /// The events and their rows.
    pub commit: Commit,
}

/// Events and the rows that change with them, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The name of this commit. A repeat under the same name changes nothing and is answered alike.
    pub batch: BatchId,
    /// The events, numbered from the expected number + 1 without gaps; never empty.
    pub events: Vec<RunEvent>,
    /// Waits that `events` open: rows in state `open`, and a timer for each that expires. A visit opens one, but
    /// for one that waits for a child: it takes the place of an earlier one that was taken up. `opened_at` is the
    /// time of the visit's `wait.opened` event. Once a cancel was asked for they are stored `closed`, without a
    /// timer: an answer that can't count any more must not be acknowledged. Some wait for an event that is there
    /// already: see [`Store::event_publish`](crate::Store::event_publish).
    pub waits_opened: Vec<(VisitPath, Wait)>,
    /// Timers that `events` set, beside those of the waits. One that is there for the same visit and kind is
    /// replaced. Once a cancel was asked for none is stored.
    pub timers_set: Vec<(VisitPath, TimerKind, Timestamp)>,
    /// Waits whose answers `events` take up: rows in state `resolved` or `expired` that are not offered again.
    pub waits_taken: Vec<VisitPath>,
    /// Visits that `events` close before their end, whether they wait or not: what is open of their waits is
    /// stored `closed` (also what `waits_opened` of this very commit opens), answers to them that nobody took up
    /// count as taken up, and none of their timers is left (nor one of `timers_set`). The unfinished children that
    /// they wait for are cancelled, as by [`Store::run_cancel`](crate::Store::run_cancel) with `force`.
    pub closed: Vec<VisitPath>,
    /// Give the run up: every path waits or backs off, or it has ended. Whatever its status is, it rests: no
    /// claim takes it until an answer, a cancel or a timer calls it up. Ignored (see [`Appended::released`])
    /// while an answer waits to be taken up or a cancel was asked for, unless the run has ended.
    pub release: bool,
    /// Runs that `events` start. Once a cancel was asked for they are stored with one of their own.
    pub children: Vec<NewChild>,
    /// The answer that the run's end is to another run: to the wait of the visit that started it. Stored as by
    /// [`Store::wait_resolve`](crate::Store::wait_resolve), and left out if that wait isn't open any more.
    pub answer: Option<Resolve>,
}

/// What a successful commit tells its owner.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Appended {
    /// Answers that were stored and are not taken up yet, oldest first.
    pub resolved: Vec<ResolvedWait>,
    /// Somebody asked for the run's cancelling.
    pub cancel_requested: bool,
    /// The run was given up, as asked or since it ended: this node owns it no more. A repeated commit is told
    /// how that stands by now.
    pub released: bool,
}

/// An answer to a wait, stored and not yet turned into events.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedWait {
    /// The visit that waited.
    pub visit: VisitPath,
    /// The answer.
    pub resolution: Resolution,
    /// When it was stored.
    pub resolved_at: Timestamp,
}

/// What others want of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signals {
    /// Somebody asked for its cancelling.
    pub cancel_requested: bool,
    /// Answers that are stored and not taken up, oldest first.
    pub resolved: Vec<ResolvedWait>,
}

/// What an append came to when it was refused. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendRefused {
    /// Another epoch or another event holds the place: this node owns the run no more.
    #[error("the run is owned by another node by now")]
    Stale,
    /// The events would complete or fail a run whose cancelling was acknowledged.
    #[error("the run is being cancelled")]
    Cancelling,
}

/// A run as stored, to be folded and driven or shown.
#[derive(Debug, Clone)]
pub struct StoredRun {
    /// Its row.
    pub record: RunRecord,
    /// Its state after some of its events: none when no snapshot was kept.
    pub snapshot: Option<Arc<RunState>>,
    /// Its events after those that the snapshot holds, in order.
    pub events: Vec<RunEvent>,
    /// Its waits that are not taken up yet: open ones, and answers.
    pub waits: Vec<StoredWait>,
}

/// A wait's row.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredWait {
    /// The visit that waits.
    pub visit: VisitPath,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// What is asked.
    pub wait: Wait,
    /// Where it is.
    pub state: WaitState,
}

/// Where a wait's row is. It leaves `Open` once.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitState {
    /// It can be answered.
    Open,
    /// It was answered.
    Resolved {
        /// The answer.
        resolution: Resolution,
        /// When it was stored.
        resolved_at: Timestamp,
    },
    /// Nobody answered in time.
    Expired {
        /// When that was stored.
        resolved_at: Timestamp,
    },
    /// The run was cancelled or ended before, or went on without it.
    Closed,
}

/// A node asks for runs to drive.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The node.
    pub node: NodeId,
    /// Which runs.
    pub of: Claimable,
    /// The most runs to take.
    pub limit: usize,
    /// The name of this claim.
    pub id: BatchId,
    /// Whether the claim was sent before and its reply was lost. What it took then is the reply; if it took
    /// nothing, it is made now.
    pub repeated: bool,
    /// The present moment (PostgreSQL goes by its own clock).
    pub now: Timestamp,
}

/// Which runs a claim may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimable {
    /// Any.
    Any,
    /// This one.
    Run(RunId),
    /// Those that need a place in the slot of that name.
    Slot(String),
}

/// A run that a claim took.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedRun {
    /// The run.
    pub run: RunId,
    /// The epoch that fences this node's appends.
    pub epoch: i64,
    /// How often the run was claimed since its last commit, this time included.
    pub attempts: i32,
}

/// An answer to a wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolve {
    /// The run.
    pub run: RunId,
    /// The visit that waits.
    pub visit: VisitPath,
    /// The answer. [`Resolution::Expired`] wins only once the wait's time is over, any other only before.
    pub resolution: Resolution,
    /// The present moment.
    pub now: Timestamp,
}

/// What an answer came to.
#[derive(Debug, Clone, PartialEq)]
pub enum ResolveOutcome {
    /// It is the one that counts; the run is up for a claim.
    Won,
    /// The wait isn't open any more; the state that it is in. `Expired` also when its time is over and
    /// nobody has stored that yet. `Open` for a [`Resolution::Expired`] that comes before the time is over.
    NotOpen(WaitState),
    /// There is no such wait.
    Missing,
}

/// What asking for a run's cancelling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It will end as cancelled, whatever else happens; its open waits are closed, its timers are gone, and it
    /// is up for a claim.
    Requested,
    /// An answer to its last wait was stored first and is not taken up yet; ask again in a moment.
    Resuming,
    /// It has ended, with this status.
    Finished(RunStatus),
    /// There is no such run.
    Missing,
}

/// Something that is due at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The run.
    pub run: RunId,
    /// The visit.
    pub visit: VisitPath,
    /// What is due.
    pub kind: TimerKind,
    /// When.
    pub due_at: Timestamp,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// A wait's time is over.
    WaitExpiry,
    /// A step is tried again.
    Retry,
}

impl TimerKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::WaitExpiry, Self::Retry];

    /// The kind as databases spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WaitExpiry => "wait-expiry",
            Self::Retry => "retry",
        }
    }
}

/// How long a node's claims outlive its last sign of life.
pub type LeaseDuration = Duration;

/// A definition as stored: the document's JSON, shared.
pub type StoredDefinition = Arc<serde_json::Value>;
