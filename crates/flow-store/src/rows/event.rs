//! The row of one commit's events.

use diesel::prelude::*;
use flow_model::{EVENT_SCHEMA, RunEvent, RunId};

use super::{number, read};
use crate::codec;
use crate::failure::Corrupt;
use crate::schema::run_events;

/// The events of one commit.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = run_events)]
pub(crate) struct EventRow {
    run_id: Vec<u8>,
    first_seq: i64,
    last_seq: i64,
    schema: i32,
    codec: i32,
    payload: Vec<u8>,
}

impl TryFrom<EventRow> for Vec<RunEvent> {
    type Error = Corrupt;

    fn try_from(row: EventRow) -> Result<Self, Corrupt> {
        let table = format!("events {} to {} of run", row.first_seq, row.last_seq);
        read(&table, &row.run_id, || {
            if row.schema > EVENT_SCHEMA {
                return Err(format!(
                    "they are of schema {}, and this version of the server knows up to {EVENT_SCHEMA}",
                    row.schema
                ));
            }
            let events: Self = codec::decode(row.codec, &row.payload)?;
            let numbers = number("first_seq", row.first_seq)?..=number("last_seq", row.last_seq)?;
            if !events.iter().map(|event| event.seq).eq(numbers) {
                return Err("they are numbered otherwise".to_owned());
            }
            Ok(events)
        })
    }
}

/// All events of some rows, each after the one before without a gap, from number `first` on or whatever comes
/// first when none.
pub(crate) fn join(run: RunId, rows: Vec<EventRow>, first: Option<u64>) -> Result<Vec<RunEvent>, Corrupt> {
    let mut events: Vec<RunEvent> = Vec::new();
    for row in rows {
        let batch = Vec::try_from(row)?;
        let expected = events.last().map(|event| event.seq + 1).or(first);
        let found = batch.first().map(|event| event.seq);
        if let (Some(expected), Some(found)) = (expected, found)
            && expected != found
        {
            return read("events of run", run.as_bytes(), || {
                Err(format!("number {expected} is missing; the next one is {found}"))
            });
        }
        if events.is_empty() {
            events = batch;
        } else {
            events.extend(batch);
        }
    }
    Ok(events)
}
