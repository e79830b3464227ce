//! The first commit of a run.

use diesel::prelude::*;
use flow_engine::{Appended, Create, Created, IdempotencyKey, RunRecord, StoreError};
use flow_model::{EVENT_SCHEMA, NodeId, RunStatus};

use super::cancel::lock;
use super::children;
use super::commit::{Of, Prepared, close, stored_count};
use super::key::{KeyOutcome, flow_part, take};
use super::slot;
use super::told::Owner;
use crate::connection::{AnyConnection, on_each};
use crate::event::arrival::{Arrivals, Taker};
use crate::failure::{Failure, Outcome};
use crate::latch::Latch;
use crate::order::Order;
use crate::schema::runs;
use crate::wait;

/// The epoch that a run begins with.
const FIRST_EPOCH: i64 = 1;

/// A run to be stored, checked and encoded.
#[derive(Debug)]
pub(crate) struct NewRun {
    record: RunRecord,
    idempotency: Option<IdempotencyKey>,
    node: NodeId,
    queued: bool,
    commit: Prepared,
}

impl NewRun {
    pub(crate) fn new(create: Create) -> Result<Self, StoreError> {
        let Create { record, idempotency, node, queued, commit } = create;
        let commit = Prepared::new(commit, 0, record.status, record.finished_at)?;
        if let Some(visit) = commit.taken.first() {
            let reason = format!("no answer to {visit} is there to be taken up");
            return Err(StoreError::Rejected { reason });
        }
        Ok(Self { record, idempotency, node, queued, commit })
    }

    pub(crate) fn order(&self) -> Order {
        match &self.idempotency {
            Some(key) => Order::key(self.record.workspace, flow_part(self.record.flow), key),
            None => Order::run(self.commit.answer.as_ref().map_or(self.record.id, |answer| answer.run)),
        }
    }

    pub(crate) fn latches(&self) -> Vec<Latch> {
        let mut latches = self.commit.latches();
        latches.extend(self.record.slot.as_ref().map(|slot| slot::latch(&slot.name)));
        latches
    }

    pub(crate) fn store(&self, connection: &mut AnyConnection) -> Outcome<Created> {
        if let Some(answer) = &self.commit.answer {
            lock(connection, answer.run)?;
        }
        let owner = Owner { run: self.record.id, node: self.node, epoch: FIRST_EPOCH };
        if let Some(key) = &self.idempotency
            && let KeyOutcome::Held { run, same_body } = take(connection, &self.record, key)?
        {
            // The key of a create that was stored may have ended and be another run's by now.
            return Ok(if self.commit.is_stored(connection, self.record.id)? {
                Created::New(owner.told_again(connection)?)
            } else {
                Created::Duplicate { run, same_body }
            });
        }
        let arrivals = self.arrivals(connection)?;
        let answers_stored = stored_count(arrivals.count());
        let released = self.releases(&arrivals) || self.is_queued(connection)?;
        let owned_by = if released { None } else { Some(self.node) };
        if !store_row(connection, &self.record, &self.commit, owned_by, answers_stored)? {
            return if self.commit.is_stored(connection, self.record.id)? {
                Ok(Created::New(owner.told_again(connection)?))
            } else {
                Err(Failure::rejected(format!("the run {} exists already", self.record.id)))
            };
        }
        let of = Of { taker: self.taker(), arrivals: &arrivals, answers_stored };
        self.commit.store(connection, of)?;
        if self.record.cancel_requested_at.is_some() || self.record.status.is_finished() {
            self.close(connection)?;
        }
        if !self.commit.children.is_empty() {
            let RunRecord { id, status, cancel_requested_at, .. } = &self.record;
            let cancelling = cancel_requested_at.is_some();
            children::follow(connection, *id, *status, cancelling, &self.commit)?;
        }
        if let Some(answer) = &self.commit.answer {
            wait::resolve(connection, answer)?;
        }
        if arrivals.count() > 0 {
            return Ok(Created::New(owner.told_again(connection)?));
        }
        let cancel_requested = self.record.cancel_requested_at.is_some();
        Ok(Created::New(Appended { resolved: Vec::new(), cancel_requested, released }))
    }

    /// Events that came after the run was accepted and before it was stored.
    fn arrivals(&self, connection: &mut AnyConnection) -> Outcome<Arrivals> {
        let is_closing = self.record.cancel_requested_at.is_some() || self.record.status.is_finished();
        if is_closing || !self.commit.awaits_events() {
            return Ok(Arrivals::default());
        }
        Arrivals::look(connection, self.taker(), &self.commit)
    }

    const fn taker(&self) -> Taker<'_> {
        let RunRecord { id, workspace, created_at, .. } = &self.record;
        Taker { run: *id, workspace: workspace.as_bytes().as_slice(), created_at: created_at.millis() }
    }

    /// Whether something must be done about the run before it may rest.
    fn is_called(&self, arrivals: &Arrivals) -> bool {
        self.record.cancel_requested_at.is_some() || arrivals.count() > 0
    }

    /// Whether it has to wait for its turn, if it isn't given up anyway.
    fn is_queued(&self, connection: &mut AnyConnection) -> Outcome<bool> {
        match &self.record.slot {
            _ if self.queued => Ok(true),
            Some(slot) => {
                let has_place = slot::has_place(connection, slot, self.record.id, self.record.created_at);
                Ok(!has_place?)
            }
            None => Ok(false),
        }
    }

    fn releases(&self, arrivals: &Arrivals) -> bool {
        self.record.status.is_finished() || (self.commit.release && !self.is_called(arrivals))
    }

    fn close(&self, connection: &mut AnyConnection) -> Outcome<()> {
        if self.commit.opened.is_empty() && !self.commit.sets_timers() {
            return Ok(());
        }
        close(connection, self.record.id)
    }
}

/// Stores a run's row; false when there is a run with that id already.
pub(super) fn store_row(
    connection: &mut AnyConnection,
    record: &RunRecord,
    commit: &Prepared,
    owned_by: Option<NodeId>,
    answers_stored: i32,
) -> Outcome<bool> {
    let parent = record.parent.as_ref();
    let (slot, slot_limit) = slot::columns(record);
    let wake = match record.status {
        RunStatus::Queued | RunStatus::Running if !commit.release => true,
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => {
            record.cancel_requested_at.is_some() || answers_stored > 0
        }
        RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => false,
    };
    let row = (
        (
            runs::id.eq(record.id.as_bytes().as_slice()),
            runs::workspace_id.eq(record.workspace.as_bytes().as_slice()),
            runs::flow_id.eq(record.flow.as_ref().map(|flow| flow.as_bytes().as_slice())),
            runs::version_number.eq(record.version),
            runs::definition_hash.eq(record.definition.as_bytes().as_slice()),
            runs::trigger_type.eq(record.trigger.as_str()),
            runs::status.eq(record.status.as_str()),
            runs::seq.eq(commit.last_seq),
            runs::event_schema.eq(EVENT_SCHEMA),
            runs::epoch.eq(FIRST_EPOCH),
        ),
        (
            runs::lease_node.eq(owned_by.as_ref().map(|node| node.as_bytes().as_slice())),
            runs::attempts.eq(0),
            runs::wake.eq(wake),
            runs::waits_open.eq(commit.count_open() - answers_stored),
            runs::answers_stored.eq(answers_stored),
            runs::answers_taken.eq(0),
            runs::cancel_requested_at.eq(record.cancel_requested_at.map(|at| at.millis())),
            runs::created_at.eq(record.created_at.millis()),
            runs::finished_at.eq(record.finished_at.map(|at| at.millis())),
            runs::error_code.eq(commit.error_code.as_deref()),
        ),
        (
            runs::parent_run_id.eq(parent.map(|parent| parent.run.as_bytes().as_slice())),
            runs::parent_visit.eq(parent.map(|parent| parent.visit.as_str())),
            runs::parent_waits.eq(parent.map(|parent| parent.waits)),
            runs::depth.eq(parent.map_or(0, |parent| i32::from(parent.depth))),
            runs::retry_of.eq(record.retry_of.as_ref().map(|run| run.as_bytes().as_slice())),
            runs::children.eq(stored_count(commit.children.len())),
            runs::slot.eq(slot),
            runs::slot_limit.eq(slot_limit),
        ),
    );
    let stored = on_each!(connection, |each| {
        diesel::insert_into(runs::table).values(row).on_conflict_do_nothing().execute(each)
    })?;
    Ok(stored == 1)
}
