//! Commits: the only way that anything about a run leaves its driver.

use std::sync::Arc;

use flow_model::{NodeId, RunId, RunState, apply};

use super::{Driver, Pending, Stop, children};
use crate::StoreError;
use crate::ports::{Append, AppendRefused, Appended, Commit, Create, Created, IdempotencyKey};

/// The process's hold on a run.
#[derive(Debug)]
pub(super) enum Hold {
    /// Nothing of it is stored.
    Unstored {
        idempotency: Option<IdempotencyKey>,
        /// Store it before anything else is done.
        store_first: bool,
        /// Store it for later.
        queued: bool,
    },
    /// It is this node's, under this epoch.
    Owned { epoch: i64 },
}

/// A run's first owner has this epoch.
const FIRST_EPOCH: i64 = 1;

impl Driver {
    /// Commits what is pending, of which there must be something. With `release`, asks to give the run up too;
    /// true when it was. What the store says of cancels and answers is decided on at once.
    pub(super) async fn commit(&mut self, release: bool) -> Result<bool, Stop> {
        let batch = flow_model::BatchId::new(self.shared.clock.now(), self.shared.random());
        let kept = if self.ended_uncancelled() { self.pending.without_end() } else { Pending::default() };
        if release {
            self.set_timers_again();
        }
        let commit = self.pending.drain(batch, release);
        if commit.events.is_empty() {
            return Err(Stop::Damaged("nothing is left to do, and nothing happened".to_owned()));
        }
        let has_timer = !commit.timers_set.is_empty()
            || commit.waits_opened.iter().any(|(_, wait)| wait.expires_at.is_some());
        let started: Vec<RunId> = commit.children.iter().map(|child| child.record.id).collect();
        let closes_any = !commit.closed.is_empty();
        let queued = match &self.hold {
            Hold::Unstored { queued, .. } => Some(*queued),
            Hold::Owned { .. } => None,
        };
        let appended = match self.store(commit).await? {
            Ok(appended) => appended,
            Err(AppendRefused::Stale) => return Err(Stop::GivenUp),
            Err(AppendRefused::Cancelling) => {
                self.rewind(kept).await?;
                self.cancel()?;
                return Ok(false);
            }
        };
        self.active.set_stored();
        self.shared.hub.publish(self.record.id);
        if has_timer {
            self.shared.timers.notify_one();
        }
        self.tell_family(started, closes_any);
        if appended.released {
            self.keep_snapshot().await;
            if release || self.state.end().is_some() {
                self.record.slot.iter().for_each(|slot| self.shared.turns.freed(&slot.name));
                return Ok(true);
            }
            // Not asked for: there was no room for a new run, or no place. Else a repeat is told how things stand, and
            // another node has taken the run meanwhile.
            let Some(queued) = queued else { return Err(Stop::GivenUp) };
            if queued {
                self.shared.turns.queued();
            }
            return Err(Stop::Queued);
        }
        if appended.cancel_requested && self.state.end().is_none() {
            self.cancel()?;
        } else {
            self.take_answers(appended.resolved)?;
        }
        Ok(false)
    }

    /// Sets to work what a commit gave others to do: the runs that it started or cancelled, and the one that waited
    /// for this one's end.
    fn tell_family(&self, started: Vec<RunId>, closes_any: bool) {
        started.into_iter().for_each(|child| children::wake_new(&self.shared, child));
        let ended = self.state.end().is_some();
        if (ended || closes_any) && children::may_be_cancelled(&self.state) {
            children::wake_cancelled(&self.shared, self.record.id);
        }
        if let Some(parent) = self.record.parent.as_ref().filter(|parent| ended && parent.waits) {
            children::wake(&self.shared, parent.run);
        }
    }

    /// Keeps the state of a long run that rests, so that taking it up doesn't read all its events again and again.
    /// Only at every doubling, so that all copies together are no more than the run itself. A run that never rests
    /// needs none: only a crash makes it be read, and once.
    async fn keep_snapshot(&self) {
        let due = self.shared.limits.snapshot_events.max(2 * self.snapshot_seq);
        if self.state.end().is_some() || self.state.seq() < due {
            return;
        }
        let state = Arc::new(self.state.clone());
        if let Err(error) = self.shared.store.run_snapshot(self.record.id, state).await {
            tracing::warn!(run = %self.record.id, %error, "a run's state couldn't be kept; its events are");
        }
    }

    /// Stores a commit, again and again while the outcome is unknown: only a known outcome tells whether the
    /// run exists, and the batch's id makes a repeat harmless.
    async fn store(&mut self, mut commit: Commit) -> Result<Result<Appended, AppendRefused>, Stop> {
        let expected_seq = self.record.seq;
        self.record.seq = self.state.seq();
        self.record.status = self.state.status();
        self.record.finished_at = self.state.end().map(|(at, _)| at);
        commit.answer = self.state.end().and_then(|(at, end)| children::answer(&self.record, at, end));
        let mut pauses = crate::engine::Pauses::default();
        loop {
            let outcome = match &self.hold {
                Hold::Unstored { idempotency, queued, .. } => {
                    self.create(idempotency.clone(), *queued, commit.clone()).await
                }
                Hold::Owned { epoch } => self.append(*epoch, expected_seq, commit.clone()).await,
            };
            match outcome {
                Ok(outcome) => {
                    if let Hold::Unstored { .. } = self.hold {
                        self.hold = Hold::Owned { epoch: FIRST_EPOCH };
                    }
                    return Ok(outcome);
                }
                Err(Stop::Failed(StoreError::Unavailable { reason })) => {
                    tracing::warn!(run = %self.record.id, %reason, "a commit failed and is tried again");
                    self.active.set_troubled();
                    pauses.next(&*self.shared.clock).await;
                }
                Err(stop) => return Err(stop),
            }
        }
    }

    async fn create(
        &self,
        idempotency: Option<IdempotencyKey>,
        queued: bool,
        commit: Commit,
    ) -> Result<Result<Appended, AppendRefused>, Stop> {
        let record = self.record.clone();
        let create = Create { record, idempotency, node: self.node(), queued, commit };
        match self.shared.store.run_create(create).await.map_err(Stop::Failed)? {
            Created::New(appended) => Ok(Ok(appended)),
            Created::Duplicate { run, same_body } => Err(Stop::Duplicate { run, same_body }),
        }
    }

    async fn append(
        &self,
        epoch: i64,
        expected_seq: u64,
        commit: Commit,
    ) -> Result<Result<Appended, AppendRefused>, Stop> {
        let append = Append {
            run: self.record.id,
            node: self.node(),
            epoch,
            expected_seq,
            status: self.record.status,
            finished_at: self.record.finished_at,
            commit,
        };
        self.shared.store.run_append(append).await.map_err(Stop::Failed)
    }

    fn node(&self) -> NodeId {
        self.shared.node.id()
    }

    /// Goes back to what is stored, and from there to what was pending but the run's end.
    async fn rewind(&mut self, kept: Pending) -> Result<(), Stop> {
        let (shared, run) = (&self.shared, self.record.id);
        let stored = shared.persist(|| shared.store.run_load(run)).await.map_err(Stop::Failed)?;
        let stored = stored.ok_or(Stop::GivenUp)?;
        self.record = stored.record;
        self.state = stored.snapshot.map_or_else(RunState::new, Arc::unwrap_or_clone);
        for event in stored.events.iter().chain(kept.events()) {
            apply(&mut self.state, event).map_err(|illegal| Stop::Damaged(illegal.to_string()))?;
        }
        self.pending = kept;
        Ok(())
    }
}
