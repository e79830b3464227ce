//! Timers: what is due, and when the next one is.

use diesel::prelude::*;
use flow_engine::Timer;
use flow_model::Timestamp;

use crate::connection::AnyConnection;
use crate::failure::{Corrupt, Outcome};
use crate::rows::moment;
use crate::rows::wait::TimerRow;
use crate::schema::timers;

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
