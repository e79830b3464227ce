//! The first commit of a run.

use diesel::prelude::*;
use flow_engine::{Appended, Create, Created, IdempotencyKey, RunRecord, StoreError};
use flow_model::{EVENT_SCHEMA, NodeId, RunStatus};

use super::commit::{Prepared, close};
use super::key::{KeyOutcome, flow_part, take};
use super::told::Owner;
use crate::connection::{AnyConnection, on_each};
use crate::failure::{Failure, Outcome};
use crate::order::Order;
use crate::schema::runs;

/// The epoch that a run begins with.
const FIRST_EPOCH: i64 = 1;

/// A run to be stored, checked and encoded.
#[derive(Debug)]
pub(crate) struct NewRun {
    record: RunRecord,
    idempotency: Option<IdempotencyKey>,
    node: NodeId,
    commit: Prepared,
}

impl NewRun {
    pub(crate) fn new(create: Create) -> Result<Self, StoreError> {
        let Create { record, idempotency, node, commit } = create;
        let commit = Prepared::new(commit, 0, record.status, record.finished_at)?;
        if let Some(visit) = commit.taken.first() {
            let reason = format!("no answer to {visit} is there to be taken up");
            return Err(StoreError::Rejected { reason });
        }
        Ok(Self { record, idempotency, node, commit })
    }

    pub(crate) fn order(&self) -> Order {
        match &self.idempotency {
            Some(key) => Order::key(self.record.workspace, flow_part(self.record.flow), key),
            None => Order::run(self.record.id),
        }
    }

    pub(crate) fn store(&self, connection: &mut AnyConnection) -> Outcome<Created> {
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
        if !self.store_row(connection)? {
            return if self.commit.is_stored(connection, self.record.id)? {
                Ok(Created::New(owner.told_again(connection)?))
            } else {
                Err(Failure::rejected(format!("the run {} exists already", self.record.id)))
            };
        }
        self.commit.store(connection, self.record.id)?;
        if self.record.cancel_requested_at.is_some() || self.record.status.is_finished() {
            self.close(connection)?;
        }
        let cancel_requested = self.record.cancel_requested_at.is_some();
        Ok(Created::New(Appended { resolved: Vec::new(), cancel_requested, released: self.releases() }))
    }

    fn releases(&self) -> bool {
        let is_cancelled = self.record.cancel_requested_at.is_some();
        self.record.status.is_finished() || (self.commit.release && !is_cancelled)
    }

    fn close(&self, connection: &mut AnyConnection) -> Outcome<()> {
        if self.commit.opened.is_empty() && !self.commit.sets_timers() {
            return Ok(());
        }
        close(connection, self.record.id)
    }

    /// False when there is a run with that id already.
    fn store_row(&self, connection: &mut AnyConnection) -> Outcome<bool> {
        let record = &self.record;
        let wake = match record.status {
            RunStatus::Queued | RunStatus::Running if !self.commit.release => true,
            RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => {
                record.cancel_requested_at.is_some()
            }
            RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => false,
        };
        let lease_node = if self.releases() { None } else { Some(self.node.as_bytes().as_slice()) };
        let row = (
            (
                runs::id.eq(record.id.as_bytes().as_slice()),
                runs::workspace_id.eq(record.workspace.as_bytes().as_slice()),
                runs::flow_id.eq(record.flow.as_ref().map(|flow| flow.as_bytes().as_slice())),
                runs::version_number.eq(record.version),
                runs::definition_hash.eq(record.definition.as_bytes().as_slice()),
                runs::trigger_type.eq(record.trigger.as_str()),
                runs::status.eq(record.status.as_str()),
                runs::seq.eq(self.commit.last_seq),
                runs::event_schema.eq(EVENT_SCHEMA),
                runs::epoch.eq(FIRST_EPOCH),
            ),
            (
                runs::lease_node.eq(lease_node),
                runs::attempts.eq(0),
                runs::wake.eq(wake),
                runs::waits_open.eq(self.commit.count_open()),
                runs::answers_stored.eq(0),
                runs::answers_taken.eq(0),
                runs::cancel_requested_at.eq(record.cancel_requested_at.map(|at| at.millis())),
                runs::created_at.eq(record.created_at.millis()),
                runs::finished_at.eq(record.finished_at.map(|at| at.millis())),
                runs::error_code.eq(self.commit.error_code.as_deref()),
            ),
        );
        let stored = on_each!(connection, |each| {
            diesel::insert_into(runs::table).values(row).on_conflict_do_nothing().execute(each)
        })?;
        Ok(stored == 1)
    }
}
