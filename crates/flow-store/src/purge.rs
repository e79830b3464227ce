//! Deleting what has expired, a few rows at a time, so that nobody waits long.

use diesel::prelude::*;
use flow_model::Timestamp;

use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::node;
use crate::schema::{events, idempotency_keys as keys, nodes};

/// The most rows that go in one transaction.
pub(crate) const PORTION: usize = 256;

/// Deletes expired keys, the oldest first, at most a portion of them.
pub(crate) fn keys(connection: &mut AnyConnection, now: Timestamp) -> Outcome<usize> {
    let expired: Vec<(Vec<u8>, Vec<u8>, String)> = keys::table
        .filter(keys::expires_at.le(now.millis()))
        .order(keys::expires_at)
        .limit(PORTION as i64)
        .select((keys::workspace_id, keys::flow_id, keys::key))
        .load(connection)?;
    let mut gone = 0;
    for (workspace, flow, key) in &expired {
        // Looked at again: a create may have taken the key anew.
        let row = keys::table
            .filter(keys::workspace_id.eq(workspace.as_slice()))
            .filter(keys::flow_id.eq(flow.as_slice()))
            .filter(keys::key.eq(key.as_str()))
            .filter(keys::expires_at.le(now.millis()));
        gone += diesel::delete(row).execute(connection)?;
    }
    Ok(gone)
}

/// Deletes expired events, the oldest first, at most a portion of them. What they woke has their data.
pub(crate) fn events(connection: &mut AnyConnection, now: Timestamp) -> Outcome<usize> {
    let expired: Vec<Vec<u8>> = events::table
        .filter(events::expires_at.le(now.millis()))
        .order(events::expires_at)
        .limit(PORTION as i64)
        .select(events::id)
        .load(connection)?;
    let mut gone = 0;
    for id in &expired {
        gone += diesel::delete(events::table.filter(events::id.eq(id.as_slice()))).execute(connection)?;
    }
    Ok(gone)
}

/// Deletes the rows of dead nodes. What they owned counts as owned by nobody, before and after.
pub(crate) fn nodes(connection: &mut AnyConnection, now: Timestamp) -> Outcome<usize> {
    let now = node::now(connection, now)?;
    Ok(diesel::delete(nodes::table.filter(nodes::expires_at.le(now))).execute(connection)?)
}
