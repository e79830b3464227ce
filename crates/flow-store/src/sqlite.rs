//! What only SQLite speaks: its settings, its file, its errors, and the statements that PostgreSQL words
//! otherwise.

mod file;

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use flow_model::{EVENT_SCHEMA, RunId};

use crate::connection::Role;
use crate::failure::{Class, Failure, Outcome};
use crate::rows::run::LockedRun;
use crate::run::claim::{Single, claimable};
use crate::run::slot::{in_line, unhindered};
use crate::schema::runs;

pub(crate) use file::{FileLock, make as make_file};

/// Takes the write lock at once: a transaction that began by reading could find its state outdated when it
/// comes to write.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(crate) const BEGIN_SNAPSHOT: &str = "BEGIN";

/// Space is given back step by step, which can only be chosen before the first table is made.
const LAYOUT: &str = "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";

/// Commits reach the disk before they are answered. The log is cut back after a checkpoint, so that one busy
/// hour doesn't keep its size for ever.
const WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;";
const READER: &str = "PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;";

/// How long a statement waits for another process's, such as a backup's or a command's.
const BUSY: &str = "PRAGMA busy_timeout = 5000;";

/// A connection to the file, which exists.
pub(crate) fn connect(path: &Path, role: Role) -> Outcome<SqliteConnection> {
    let Some(text) = path.to_str() else {
        return Err(Failure::Connection(format!("{} isn't UTF-8", path.display())));
    };
    let mut connection =
        SqliteConnection::establish(text).map_err(|error| Failure::Connection(error.to_string()))?;
    connection.batch_execute(BUSY)?;
    match role {
        Role::Writer => {
            connection.batch_execute(LAYOUT)?;
            connection.batch_execute(WRITER)?;
        }
        Role::Reader => connection.batch_execute(READER)?,
    }
    Ok(connection)
}

/// What a message of SQLite says to do; none when it isn't one of those that matter. SQLite's texts are fixed
/// and the same in every language.
pub(crate) fn class_of(message: &str) -> Option<Class> {
    const OUTAGES: [&str; 7] = [
        "database is locked",
        "database table is locked",
        "database schema is locked",
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "attempt to write a readonly database",
    ];
    const DAMAGE: [&str; 2] = ["database disk image is malformed", "file is not a database"];
    if OUTAGES.iter().any(|known| message.starts_with(known)) {
        return Some(Class::Outage);
    }
    DAMAGE.iter().any(|known| message.starts_with(known)).then_some(Class::Damage)
}

/// A run's row. The writer's transaction holds the only write lock, so nothing more is to be locked.
pub(crate) fn lock_run(connection: &mut SqliteConnection, run: RunId) -> QueryResult<Option<LockedRun>> {
    let row = runs::table.filter(runs::id.eq(run.as_bytes().as_slice()));
    row.select(LockedRun::as_select()).get_result(connection).optional()
}

/// The oldest runs that a claim can take and that need no place in a slot, with their ages.
pub(crate) fn oldest_runs(
    connection: &mut SqliteConnection,
    now: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    let oldest = claimable!(now).filter(unhindered!()).order((runs::created_at, runs::id)).limit(limit);
    oldest.select((runs::created_at, runs::id)).load(connection)
}

/// The run, if a claim can take it but for its slot.
pub(crate) fn claimable_run(
    connection: &mut SqliteConnection,
    run: RunId,
    now: i64,
) -> QueryResult<Option<Single>> {
    let this = claimable!(now).filter(runs::id.eq(run.as_bytes().as_slice()));
    this.select(Single::as_select()).get_result(connection).optional()
}

/// The oldest runs in line for a slot that this version can read, each with its limit.
pub(crate) fn line(
    connection: &mut SqliteConnection,
    name: &str,
    limit: i64,
) -> QueryResult<Vec<(Vec<u8>, Option<i32>)>> {
    let line = in_line!().filter(runs::slot.eq(name)).filter(runs::event_schema.le(EVENT_SCHEMA));
    let line = line.order((runs::created_at, runs::id)).limit(limit);
    line.select((runs::id, runs::slot_limit)).load(connection)
}
