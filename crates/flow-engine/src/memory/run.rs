//! One run: its row, its batches of events, its waits and its owner.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flow_model::{
    BatchId, EventKind, NodeId, RunEvent, RunState, RunStatus, Timestamp, VisitPath, Wait, WaitKind,
};

use super::awake::{At, Owner, Place, Standing};
use super::events::{Events, Topic, topic};
use super::rejected;
use super::timers::Timers;
use super::wait::Waits;
use crate::{
    Append, AppendRefused, Appended, CancelOutcome, Claim, Commit, NewChild, RunRecord, Signals, StoreError,
};

/// One run.
pub(super) struct Run {
    pub(super) record: RunRecord,
    pub(super) waits: Waits,
    owner: Owner,
    /// The claim that made it so.
    claim: Option<BatchId>,
    /// It was given up, and nobody has asked for it since.
    rests: bool,
    epoch: i64,
    attempts: i32,
    batches: Vec<Batch>,
    pub(super) snapshot: Option<Arc<RunState>>,
}

/// The events of one commit. Shared, so that a reader copies them after the lock is released.
#[derive(Clone)]
struct Batch {
    id: BatchId,
    events: Arc<[RunEvent]>,
}

impl Run {
    /// A run before its first commit, owned by `node` at epoch 1.
    pub(super) fn new(record: RunRecord, node: NodeId) -> Self {
        let waits = Waits::new(record.id);
        let record = RunRecord { seq: 0, ..record };
        Self {
            record,
            waits,
            owner: Some(node),
            claim: None,
            rests: false,
            epoch: 1,
            attempts: 0,
            batches: Vec::new(),
            snapshot: None,
        }
    }

    /// A run that another one's commit starts.
    pub(super) fn child(child: NewChild, batch: BatchId) -> Result<Self, StoreError> {
        let NewChild { record, events } = child;
        let Some(seq) = events.last().map(|last| last.seq) else {
            return Err(rejected("a run begins with an event"));
        };
        if !events.iter().zip(1..).all(|(event, seq)| event.seq == seq) {
            return Err(rejected("the events aren't numbered from 1"));
        }
        if record.status.is_finished() || record.finished_at.is_some() {
            return Err(rejected("a run that is started can't have ended"));
        }
        let waits = Waits::new(record.id);
        let batches = vec![Batch { id: batch, events: events.into() }];
        let record = RunRecord { seq, ..record };
        Ok(Self {
            record,
            waits,
            owner: None,
            claim: None,
            rests: false,
            epoch: 1,
            attempts: 0,
            batches,
            snapshot: None,
        })
    }

    pub(super) const fn place(&self) -> Place {
        (self.record.created_at, self.record.id)
    }

    /// Where it stands among the awake runs.
    pub(super) fn standing(&self) -> Standing {
        let slot = self.record.slot.as_ref().map(|slot| slot.name.clone());
        let needs_place = self.owner.is_none() && self.record.cancel_requested_at.is_none();
        let at = match &slot {
            _ if !self.is_awake() => At::Asleep,
            Some(name) if needs_place => At::Line(name.clone()),
            _ => At::Owner(self.owner),
        };
        Standing { at, holds: slot.filter(|_| self.owner.is_some()) }
    }

    /// Whether it has work to do.
    const fn is_awake(&self) -> bool {
        match self.record.status {
            RunStatus::Queued | RunStatus::Running if !self.rests => true,
            RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => {
                self.waits.any_untaken() || self.record.cancel_requested_at.is_some()
            }
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => false,
        }
    }

    /// It has to wait for its turn.
    pub(super) const fn queue(&mut self) {
        self.owner = None;
    }

    /// Gives the run to a node; returns the epoch and the count of attempts.
    pub(super) const fn claim(&mut self, claim: &Claim) -> (i64, i32) {
        self.owner = Some(claim.node);
        self.claim = Some(claim.id);
        self.epoch += 1;
        self.attempts = self.attempts.saturating_add(1);
        (self.epoch, self.attempts)
    }

    /// The epoch and the count of attempts, if it was that claim that took the run.
    pub(super) fn claimed_by(&self, claim: &Claim) -> Option<(i64, i32)> {
        let same = self.owner == Some(claim.node) && self.claim == Some(claim.id);
        same.then_some((self.epoch, self.attempts))
    }

    /// Its owner leaves.
    pub(super) const fn give_back(&mut self) {
        self.owner = None;
        self.attempts = 0;
    }

    pub(super) fn holds(&self, batch: BatchId) -> bool {
        self.batches.iter().any(|stored| stored.id == batch)
    }

    fn is_owned_by(&self, node: NodeId, epoch: i64) -> bool {
        self.owner == Some(node) && self.epoch == epoch
    }

    /// What a commit of that owner is told, also when it asks again.
    pub(super) fn told(&self, node: NodeId, epoch: i64) -> Appended {
        Appended {
            resolved: self.waits.answers(),
            cancel_requested: self.record.cancel_requested_at.is_some(),
            released: !self.is_owned_by(node, epoch),
        }
    }

    /// What others want of it.
    pub(super) fn signals(&self) -> Signals {
        let cancel_requested = self.record.cancel_requested_at.is_some();
        Signals { cancel_requested, resolved: self.waits.answers() }
    }

    /// The topics of the events that a commit's new waits are for, in the order in which they open.
    pub(super) fn awaited(&self, commit: &Commit) -> Vec<(Topic, VisitPath)> {
        let openings = openings(&commit.events);
        let mut opened: Vec<_> = commit.waits_opened.iter().collect();
        opened.sort_by_key(|(visit, _)| (openings.get(visit).map(|(seq, _)| *seq), visit));
        let topic = |wait: &Wait| topic(self.record.workspace, &wait.request);
        opened.into_iter().filter_map(|(visit, wait)| Some((topic(wait)?, visit.clone()))).collect()
    }

    pub(super) fn append(
        &mut self,
        append: Append,
        timers: &mut Timers,
        events: &Events,
    ) -> Result<Result<Appended, AppendRefused>, StoreError> {
        let Append { node, epoch, expected_seq, status, finished_at, commit, .. } = append;
        if !self.is_owned_by(node, epoch) || self.record.seq != expected_seq {
            // A repeat always lands here: a batch holds at least one event, so the number has moved on.
            let repeated = self.holds(commit.batch);
            return Ok(if repeated { Ok(self.told(node, epoch)) } else { Err(AppendRefused::Stale) });
        }
        let completes = matches!(status, RunStatus::Completed | RunStatus::Failed);
        if completes && self.record.cancel_requested_at.is_some() {
            return Ok(Err(AppendRefused::Cancelling));
        }
        self.commit(status, finished_at, commit, timers, events)?;
        self.attempts = 0;
        Ok(Ok(self.told(node, epoch)))
    }

    /// Stores a commit, all of it or nothing.
    pub(super) fn commit(
        &mut self,
        status: RunStatus,
        finished_at: Option<Timestamp>,
        commit: Commit,
        timers: &mut Timers,
        events: &Events,
    ) -> Result<(), StoreError> {
        let (seq, now) = self.check(status, finished_at, &commit)?;
        let awaited = self.awaited(&commit);
        for visit in &commit.waits_taken {
            self.waits.take(visit);
        }
        let opened = openings(&commit.events);
        for (visit, wait) in commit.waits_opened {
            let opened_at = opened.get(&visit).map_or(now, |(_, at)| *at);
            self.waits.open(visit, wait, opened_at, timers);
        }
        self.batches.push(Batch { id: commit.batch, events: commit.events.into() });
        self.record.seq = seq;
        self.record.status = status;
        self.record.finished_at = finished_at;
        let cancelling = self.record.cancel_requested_at.is_some();
        for (visit, kind, due_at) in commit.timers_set {
            timers.set(self.record.id, visit, kind, due_at);
        }
        for visit in &commit.closed {
            self.waits.close(visit, timers);
        }
        if status.is_finished() || cancelling {
            self.waits.close_all(timers);
        }
        for (topic, visit) in &awaited {
            self.waits.meet(visit, topic, events, self.record.created_at, timers);
        }
        let given_up = commit.release && !cancelling && !self.waits.any_untaken();
        self.rests = given_up;
        if status.is_finished() || given_up {
            self.owner = None;
        }
        Ok(())
    }

    pub(super) fn keep(&mut self, state: Arc<RunState>) {
        if self.snapshot.as_ref().is_none_or(|kept| kept.seq() < state.seq()) {
            self.snapshot = Some(state);
        }
    }

    /// A timer of it fired.
    pub(super) const fn wake(&mut self) {
        self.rests = false;
    }

    /// What the constraints of a database would refuse; else the number and time of the last event.
    fn check(
        &self,
        status: RunStatus,
        finished_at: Option<Timestamp>,
        commit: &Commit,
    ) -> Result<(u64, Timestamp), StoreError> {
        let Some(last) = commit.events.last() else { return Err(rejected("a commit holds no event")) };
        if !commit.events.iter().zip(self.record.seq + 1..).all(|(event, seq)| event.seq == seq) {
            return Err(rejected(format!("the events aren't numbered from {}", self.record.seq + 1)));
        }
        if status.is_finished() != finished_at.is_some() {
            return Err(rejected(format!("a {} run can't have that end", status.as_str())));
        }
        let is_over = |visit: &VisitPath, wait: &Wait| {
            let kind = wait.request.kind();
            kind == WaitKind::RunFlow && self.waits.is_over(visit, commit.waits_taken.contains(visit))
        };
        let mut opened = HashSet::new();
        let mut opened = commit.waits_opened.iter().map(|(visit, wait)| {
            opened.insert(visit) && (!self.waits.contains(visit) || is_over(visit, wait))
        });
        if !opened.all(|is_first| is_first) {
            return Err(rejected("a visit can open one wait only"));
        }
        match commit.waits_taken.iter().find(|visit| !self.waits.is_untaken(visit)) {
            Some(visit) => Err(rejected(format!("no answer to {visit} is there to be taken up"))),
            None => Ok((last.seq, last.time)),
        }
    }

    pub(super) fn cancel(&mut self, now: Timestamp, force: bool, timers: &mut Timers) -> CancelOutcome {
        let status = self.record.status;
        if status.is_finished() {
            return CancelOutcome::Finished(status);
        }
        if self.record.cancel_requested_at.is_some() {
            return CancelOutcome::Requested;
        }
        let resuming = status == RunStatus::Waiting && !self.waits.any_open() && self.waits.any_untaken();
        if resuming && !force {
            return CancelOutcome::Resuming;
        }
        self.record.cancel_requested_at = Some(now);
        self.waits.close_all(timers);
        CancelOutcome::Requested
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &RunEvent> {
        self.batches.iter().flat_map(|batch| batch.events.iter())
    }

    /// The batches that hold events after number `after`.
    pub(super) fn log_after(&self, after: u64) -> Log {
        let is_before = |batch: &Batch| batch.events.last().is_none_or(|last| last.seq <= after);
        let first = self.batches.partition_point(is_before);
        Log { after, batches: self.batches[first..].iter().map(|batch| batch.events.clone()).collect() }
    }
}

/// Events by reference: found under the lock, copied after it.
pub(super) struct Log {
    after: u64,
    batches: Vec<Arc<[RunEvent]>>,
}

impl Log {
    pub(super) fn copy(&self) -> Vec<RunEvent> {
        let events = self.batches.iter().flat_map(|batch| batch.iter());
        events.filter(|event| event.seq > self.after).cloned().collect()
    }
}

/// The numbers and times of the events that open waits, by their visits.
fn openings(events: &[RunEvent]) -> HashMap<VisitPath, (u64, Timestamp)> {
    let opened = events.iter().filter_map(|event| match &event.kind {
        EventKind::WaitOpened { visit, .. } | EventKind::ChildStarted { visit, .. } => {
            Some((visit.clone(), (event.seq, event.time)))
        }
        _ => None,
    });
    opened.collect()
}
