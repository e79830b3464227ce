//! Nodes: who lives. One row for each, so that a node's heartbeat is one statement however many runs it owns.

use diesel::prelude::*;
use diesel::upsert::excluded;
use flow_engine::LeaseDuration;
use flow_model::{NodeId, Timestamp};

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::postgres;
use crate::run::slot::unhindered;
use crate::schema::{nodes, runs};

/// The time that leases go by: the caller's, or the database's where several servers share it.
pub(crate) fn now(connection: &mut AnyConnection, now: Timestamp) -> QueryResult<i64> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(now.millis()),
        AnyConnection::Postgres(postgres) => postgres::now(postgres),
    }
}

pub(crate) fn renew(
    connection: &mut AnyConnection,
    node: NodeId,
    caller_now: Timestamp,
    lease: LeaseDuration,
) -> Outcome<()> {
    let id = node.as_bytes().as_slice();
    if lease.is_zero() {
        diesel::delete(nodes::table.filter(nodes::id.eq(id))).execute(connection)?;
        return Ok(());
    }
    let until = Timestamp::from_millis(now(connection, caller_now)?).after(lease);
    let row = (nodes::id.eq(id), nodes::expires_at.eq(until.millis()));
    on_each!(connection, |each| {
        let insert = diesel::insert_into(nodes::table).values(row);
        let upsert = insert.on_conflict(nodes::id).do_update();
        upsert.set(nodes::expires_at.eq(excluded(nodes::expires_at))).execute(each)
    })?;
    Ok(())
}

/// Ends a node's lease and gives its runs back.
pub(crate) fn leave(connection: &mut AnyConnection, node: NodeId) -> Outcome<()> {
    let id = node.as_bytes().as_slice();
    diesel::delete(nodes::table.filter(nodes::id.eq(id))).execute(connection)?;
    let owned = runs::table.filter(runs::wake).filter(unhindered!()).filter(runs::lease_node.eq(id));
    let change = (runs::lease_node.eq(None::<Vec<u8>>), runs::attempts.eq(0));
    diesel::update(owned).set(change).execute(connection)?;
    Ok(())
}

/// Ends every lease: the process that held them is gone, and no other can have any.
pub(crate) fn forget_all(connection: &mut AnyConnection) -> Outcome<()> {
    diesel::delete(nodes::table).execute(connection)?;
    Ok(())
}
