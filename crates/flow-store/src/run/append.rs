//! A later commit of a run.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable};
use flow_engine::{Append, AppendRefused, Appended, StoreError};
use flow_model::{EVENT_SCHEMA, RunStatus, Timestamp};

use super::cancel::lock;
use super::children;
use super::close::Closing;
use super::commit::{Of, Prepared, close, stored_count, take_answers};
use super::told::Owner;
use crate::connection::AnyConnection;
use crate::event::arrival::{Arrivals, Taker};
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::order::Order;
use crate::rows::run::{LockedRun, OwnedRun};
use crate::rows::stored_number;
use crate::schema::runs;
use crate::statement::update;
use crate::wait;

/// A commit to be stored, checked and encoded.
#[derive(Debug)]
pub(crate) struct NewCommit {
    owner: Owner,
    expected_seq: i64,
    status: RunStatus,
    finished_at: Option<Timestamp>,
    commit: Prepared,
}

impl NewCommit {
    pub(crate) fn new(append: Append) -> Result<Self, StoreError> {
        let Append { run, node, epoch, expected_seq, status, finished_at, commit } = append;
        let commit = Prepared::new(commit, expected_seq, status, finished_at)?;
        let owner = Owner { run, node, epoch };
        Ok(Self { owner, expected_seq: stored_number(expected_seq), status, finished_at, commit })
    }

    pub(crate) fn order(&self) -> Order {
        Order::run(self.commit.answer.as_ref().map_or(self.owner.run, |answer| answer.run))
    }

    pub(crate) fn latches(&self) -> Vec<Latch> {
        self.commit.latches()
    }

    pub(crate) fn store(&self, connection: &mut AnyConnection) -> Outcome<Result<Appended, AppendRefused>> {
        let run = self.owner.run;
        if let Some(answer) = &self.commit.answer {
            // A parent before its children, as everyone does.
            lock(connection, answer.run)?;
        }
        // Most commits close nothing and wait for no event, and begin with the fence.
        let has_more = !self.commit.closed.is_empty() || self.commit.awaits_events();
        let locked = if has_more { lock(connection, run)? } else { None };
        let closing = match &locked {
            Some(_) => Closing::look(connection, run, &self.commit)?,
            None => Closing::default(),
        };
        let closes_all = |row: &LockedRun| self.status.is_finished() || row.cancel_requested_at.is_some();
        let arrivals = match &locked {
            Some(row) if !closes_all(row) => Arrivals::look(connection, row.taker(run), &self.commit)?,
            Some(_) | None => Arrivals::default(),
        };
        let Some(row) = self.store_row(connection, &closing, &arrivals)? else {
            return self.refused(connection);
        };
        let taker = locked.as_ref().map_or(Taker::of_no_event(run), |row| row.taker(run));
        take_answers(connection, run, &self.commit.taken)?;
        self.commit
            .store(connection, Of { taker, arrivals: &arrivals, answers_stored: row.answers_stored })?;
        closing.store(connection, run, &self.commit.closed)?;
        let closes = row.waits_open > 0 || self.commit.sets_timers();
        if closes && (self.status.is_finished() || row.cancel_requested_at.is_some()) {
            close(connection, run)?;
        }
        if row.children > 0 {
            let cancelling = row.cancel_requested_at.is_some();
            children::follow(connection, run, self.status, cancelling, &self.commit)?;
        }
        if let Some(answer) = &self.commit.answer {
            wait::resolve(connection, answer)?;
        }
        self.owner.told(connection, &row).map(Ok)
    }

    /// The whole fence in one statement, which also locks the row. None when it holds the commit off.
    fn store_row(
        &self,
        connection: &mut AnyConnection,
        closing: &Closing,
        arrivals: &Arrivals,
    ) -> Outcome<Option<OwnedRun>> {
        let ends = self.status.is_finished();
        let completes = matches!(self.status, RunStatus::Completed | RunStatus::Failed);
        // A run that is given up rests, whatever its status: it may be backing off.
        let has_work = matches!(self.status, RunStatus::Queued | RunStatus::Running) && !self.commit.release;
        let taken = stored_count(self.commit.taken.len()) + closing.answers;
        let arrived = stored_count(arrivals.count());
        let opened = self.commit.count_open() - closing.open - arrived;
        // What the outside asked for meanwhile: a driver must see it before the run may rest.
        let is_called = || {
            (runs::answers_stored + arrived)
                .gt(runs::answers_taken + taken)
                .or(runs::cancel_requested_at.is_not_null())
        };
        let gives_up = ends.into_sql::<Bool>().or(self
            .commit
            .release
            .into_sql::<Bool>()
            .and(diesel::dsl::not(is_called())));
        let fence = runs::table
            .filter(runs::id.eq(self.owner.run.as_bytes().as_slice()))
            .filter(runs::lease_node.eq(self.owner.node.as_bytes().as_slice()))
            .filter(runs::epoch.eq(self.owner.epoch))
            .filter(runs::seq.eq(self.expected_seq))
            .filter((!completes).into_sql::<Bool>().or(runs::cancel_requested_at.is_null()));
        let nobody = None::<&[u8]>.into_sql::<Nullable<Binary>>();
        let change = (
            runs::seq.eq(self.commit.last_seq),
            runs::event_schema.eq(EVENT_SCHEMA),
            runs::status.eq(self.status.as_str()),
            runs::finished_at.eq(self.finished_at.map(Timestamp::millis)),
            runs::error_code.eq(self.commit.error_code.as_deref()),
            runs::attempts.eq(0),
            runs::waits_open.eq(runs::waits_open + opened),
            runs::answers_stored.eq(runs::answers_stored + arrived),
            runs::answers_taken.eq(runs::answers_taken + taken),
            runs::children.eq(runs::children + stored_count(self.commit.children.len())),
            runs::lease_node.eq(case_when(gives_up, nobody).otherwise(runs::lease_node)),
            runs::wake.eq((!ends).into_sql::<Bool>().and(has_work.into_sql::<Bool>().or(is_called()))),
        );
        let update = update(fence, change).returning(OwnedRun::as_returning());
        Ok(update.get_result(connection).optional()?)
    }

    /// Why the fence held the commit off: it was stored before, the run is being cancelled, or it is
    /// another's.
    fn refused(&self, connection: &mut AnyConnection) -> Outcome<Result<Appended, AppendRefused>> {
        if self.commit.is_stored(connection, self.owner.run)? {
            return self.owner.told_again(connection).map(Ok);
        }
        let row = runs::table.filter(runs::id.eq(self.owner.run.as_bytes().as_slice()));
        let held: Option<(Option<Vec<u8>>, i64, i64)> =
            row.select((runs::lease_node, runs::epoch, runs::seq)).get_result(connection).optional()?;
        let is_ours = held.is_some_and(|(node, epoch, seq)| {
            node.as_deref() == Some(self.owner.node.as_bytes().as_slice())
                && epoch == self.owner.epoch
                && seq == self.expected_seq
        });
        Ok(Err(if is_ours { AppendRefused::Cancelling } else { AppendRefused::Stale }))
    }
}
