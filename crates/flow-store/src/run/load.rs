//! Reading runs back.

use diesel::prelude::*;
use flow_engine::{RunRecord, StoredRun};
use flow_model::{RunEvent, RunId};

use crate::connection::AnyConnection;
use crate::failure::{Corrupt, Outcome};
use crate::rows::event::{EventRow, join};
use crate::rows::run::RunRow;
use crate::rows::{read, stored_number};
use crate::run::snapshot;
use crate::schema::{run_events, runs};
use crate::wait;

/// A run's row.
pub(crate) fn record(connection: &mut AnyConnection, run: RunId) -> Outcome<Option<RunRecord>> {
    let row: Option<RunRow> = runs::table
        .filter(runs::id.eq(run.as_bytes().as_slice()))
        .select(RunRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(RunRecord::try_from).transpose()?)
}

/// The rows of the runs that a run started, the oldest first.
pub(crate) fn children(connection: &mut AnyConnection, run: RunId) -> Outcome<Vec<RunRecord>> {
    let rows: Vec<RunRow> = runs::table
        .filter(runs::parent_run_id.eq(run.as_bytes().as_slice()))
        .order((runs::created_at, runs::id))
        .select(RunRow::as_select())
        .load(connection)?;
    let records: Result<_, Corrupt> = rows.into_iter().map(RunRecord::try_from).collect();
    Ok(records?)
}

/// The events after a number. A number in the middle of a commit is what a caller may ask for, too.
pub(crate) fn events(connection: &mut AnyConnection, run: RunId, after: u64) -> Outcome<Vec<RunEvent>> {
    let rows = rows(connection, run, after)?;
    let mut events = join(run, rows, None)?;
    events.retain(|event| event.seq > after);
    Ok(events)
}

/// A run whole, as it was at one moment.
pub(crate) fn whole(connection: &mut AnyConnection, run: RunId) -> Outcome<Option<StoredRun>> {
    let found = connection.snapshot(|connection| {
        let Some(record) = record(connection, run)? else { return Ok(None) };
        let snapshot = snapshot::load(connection, run)?.and_then(|row| row.state(run));
        let held = snapshot.as_ref().map_or(0, |state| state.seq());
        let rows = rows(connection, run, held)?;
        let waits = wait::pending(connection, run)?;
        Ok(Some((record, snapshot, rows, waits)))
    })?;
    let Some((record, snapshot, rows, waits)) = found else { return Ok(None) };
    let held = snapshot.as_ref().map_or(0, |state| state.seq());
    let events = join(run, rows, Some(held + 1))?;
    let last = events.last().map_or(held, |event| event.seq);
    if last != record.seq {
        read("run", run.as_bytes(), || {
            Err(format!("its row counts {} events and its log {last}", record.seq))
        })?;
    }
    Ok(Some(StoredRun { record, snapshot, events, waits }))
}

fn rows(connection: &mut AnyConnection, run: RunId, after: u64) -> QueryResult<Vec<EventRow>> {
    run_events::table
        .filter(run_events::run_id.eq(run.as_bytes().as_slice()))
        .filter(run_events::last_seq.gt(stored_number(after)))
        .order(run_events::last_seq)
        .select(EventRow::as_select())
        .load(connection)
}
