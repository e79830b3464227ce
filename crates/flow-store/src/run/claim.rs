//! Taking runs that have work to do and no living owner.

use diesel::prelude::*;
use flow_engine::{Claim, ClaimedRun};
use flow_model::RunId;

use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::node;
use crate::order::Order;
use crate::rows::{bytes, read};
use crate::schema::runs;
use crate::statement::update;
use crate::{postgres, sqlite};

/// Whether nobody owns a run who lives at the given time.
macro_rules! ownerless {
    ($now:expr) => {{
        use diesel::dsl::{exists, not};
        use $crate::schema::{nodes, runs};
        let owner =
            nodes::table.filter(nodes::id.nullable().eq(runs::lease_node)).filter(nodes::expires_at.gt($now));
        not(exists(owner))
    }};
}
pub(crate) use ownerless;

/// The ids of awake runs that this version can read and that nobody owns who lives at the given time. A
/// macro, since each database goes on with it in a way of its own.
macro_rules! claimable {
    ($now:expr) => {{
        use $crate::schema::runs;
        runs::table
            // The bare column, as the index has it: a parameter would hide that they are the same.
            .filter(runs::wake)
            .filter(runs::event_schema.le(flow_model::EVENT_SCHEMA))
            .filter($crate::run::claim::ownerless!($now))
            .select(runs::id)
    }};
}
pub(crate) use claimable;

pub(crate) fn order(claim: &Claim) -> Order {
    claim.run.map_or(Order::Last, Order::run)
}

pub(crate) fn claim(connection: &mut AnyConnection, claim: &Claim) -> Outcome<Vec<ClaimedRun>> {
    let now = node::now(connection, claim.now)?;
    if claim.repeated {
        let taken = taken_by(connection, claim)?;
        if !taken.is_empty() {
            return Ok(taken);
        }
    }
    let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
    let ids = match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::claim_runs(sqlite, claim, now, limit),
        AnyConnection::Postgres(postgres) => postgres::claim_runs(postgres, claim, now, limit),
    }?;
    let taken = ids.iter().map(|id| take(connection, claim, now, id));
    taken.filter_map(Result::transpose).collect()
}

/// What the claim took when it was sent before.
fn taken_by(connection: &mut AnyConnection, claim: &Claim) -> Outcome<Vec<ClaimedRun>> {
    let taken = runs::table
        .filter(runs::wake)
        .filter(runs::lease_node.eq(claim.node.as_bytes().as_slice()))
        .filter(runs::claim.eq(claim.id.as_bytes().as_slice()))
        .select((runs::id, runs::epoch, runs::attempts));
    let rows: Vec<(Vec<u8>, i64, i32)> = taken.load(connection)?;
    rows.into_iter().map(|(id, epoch, attempts)| claimed(&id, epoch, attempts)).collect()
}

fn claimed(id: &[u8], epoch: i64, attempts: i32) -> Outcome<ClaimedRun> {
    let run = read("run", id, || bytes("id", id).map(RunId::from_bytes))?;
    Ok(ClaimedRun { run, epoch, attempts })
}

/// Takes a run whose row is locked; none if another server took it just before. PostgreSQL looks at a row again
/// that was changed before it was locked, but not at the nodes: only a new statement sees its new owner there.
fn take(connection: &mut AnyConnection, claim: &Claim, now: i64, id: &[u8]) -> Outcome<Option<ClaimedRun>> {
    let row = runs::table.filter(runs::id.eq(id)).filter(runs::wake).filter(ownerless!(now));
    let change = (
        runs::lease_node.eq(claim.node.as_bytes().as_slice()),
        runs::claim.eq(claim.id.as_bytes().as_slice()),
        runs::epoch.eq(runs::epoch + 1),
        runs::attempts.eq(runs::attempts + 1),
    );
    let update = update(row, change).returning((runs::epoch, runs::attempts));
    let taken = update.get_result(connection).optional()?;
    taken.map(|(epoch, attempts)| claimed(id, epoch, attempts)).transpose()
}
