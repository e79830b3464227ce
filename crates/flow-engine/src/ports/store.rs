//! The durable side of the engine.

use std::sync::Arc;

use async_trait::async_trait;
use flow_model::{DefinitionHash, NodeId, RunEvent, RunId, RunState, Timestamp};

use super::StoreError;
use super::event::{PublishEvent, Published};
use super::log::{FlowLog, LogQuery};
use super::run::{
    Append, AppendRefused, Appended, CancelOutcome, Claim, ClaimedRun, Create, Created, LeaseDuration,
    Resolve, ResolveOutcome, RunRecord, Signals, StoredDefinition, StoredRun, StoredWait, Timer,
};

/// Where runs live.
///
/// A call that returns `Ok` has happened for good, all of it, and is seen by every later call of any
/// node. A call that returns [`StoreError::Unavailable`] may have happened; every method can be repeated
/// as it is. Ownership: a run has one owner (node and epoch) or none; a node's ownership ends when it gives
/// the run up, or when [`Store::node_renew`] wasn't called within the lease and another node claims it.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Stores a definition under its hash; storing it again changes nothing.
    async fn definition_store(
        &self,
        hash: DefinitionHash,
        definition: StoredDefinition,
    ) -> Result<(), StoreError>;

    /// A definition by its hash; none when it was never stored.
    async fn definition_load(&self, hash: DefinitionHash) -> Result<Option<StoredDefinition>, StoreError>;

    /// Stores a run with its first events, owned by the creating node. With an idempotency key that another
    /// unexpired row holds, stores nothing; whether that row has expired is judged at the new run's
    /// `created_at`. A repeat of a stored create is [`Created::New`] again, also once its key has expired.
    ///
    /// A run whose [`Slot`](crate::Slot) has no place left, or an older run that is up for a claim for each, is stored
    /// without an owner: it is up for a claim itself.
    ///
    /// # Errors
    /// [`StoreError::Rejected`] when the definition isn't stored, or the run's id is another run's.
    async fn run_create(&self, create: Create) -> Result<Created, StoreError>;

    /// Appends events to a run that the node owns. Accepted only if the epoch is the run's and
    /// `expected_seq` is its last event's number, or if this very batch was stored before. An accepted
    /// commit sets the count of recovery attempts back to zero, and one that ends the run closes its open
    /// waits, whose timers go with them; what other timer is left fires to no effect. The unfinished children that
    /// the run waits for are cancelled with it, as by [`Store::run_cancel`] with `force`. An append to a run that
    /// isn't there is [`AppendRefused::Stale`].
    ///
    /// # Errors
    /// [`StoreError::Rejected`] when a child's definition isn't stored, or its id is another run's.
    async fn run_append(&self, append: Append) -> Result<Result<Appended, AppendRefused>, StoreError>;

    /// A run with its events, those that its last snapshot holds left out, and its waits that are not taken up; none
    /// when there is no such run.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when an event can't be read or is of a newer schema.
    async fn run_load(&self, run: RunId) -> Result<Option<StoredRun>, StoreError>;

    /// Keeps a run's state, so that the events before needn't be read to take it up. Only a copy of what the events
    /// come to: one that can't be read any more is passed over, and an older one never replaces a newer one.
    async fn run_snapshot(&self, run: RunId, state: Arc<RunState>) -> Result<(), StoreError>;

    /// A run's row; none when there is no such run.
    async fn run_record(&self, run: RunId) -> Result<Option<RunRecord>, StoreError>;

    /// How many runs are queued, that is, haven't begun and have no owner, and aren't to be cancelled: counted up to
    /// `most`.
    async fn run_queued(&self, most: usize) -> Result<usize, StoreError>;

    /// What others want of a run, found without a look at its events: a driver asks whenever it is poked. None
    /// when there is no such run.
    async fn run_signals(&self, run: RunId) -> Result<Option<Signals>, StoreError>;

    /// The rows of the runs that a run started, the oldest first.
    async fn run_children(&self, run: RunId) -> Result<Vec<RunRecord>, StoreError>;

    /// The events of a run after number `after`, in order; empty when there is no such run.
    async fn run_events(&self, run: RunId, after: u64) -> Result<Vec<RunEvent>, StoreError>;

    /// Takes runs that have work to do and no living owner, the oldest first: queued and running ones that don't
    /// rest, and resting ones with an answer to take up, a timer that fired, or a cancel. Raises each one's epoch
    /// and count of attempts.
    ///
    /// A run whose [`Slot`](crate::Slot) has no place for it is passed over, and so is one that an older run of its
    /// slot goes before; one that an owner held to its death, or that is to be cancelled, needs no place. A claim may
    /// leave some that it could have taken to the next one, but not all of them.
    async fn run_claim(&self, claim: Claim) -> Result<Vec<ClaimedRun>, StoreError>;

    /// Asks for a run's cancelling, and for that of its unfinished children and theirs, as if each were asked with
    /// `force`. `force` goes on where the reply would be [`CancelOutcome::Resuming`]. Asking again is
    /// [`CancelOutcome::Requested`] again and keeps the time of the first request.
    async fn run_cancel(&self, run: RunId, now: Timestamp, force: bool) -> Result<CancelOutcome, StoreError>;

    /// Stores the answer to a wait if the wait is open, and drops its timer; the first one wins. A repeat of
    /// the winning answer is [`ResolveOutcome::NotOpen`] with that very answer.
    async fn wait_resolve(&self, resolve: Resolve) -> Result<ResolveOutcome, StoreError>;

    /// Every wait of a run, taken up or not, oldest first.
    async fn wait_list(&self, run: RunId) -> Result<Vec<StoredWait>, StoreError>;

    /// Stores an event, and answers every open wait for it in its workspace with
    /// [`Resolution::EventReceived`](flow_model::Resolution::EventReceived), as [`Store::wait_resolve`] would at
    /// `received_at`; of several waits of one run the oldest alone.
    ///
    /// Until it expires the event is there for waits that come later, too: a commit that opens a wait for an event
    /// stores it answered already, by the oldest event that matches, that was received since the run was created
    /// and is unexpired when the wait opens, and that the run hasn't taken before. A wait that such a commit closes,
    /// or whose time is over as it opens, takes none. A wait and an event that are stored at the same moment never
    /// miss each other.
    ///
    /// A repeat under the same id stores nothing and wakes nobody: it is told of the runs that have taken the event
    /// by now. Once the event was purged it would be a new one.
    async fn event_publish(&self, event: PublishEvent) -> Result<Published, StoreError>;

    /// Entries of a flow's log, newest first: what [`LogEntry::of`](flow_model::LogEntry::of) makes of the events of
    /// its runs, there as soon as the events are.
    async fn log_list(&self, query: LogQuery) -> Result<Vec<FlowLog>, StoreError>;

    /// How many entries there are, whatever the query's `after`, `skip` and `limit` are.
    async fn log_count(&self, query: LogQuery) -> Result<u64, StoreError>;

    /// The timers that are due, the earliest first, at most `limit`.
    async fn timer_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, StoreError>;

    /// When the earliest timer is due; none when there is none.
    async fn timer_next(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Takes a due timer of kind [`TimerKind::Retry`](crate::TimerKind::Retry) away, and its unfinished run is up for a claim; false when
    /// there is no such timer or it isn't due. (A wait's timer goes by [`Store::wait_resolve`].)
    async fn timer_fire(&self, timer: Timer, now: Timestamp) -> Result<bool, StoreError>;

    /// Says that the node lives for another `lease`; with a zero lease, that it is dead.
    async fn node_renew(&self, node: NodeId, now: Timestamp, lease: LeaseDuration) -> Result<(), StoreError>;

    /// Says that the node leaves: its runs have no owner from then on, and their attempts count anew, since a node
    /// that leaves has not died of them.
    async fn node_leave(&self, node: NodeId) -> Result<(), StoreError>;

    /// Deletes what has expired: idempotency keys, events and dead nodes. Returns how many rows went.
    async fn expired_purge(&self, now: Timestamp) -> Result<usize, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
