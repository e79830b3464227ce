//! Copies of long runs' states, so that their events needn't all be read.

use std::sync::Arc;

use diesel::prelude::*;
use flow_engine::StoreError;
use flow_model::{RunId, RunState, STATE_SCHEMA};

use crate::codec::{self, Encoded};
use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::stored_number;
use crate::schema::run_snapshots;

/// A state before it is stored.
#[derive(Debug)]
pub(crate) struct NewSnapshot {
    run: RunId,
    seq: i64,
    state: Encoded,
}

impl NewSnapshot {
    pub(crate) fn new(run: RunId, state: &RunState) -> Result<Self, StoreError> {
        let encoded = codec::encode(state).map_err(|error| StoreError::Rejected {
            reason: format!("a run's state can't be written: {error}"),
        })?;
        Ok(Self { run, seq: stored_number(state.seq()), state: encoded })
    }

    /// Stores it in the place of an older one.
    pub(crate) fn store(&self, connection: &mut AnyConnection) -> Outcome<()> {
        let run = self.run.as_bytes().as_slice();
        let older = run_snapshots::table.filter(run_snapshots::run_id.eq(run));
        let older = older.filter(run_snapshots::seq.lt(self.seq));
        diesel::delete(older).execute(connection)?;
        let row = (
            run_snapshots::run_id.eq(run),
            run_snapshots::seq.eq(self.seq),
            run_snapshots::schema.eq(STATE_SCHEMA),
            run_snapshots::codec.eq(self.state.codec),
            run_snapshots::payload.eq(self.state.payload.as_slice()),
        );
        on_each!(connection, |each| {
            let insert = diesel::insert_into(run_snapshots::table).values(row);
            insert.on_conflict_do_nothing().execute(each)
        })?;
        Ok(())
    }
}

/// A run's snapshot, as it is stored.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = run_snapshots)]
pub(crate) struct SnapshotRow {
    seq: i64,
    schema: i32,
    codec: i32,
    payload: Vec<u8>,
}

pub(crate) fn load(connection: &mut AnyConnection, run: RunId) -> Outcome<Option<SnapshotRow>> {
    let row = run_snapshots::table
        .filter(run_snapshots::run_id.eq(run.as_bytes().as_slice()))
        .select(SnapshotRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row)
}

impl SnapshotRow {
    /// The state; none, so that the events are read instead, when this version of the server can't read it.
    pub(crate) fn state(&self, run: RunId) -> Option<Arc<RunState>> {
        if self.schema != STATE_SCHEMA {
            return None;
        }
        match codec::decode::<RunState>(self.codec, &self.payload) {
            Ok(state) if stored_number(state.seq()) == self.seq => Some(Arc::new(state)),
            Ok(_) => None,
            Err(reason) => {
                tracing::warn!(%run, reason, "a run's snapshot can't be read; its events are read instead");
                None
            }
        }
    }
}
