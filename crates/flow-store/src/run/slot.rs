//! Slots: how many runs of one name have an owner.
//!
//! A run gets its place by getting an owner and loses it with that, so there is nothing to keep beside the run's own
//! row. Who gives a place has locked the slot's latch and counts; who takes none back needs no lock, since too high
//! a count does no harm: whoever gave a run up looks for the next one afterwards.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use flow_engine::{RunRecord, Slot};
use flow_model::{RunId, RunStatus, Timestamp};
use sha2::{Digest, Sha256};

use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::schema::runs;

/// Whether a run needs no place in a slot: it has none, its owner died holding it, or it is to be cancelled. In the
/// words of the index `runs_awake`.
macro_rules! unhindered {
    () => {{
        use diesel::{BoolExpressionMethods as _, ExpressionMethods as _};
        use $crate::schema::runs;
        runs::slot.is_null().or(runs::lease_node.is_not_null()).or(runs::cancel_requested_at.is_not_null())
    }};
}
pub(crate) use unhindered;

/// The runs that stand in line for a place. In the words of the index `runs_for_slot`.
macro_rules! in_line {
    () => {{
        use $crate::schema::runs;
        runs::table
            .filter(runs::wake)
            .filter(runs::slot.is_not_null())
            .filter(runs::lease_node.is_null())
            .filter(runs::cancel_requested_at.is_null())
    }};
}
pub(crate) use in_line;

/// What to lock before places in a slot are counted.
pub(crate) fn latch(name: &str) -> Latch {
    Latch::of(&Sha256::digest(name.as_bytes()).into())
}

/// How many runs of a slot have an owner.
pub(crate) fn held(connection: &mut AnyConnection, name: &str) -> Outcome<i64> {
    let held = runs::table.filter(runs::slot.eq(name)).filter(runs::lease_node.is_not_null());
    Ok(held.count().get_result(connection)?)
}

/// Whether there is a place for a run, those left out that are for older ones in the line.
pub(crate) fn has_place(
    connection: &mut AnyConnection,
    slot: &Slot,
    run: RunId,
    created_at: Timestamp,
) -> Outcome<bool> {
    let free = i64::from(slot.limit) - held(connection, &slot.name)?;
    if free <= 0 {
        return Ok(false);
    }
    let (id, created_at) = (run.as_bytes().as_slice(), created_at.millis());
    let is_older = runs::created_at.lt(created_at).or(runs::created_at.eq(created_at).and(runs::id.lt(id)));
    let older = in_line!().filter(runs::slot.eq(slot.name.as_str())).filter(is_older);
    let older: Vec<Vec<u8>> = older.select(runs::id).limit(free).load(connection)?;
    Ok(i64::try_from(older.len()).unwrap_or(i64::MAX) < free)
}

/// The slots that runs stand in line for and that have a place, as far as a look without locks can tell: each with the
/// age of its first run.
pub(crate) fn with_a_place(connection: &mut AnyConnection) -> Outcome<Vec<(i64, String)>> {
    type Line = (Option<String>, Option<i64>, Option<i32>);
    let lines = in_line!().group_by(runs::slot);
    let lines: Vec<Line> =
        lines.select((runs::slot, min(runs::created_at), max(runs::slot_limit))).load(connection)?;
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let held = runs::table.filter(runs::slot.is_not_null()).filter(runs::lease_node.is_not_null());
    let held: Vec<(Option<String>, i64)> =
        held.group_by(runs::slot).select((runs::slot, count_star())).load(connection)?;
    let held: HashMap<_, _> = held.into_iter().collect();
    let is_free =
        |(slot, _, limit): &Line| held.get(slot).copied().unwrap_or_default() < limit.map_or(0, i64::from);
    let free = lines.into_iter().filter(is_free);
    Ok(free.filter_map(|(slot, oldest, _)| Some((oldest?, slot?))).collect())
}

/// How many runs are queued, counted up to `most`.
pub(crate) fn count_queued(connection: &mut AnyConnection, most: usize) -> Outcome<usize> {
    let limit = |most: usize| i64::try_from(most).unwrap_or(i64::MAX);
    let queued = RunStatus::Queued.as_str();
    let without = runs::table
        .filter(runs::wake)
        .filter(unhindered!())
        .filter(runs::lease_node.is_null())
        .filter(runs::cancel_requested_at.is_null())
        .filter(runs::status.eq(queued));
    let without: Vec<Vec<u8>> = without.select(runs::id).limit(limit(most)).load(connection)?;
    let left = most.saturating_sub(without.len());
    let line = in_line!().filter(runs::status.eq(queued));
    let line: Vec<Vec<u8>> = line.select(runs::id).limit(limit(left)).load(connection)?;
    Ok(without.len() + line.len())
}

/// A slot's two columns.
pub(crate) fn columns(record: &RunRecord) -> (Option<&str>, Option<i32>) {
    let slot = record.slot.as_ref();
    (slot.map(|slot| slot.name.as_str()), slot.map(|slot| i32::try_from(slot.limit).unwrap_or(i32::MAX)))
}

/// What two columns say of a slot.
pub(crate) fn read(name: Option<&str>, limit: Option<i32>) -> Result<Option<Slot>, String> {
    match (name, limit) {
        (None, None) => Ok(None),
        (Some(name), Some(limit)) => match u32::try_from(limit) {
            Ok(limit @ 1..) => Ok(Some(Slot { name: name.to_owned(), limit })),
            _ => Err(format!("`slot_limit` is {limit}")),
        },
        (Some(_), None) | (None, Some(_)) => Err("it has a part of a slot only".to_owned()),
    }
}
