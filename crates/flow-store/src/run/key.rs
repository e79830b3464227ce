//! Idempotency keys: the first call under a key makes the run, the others find it.

use diesel::prelude::*;
use flow_engine::{IdempotencyKey, RunRecord};
use flow_model::{FlowId, RunId};

use crate::connection::{AnyConnection, on_each};
use crate::failure::{Failure, Outcome};
use crate::rows::{bytes, read};
use crate::schema::idempotency_keys as keys;

/// Stands for the flow of a run that has none. No id of version 7 is zero.
const NO_FLOW: [u8; 16] = [0; 16];

/// What a key came to.
pub(crate) enum KeyOutcome {
    /// It is this run's.
    Ours,
    /// It is another run's.
    Held { run: RunId, same_body: bool },
}

/// The part of a key's place that is the flow.
pub(crate) fn flow_part(flow: Option<FlowId>) -> [u8; 16] {
    flow.map_or(NO_FLOW, |flow| *flow.as_bytes())
}

/// Takes the key for the run, unless another run holds it at the time the run was made.
pub(crate) fn take(
    connection: &mut AnyConnection,
    record: &RunRecord,
    key: &IdempotencyKey,
) -> Outcome<KeyOutcome> {
    let flow = flow_part(record.flow);
    // A row that stands in the way and has gone at the next look was expired: a purge took it.
    const TRIES: usize = 3;
    for _ in 0..TRIES {
        let row = (
            keys::workspace_id.eq(record.workspace.as_bytes().as_slice()),
            keys::flow_id.eq(flow.as_slice()),
            keys::key.eq(key.key.as_str()),
            keys::body_hash.eq(key.body_hash.as_slice()),
            keys::run_id.eq(record.id.as_bytes().as_slice()),
            keys::expires_at.eq(key.expires_at.millis()),
        );
        let stored = on_each!(connection, |each| {
            diesel::insert_into(keys::table).values(row).on_conflict_do_nothing().execute(each)
        })?;
        if stored == 1 {
            return Ok(KeyOutcome::Ours);
        }
        let place = keys::table
            .filter(keys::workspace_id.eq(record.workspace.as_bytes().as_slice()))
            .filter(keys::flow_id.eq(flow.as_slice()))
            .filter(keys::key.eq(key.key.as_str()));
        let held: Option<(Vec<u8>, Vec<u8>, i64)> = place
            .select((keys::run_id, keys::body_hash, keys::expires_at))
            .get_result(connection)
            .optional()?;
        let Some((run, body_hash, expires_at)) = held else { continue };
        if expires_at > record.created_at.millis() {
            let run = read("idempotency key of run", &run, || bytes("run_id", &run).map(RunId::from_bytes))?;
            return Ok(if run == record.id {
                KeyOutcome::Ours
            } else {
                KeyOutcome::Held { run, same_body: body_hash == key.body_hash }
            });
        }
        diesel::delete(place.filter(keys::expires_at.le(record.created_at.millis()))).execute(connection)?;
    }
    Err(Failure::Connection("an idempotency key is fought over; try again".to_owned()))
}
