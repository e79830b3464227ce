//! What only PostgreSQL speaks: its settings, its errors, its clock, and the statements that SQLite words
//! otherwise.

use diesel::connection::SimpleConnection;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use flow_model::{EVENT_SCHEMA, RunId};

use crate::connection::Role;
use crate::failure::{Class, Failure, Outcome};
use crate::latch::Latch;
use crate::rows::run::LockedRun;
use crate::run::claim::{Single, claimable};
use crate::run::slot::{in_line, unhindered};
use crate::schema::runs;

pub(crate) const BEGIN: &str = "BEGIN";
pub(crate) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a URL says unless it says otherwise: a server that is gone is noticed in seconds, not in the two
/// hours that an operating system takes.
const URL_DEFAULTS: [(&str, &str); 7] = [
    ("application_name", "flow-server"),
    ("connect_timeout", "5"),
    ("keepalives", "1"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];

/// Commits reach the disk before they are answered. The bounds are for a server that vanished in the middle
/// of a transaction: neither its locks nor a wait for them may last.
const WRITER: &str = "SET synchronous_commit = on; SET lock_timeout = '3s'; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '30s'";
const READER: &str = "SET default_transaction_read_only = on; SET statement_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '30s'";

/// Any number, the same in every server of every version.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(7311990225436147)";

pub(crate) fn connect(url: &str, role: Role) -> Outcome<PgConnection> {
    let mut connection = establish(url)?;
    connection.batch_execute(match role {
        Role::Writer => WRITER,
        Role::Reader => READER,
    })?;
    Ok(connection)
}

/// A connection that holds the lock of migrations until it is closed, and may take its time.
pub(crate) fn connect_to_migrate(url: &str) -> Outcome<PgConnection> {
    let mut connection = establish(url)?;
    connection.batch_execute(MIGRATION_LOCK)?;
    Ok(connection)
}

fn establish(url: &str) -> Outcome<PgConnection> {
    PgConnection::establish(&with_defaults(url)).map_err(|error| Failure::Connection(error.to_string()))
}

fn with_defaults(url: &str) -> String {
    let (_, given) = url.split_once('?').unwrap_or((url, ""));
    let is_given = |name: &str| {
        given.split('&').any(|pair| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    };
    let mut full = url.to_owned();
    let mut separator = if url.contains('?') { '&' } else { '?' };
    for (name, value) in URL_DEFAULTS.iter().filter(|(name, _)| !is_given(name)) {
        full.push(separator);
        full.push_str(name);
        full.push('=');
        full.push_str(value);
        separator = '&';
    }
    full
}

/// What a message of PostgreSQL says to do; none when it isn't one of those that matter. Diesel keeps the
/// code of an error to itself, and a server may speak another language than English: then a deadlock is
/// answered as a refusal, and nothing else changes.
pub(crate) fn class_of(message: &str) -> Option<Class> {
    const COLLISIONS: [&str; 2] = ["deadlock detected", "canceling statement due to lock timeout"];
    const OUTAGES: [&str; 9] = [
        "canceling statement due to",
        "terminating connection",
        "server closed the connection",
        "the database system is",
        "could not extend file",
        "could not write",
        "out of memory",
        "out of shared memory",
        "sorry, too many clients already",
    ];
    if COLLISIONS.iter().any(|known| message.starts_with(known)) {
        return Some(Class::Collision);
    }
    let is_full = message.contains("No space left on device");
    (is_full || OUTAGES.iter().any(|known| message.starts_with(known))).then_some(Class::Outage)
}

/// Whether a message says that the connection is no more.
pub(crate) fn is_lost_connection(message: &str) -> bool {
    ["terminating connection", "server closed the connection"].iter().any(|known| message.starts_with(known))
}

/// The database's clock in milliseconds: the one that the leases of all servers go by.
pub(crate) fn now(connection: &mut PgConnection) -> QueryResult<i64> {
    diesel::select(Clock).get_result(connection)
}

/// The expression for it. A type of its own and no SQL literal, which would be prepared anew each time.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
struct Clock;

impl Expression for Clock {
    type SqlType = BigInt;
}

impl<S> AppearsOnTable<S> for Clock {}

impl<S> SelectableExpression<S> for Clock {}

impl QueryFragment<Pg> for Clock {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        Ok(())
    }
}

/// A run's row, locked until the transaction ends. Everyone who changes a run or its waits takes this lock
/// first, so that no two wait for each other.
pub(crate) fn lock_run(connection: &mut PgConnection, run: RunId) -> QueryResult<Option<LockedRun>> {
    let row = runs::table.filter(runs::id.eq(run.as_bytes().as_slice()));
    row.select(LockedRun::as_select()).for_update().get_result(connection).optional()
}

diesel::table! {
    latches (latch) {
        latch -> Integer,
    }
}

/// Locks the row of a latch until the transaction ends.
pub(crate) fn lock_latch(connection: &mut PgConnection, latch: Latch) -> QueryResult<()> {
    let row = latches::table.filter(latches::latch.eq(latch.0)).select(latches::latch);
    row.for_update().get_result::<i32>(connection).map(drop)
}

/// The oldest runs that a claim can take and that need no place in a slot, with their ages, locked. Rows that
/// another server holds are passed over: they are being claimed, or driven.
pub(crate) fn oldest_runs(
    connection: &mut PgConnection,
    now: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    let oldest = claimable!(now).filter(unhindered!()).order((runs::created_at, runs::id)).limit(limit);
    oldest.select((runs::created_at, runs::id)).for_update().skip_locked().load(connection)
}

/// The run, if a claim can take it but for its slot; locked.
pub(crate) fn claimable_run(
    connection: &mut PgConnection,
    run: RunId,
    now: i64,
) -> QueryResult<Option<Single>> {
    let this = claimable!(now).filter(runs::id.eq(run.as_bytes().as_slice()));
    this.select(Single::as_select()).for_update().get_result(connection).optional()
}

/// The oldest runs in line for a slot that this version can read, each with its limit; locked, and
/// without those that another server has locked.
pub(crate) fn line(
    connection: &mut PgConnection,
    name: &str,
    limit: i64,
) -> QueryResult<Vec<(Vec<u8>, Option<i32>)>> {
    let line = in_line!().filter(runs::slot.eq(name)).filter(runs::event_schema.le(EVENT_SCHEMA));
    let line = line.order((runs::created_at, runs::id)).limit(limit);
    line.select((runs::id, runs::slot_limit)).for_update().skip_locked().load(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_keeps_what_it_says() {
        let full = with_defaults("postgres://flow@db/flow?connect_timeout=30&sslmode=require");
        assert!(full.starts_with("postgres://flow@db/flow?connect_timeout=30&sslmode=require&"), "{full}");
        assert_eq!(full.matches("connect_timeout").count(), 1);
        assert!(full.contains("&tcp_user_timeout=15000"));
        assert!(
            with_defaults("postgres:///flow").starts_with("postgres:///flow?application_name=flow-server&")
        );
    }
}
