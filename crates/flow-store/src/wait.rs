//! Waits: answered once, by whoever comes first.

use diesel::prelude::*;
use flow_engine::{Resolve, ResolveOutcome, StoredWait, TimerKind, WaitState};
use flow_model::{Resolution, RunId, Timestamp};

use crate::connection::AnyConnection;
use crate::failure::{Corrupt, Failure, Outcome};
use crate::rows::wait::{EXPIRED, OPEN, RESOLVED, WaitRow};
use crate::run::cancel::lock;
use crate::schema::{runs, timers, waits};
use crate::statement::update;

/// Stores an answer if its wait is open. The waits' own row decides the race; the run's is locked first, as
/// everyone does, and then called up for a claim.
pub(crate) fn resolve(connection: &mut AnyConnection, resolve: &Resolve) -> Outcome<ResolveOutcome> {
    let Some(run) = lock(connection, resolve.run)? else { return Ok(ResolveOutcome::Missing) };
    let number = run.answers_stored + 1;
    let won = match &resolve.resolution {
        Resolution::Expired => expire(connection, resolve, number)?,
        answer => store(connection, resolve, answer, number)?,
    };
    if !won {
        return lost(connection, resolve);
    }
    let id = resolve.run.as_bytes().as_slice();
    let timer = timers::table
        .filter(timers::run_id.eq(id))
        .filter(timers::visit.eq(resolve.visit.as_str()))
        .filter(timers::kind.eq(TimerKind::WaitExpiry.as_str()));
    diesel::delete(timer).execute(connection)?;
    let change =
        (runs::waits_open.eq(runs::waits_open - 1), runs::answers_stored.eq(number), runs::wake.eq(true));
    update(runs::table.filter(runs::id.eq(id)), change).execute(connection)?;
    Ok(ResolveOutcome::Won)
}

fn store(
    connection: &mut AnyConnection,
    resolve: &Resolve,
    answer: &Resolution,
    number: i32,
) -> Outcome<bool> {
    let now = resolve.now.millis();
    let answer = serde_json::to_string(answer).map_err(|error| Failure::rejected(error.to_string()))?;
    let open = waits::table
        .filter(waits::run_id.eq(resolve.run.as_bytes().as_slice()))
        .filter(waits::visit.eq(resolve.visit.as_str()))
        .filter(waits::state.eq(OPEN))
        .filter(waits::expires_at.is_null().or(waits::expires_at.gt(now)));
    let change = (
        waits::state.eq(RESOLVED),
        waits::resolution.eq(answer.as_str()),
        waits::resolved_at.eq(now),
        waits::answer_number.eq(number),
    );
    Ok(update(open, change).execute(connection)? == 1)
}

fn expire(connection: &mut AnyConnection, resolve: &Resolve, number: i32) -> Outcome<bool> {
    let now = resolve.now.millis();
    let over = waits::table
        .filter(waits::run_id.eq(resolve.run.as_bytes().as_slice()))
        .filter(waits::visit.eq(resolve.visit.as_str()))
        .filter(waits::state.eq(OPEN))
        .filter(waits::expires_at.le(now));
    let change = (waits::state.eq(EXPIRED), waits::resolved_at.eq(now), waits::answer_number.eq(number));
    Ok(update(over, change).execute(connection)? == 1)
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
