//! Asking for a run's cancelling.

use diesel::prelude::*;
use flow_engine::CancelOutcome;
use flow_model::{RunId, RunStatus, Timestamp};

use super::children::{self, Which};
use super::commit::close;
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::rows::run::LockedRun;
use crate::schema::runs;
use crate::statement::update;
use crate::{postgres, sqlite};

pub(crate) fn cancel(
    connection: &mut AnyConnection,
    run: RunId,
    now: Timestamp,
    force: bool,
) -> Outcome<CancelOutcome> {
    let Some(row) = lock(connection, run)? else { return Ok(CancelOutcome::Missing) };
    let status = row.status(run)?;
    if status.is_finished() {
        return Ok(CancelOutcome::Finished(status));
    }
    if row.cancel_requested_at.is_some() {
        return Ok(CancelOutcome::Requested);
    }
    let is_resuming =
        status == RunStatus::Waiting && row.waits_open == 0 && row.answers_stored > row.answers_taken;
    if is_resuming && !force {
        return Ok(CancelOutcome::Resuming);
    }
    let children = row.children;
    close(connection, run)?;
    let row = runs::table.filter(runs::id.eq(run.as_bytes().as_slice()));
    let change = (runs::cancel_requested_at.eq(now.millis()), runs::wake.eq(true));
    update(row, change).execute(connection)?;
    if children > 0 {
        children::cancel(connection, run, Which::All, now)?;
    }
    Ok(CancelOutcome::Requested)
}

/// A run's row, which nobody changes until the transaction ends.
pub(crate) fn lock(connection: &mut AnyConnection, run: RunId) -> QueryResult<Option<LockedRun>> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::lock_run(sqlite, run),
        AnyConnection::Postgres(postgres) => postgres::lock_run(postgres, run),
    }
}
