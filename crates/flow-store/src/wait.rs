//! Waits: answered once, by whoever comes first.

use diesel::prelude::*;
use flow_engine::{Resolve, ResolveOutcome, StoredWait, TimerKind, WaitState};
use flow_model::{EventId, Resolution, RunId, Timestamp, VisitPath};

use crate::connection::AnyConnection;
use crate::failure::{Corrupt, Failure, Outcome};
use crate::rows::wait::{EXPIRED, OPEN, RESOLVED, WaitRow};
use crate::run::cancel::lock;
use crate::schema::{runs, timers, waits};
use crate::statement::update;

/// What ends a wait.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// An answer, as the wait's row holds it.
    Given {
        resolution: &'a str,
        /// The event that it is.
        event: Option<EventId>,
    },
    /// The end of its time.
    Expiry,
}

/// Stores an answer if its wait is open.
pub(crate) fn resolve(connection: &mut AnyConnection, resolve: &Resolve) -> Outcome<ResolveOutcome> {
    let text;
    let by = match &resolve.resolution {
        Resolution::Expired => Answer::Expiry,
        given => {
            text = serde_json::to_string(given).map_err(|error| Failure::rejected(error.to_string()))?;
            Answer::Given { resolution: &text, event: event(given) }
        }
    };
    match answer(connection, resolve.run, &resolve.visit, by, resolve.now)? {
        None => Ok(ResolveOutcome::Missing),
        Some(true) => Ok(ResolveOutcome::Won),
        Some(false) => lost(connection, resolve),
    }
}

const fn event(resolution: &Resolution) -> Option<EventId> {
    match resolution {
        Resolution::EventReceived { event, .. } => Some(*event),
        Resolution::Decided { .. }
        | Resolution::ToolSucceeded { .. }
        | Resolution::ToolFailed { .. }
        | Resolution::Submitted { .. }
        | Resolution::ChildEnded { .. }
        | Resolution::Expired => None,
    }
}

/// Ends a wait if it is open. The waits' own row decides the race; the run's is locked first, as everyone does, and
/// then called up for a claim. None when there is no such run, and false when something came first.
pub(crate) fn answer(
    connection: &mut AnyConnection,
    run: RunId,
    visit: &VisitPath,
    by: Answer<'_>,
    now: Timestamp,
) -> Outcome<Option<bool>> {
    let Some(row) = lock(connection, run)? else { return Ok(None) };
    let number = row.answers_stored + 1;
    let id = run.as_bytes().as_slice();
    let open = waits::table
        .filter(waits::run_id.eq(id))
        .filter(waits::visit.eq(visit.as_str()))
        .filter(waits::state.eq(OPEN));
    let stored = (waits::resolved_at.eq(now.millis()), waits::answer_number.eq(number));
    let ended = match by {
        Answer::Given { resolution, event } => {
            let event = event.as_ref().map(|event| event.as_bytes().as_slice());
            let open = open.filter(waits::expires_at.is_null().or(waits::expires_at.gt(now.millis())));
            let given =
                (waits::state.eq(RESOLVED), waits::resolution.eq(resolution), waits::event_id.eq(event));
            update(open, (given, stored)).execute(connection)?
        }
        Answer::Expiry => {
            let over = open.filter(waits::expires_at.le(now.millis()));
            update(over, (waits::state.eq(EXPIRED), stored)).execute(connection)?
        }
    };
    if ended != 1 {
        return Ok(Some(false));
    }
    let timer = timers::table
        .filter(timers::run_id.eq(id))
        .filter(timers::visit.eq(visit.as_str()))
        .filter(timers::kind.eq(TimerKind::WaitExpiry.as_str()));
    diesel::delete(timer).execute(connection)?;
    let change =
        (runs::waits_open.eq(runs::waits_open - 1), runs::answers_stored.eq(number), runs::wake.eq(true));
    update(runs::table.filter(runs::id.eq(id)), change).execute(connection)?;
    Ok(Some(true))
}

/// What stood in the way of an answer.
fn lost(connection: &mut AnyConnection, resolve: &Resolve) -> Outcome<ResolveOutcome> {
    let row: Option<WaitRow> = waits::table
        .filter(waits::run_id.eq(resolve.run.as_bytes().as_slice()))
        .filter(waits::visit.eq(resolve.visit.as_str()))
        .select(WaitRow::as_select())
        .get_result(connection)
        .optional()?;
    let Some(row) = row else { return Ok(ResolveOutcome::Missing) };
    let wait = StoredWait::try_from(row)?;
    let over: Option<Timestamp> = wait.wait.expires_at.filter(|at| *at <= resolve.now);
    Ok(ResolveOutcome::NotOpen(match (wait.state, over) {
        (WaitState::Open, Some(resolved_at)) => WaitState::Expired { resolved_at },
        (state, _) => state,
    }))
}

/// The waits that are open or answered and not taken up, oldest first.
pub(crate) fn pending(connection: &mut AnyConnection, run: RunId) -> Outcome<Vec<StoredWait>> {
    let rows: Vec<WaitRow> = waits::table
        .filter(waits::run_id.eq(run.as_bytes().as_slice()))
        .filter(waits::state.eq(OPEN).or(waits::resolved_at.is_not_null()))
        .filter(waits::taken.eq(false))
        .order((waits::opened_seq, waits::visit))
        .select(WaitRow::as_select())
        .load(connection)?;
    from_rows(rows)
}

/// Every wait, oldest first.
pub(crate) fn list(connection: &mut AnyConnection, run: RunId) -> Outcome<Vec<StoredWait>> {
    let rows: Vec<WaitRow> = waits::table
        .filter(waits::run_id.eq(run.as_bytes().as_slice()))
        .order((waits::opened_seq, waits::visit))
        .select(WaitRow::as_select())
        .load(connection)?;
    from_rows(rows)
}

fn from_rows(rows: Vec<WaitRow>) -> Outcome<Vec<StoredWait>> {
    let waits: Result<_, Corrupt> = rows.into_iter().map(StoredWait::try_from).collect();
    Ok(waits?)
}
