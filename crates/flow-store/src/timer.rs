//! Timers: set, due, fired, and when the next one is.

use diesel::prelude::*;
use flow_engine::{Timer, TimerKind};
use flow_model::{RunId, Timestamp, VisitPath};

use crate::connection::{AnyConnection, on_each};
use crate::failure::{Corrupt, Outcome};
use crate::rows::moment;
use crate::rows::wait::TimerRow;
use crate::run::cancel::lock;
use crate::schema::{runs, timers};
use crate::statement::update;

pub(crate) fn due(connection: &mut AnyConnection, now: Timestamp, limit: usize) -> Outcome<Vec<Timer>> {
    let rows: Vec<TimerRow> = timers::table
        .filter(timers::due_at.le(now.millis()))
        .order((timers::due_at, timers::run_id, timers::visit))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(TimerRow::as_select())
        .load(connection)?;
    let timers: Result<_, Corrupt> = rows.into_iter().map(Timer::try_from).collect();
    Ok(timers?)
}

pub(crate) fn next(connection: &mut AnyConnection) -> Outcome<Option<Timestamp>> {
    let earliest = timers::table.select(diesel::dsl::min(timers::due_at)).get_result(connection)?;
    Ok(moment(earliest))
}

/// Sets a timer where there is none for that visit and kind.
pub(crate) fn set(
    connection: &mut AnyConnection,
    run: RunId,
    visit: &VisitPath,
    kind: TimerKind,
    due_at: Timestamp,
) -> Outcome<()> {
    let timer = (
        timers::run_id.eq(run.as_bytes().as_slice()),
        timers::visit.eq(visit.as_str()),
        timers::kind.eq(kind.as_str()),
        timers::due_at.eq(due_at.millis()),
    );
    on_each!(connection, |each| diesel::insert_into(timers::table).values(timer).execute(each))?;
    Ok(())
}

/// Sets a timer in the place of one that was set before. The run's row is locked, and no upsert: diesel prepares
/// those anew each time.
pub(crate) fn replace(
    connection: &mut AnyConnection,
    run: RunId,
    visit: &VisitPath,
    kind: TimerKind,
    due_at: Timestamp,
) -> Outcome<()> {
    let before = timers::table
        .filter(timers::run_id.eq(run.as_bytes().as_slice()))
        .filter(timers::visit.eq(visit.as_str()))
        .filter(timers::kind.eq(kind.as_str()));
    diesel::delete(before).execute(connection)?;
    set(connection, run, visit, kind, due_at)
}

/// The run's row is locked first, as everyone does: its owner may be setting the same timer anew.
pub(crate) fn fire(connection: &mut AnyConnection, timer: &Timer, now: Timestamp) -> Outcome<bool> {
    let Some(_locked) = lock(connection, timer.run)? else { return Ok(false) };
    let id = timer.run.as_bytes().as_slice();
    let due = timers::table
        .filter(timers::run_id.eq(id))
        .filter(timers::visit.eq(timer.visit.as_str()))
        .filter(timers::kind.eq(timer.kind.as_str()))
        .filter(timers::due_at.le(now.millis()));
    if diesel::delete(due).execute(connection)? == 0 {
        return Ok(false);
    }
    let unfinished = runs::table.filter(runs::id.eq(id)).filter(runs::finished_at.is_null());
    update(unfinished, runs::wake.eq(true)).execute(connection)?;
    Ok(true)
}
