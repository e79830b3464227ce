//! Runs that another run's commit starts, and what that one's end or cancelling does to them.
//!
//! Everyone locks a parent's row before those of its children: a cancel goes down, and a child whose end is
//! waited for locks its parent before itself. Jobs of one transaction are in the order of the first row that they
//! lock, so two servers wait for each other only where rows of several families meet crosswise; PostgreSQL
//! breaks that, and the writer tries again.

use diesel::prelude::*;
use flow_engine::{Commit, NewChild, RunRecord, StoreError};
use flow_model::{BatchId, RunId, RunStatus, Timestamp, VisitPath};

use super::cancel;
use super::commit::{Of, Prepared};
use super::create::store_row;
use crate::connection::AnyConnection;
use crate::event::arrival::{Arrivals, Taker};
use crate::failure::{Failure, Outcome};
use crate::rows::{bytes, read};
use crate::schema::runs;

/// A run to be started, checked and encoded.
#[derive(Debug)]
pub(crate) struct PreparedChild {
    record: RunRecord,
    commit: Prepared,
}

impl PreparedChild {
    /// The events are stored under the name of the parent's commit.
    pub(super) fn new(child: NewChild, batch: BatchId) -> Result<Self, StoreError> {
        let NewChild { record, events } = child;
        if record.status.is_finished() {
            return Err(StoreError::Rejected { reason: "a run that is started can't have ended".to_owned() });
        }
        let commit = Commit {
            batch,
            events,
            waits_opened: Vec::new(),
            timers_set: Vec::new(),
            waits_taken: Vec::new(),
            closed: Vec::new(),
            release: false,
            children: Vec::new(),
            answer: None,
        };
        let commit = Prepared::new(commit, 0, record.status, record.finished_at)?;
        Ok(Self { record, commit })
    }

    pub(super) fn store(&self, connection: &mut AnyConnection) -> Outcome<()> {
        if !store_row(connection, &self.record, &self.commit, None, 0)? {
            return Err(Failure::rejected(format!("the run {} exists already", self.record.id)));
        }
        let taker = Taker::of_no_event(self.record.id);
        self.commit.store(connection, Of { taker, arrivals: &Arrivals::default(), answers_stored: 0 })
    }
}

/// Which unfinished children are cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which<'a> {
    All,
    /// Those whose end is waited for.
    WaitedFor,
    /// Those whose end that visit waits for.
    Of(&'a VisitPath),
}

/// Cancels what a commit of their parent, which left it in that status, leaves nobody to want.
pub(super) fn follow(
    connection: &mut AnyConnection,
    parent: RunId,
    status: RunStatus,
    cancelling: bool,
    commit: &Prepared,
) -> Outcome<()> {
    let now = commit.last_at;
    match status {
        _ if cancelling => cancel(connection, parent, Which::All, now),
        RunStatus::Cancelled => cancel(connection, parent, Which::All, now),
        RunStatus::Completed | RunStatus::Failed => cancel(connection, parent, Which::WaitedFor, now),
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => {
            commit.closed.iter().try_for_each(|visit| cancel(connection, parent, Which::Of(visit), now))
        }
    }
}

/// Asks for the cancelling of a run's unfinished children, and so for that of theirs.
pub(super) fn cancel(
    connection: &mut AnyConnection,
    parent: RunId,
    which: Which<'_>,
    now: Timestamp,
) -> Outcome<()> {
    let unfinished = runs::table
        .filter(runs::parent_run_id.eq(parent.as_bytes().as_slice()))
        .filter(runs::finished_at.is_null())
        .filter(runs::cancel_requested_at.is_null())
        .select(runs::id)
        .order((runs::created_at, runs::id));
    let ids: Vec<Vec<u8>> = match which {
        Which::All => unfinished.load(connection)?,
        Which::WaitedFor => unfinished.filter(runs::parent_waits.eq(true)).load(connection)?,
        Which::Of(visit) => unfinished
            .filter(runs::parent_waits.eq(true))
            .filter(runs::parent_visit.eq(visit.as_str()))
            .load(connection)?,
    };
    for id in ids {
        let child = read("run", &id, || bytes("id", &id).map(RunId::from_bytes))?;
        cancel::cancel(connection, child, now, true)?;
    }
    Ok(())
}
