//! Why a store can't be opened. What goes wrong later is the engine's [`StoreError`](flow_engine::StoreError).

use std::io;
use std::path::PathBuf;

/// Why a store can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no database that this crate can keep.
    #[error("`{0}` names no database; use the path of a file, `sqlite:` and a path, or a `postgres://` URL")]
    Url(String),
    /// Another process runs flows on this SQLite file.
    #[error(
        "{} is in use by another server; stop that one, give this one another data directory, or use \
         PostgreSQL to run several",
        .0.display()
    )]
    AlreadyInUse(PathBuf),
    /// The file, its lock or its folder can't be made.
    #[error("{} can't be opened", .path.display())]
    File {
        /// What couldn't be made.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database doesn't answer, or refuses this user.
    #[error("the database can't be reached: {0}")]
    Connect(String),
    /// The tables aren't up to date, and bringing them up was not asked for.
    #[error(
        "the database lacks {pending} of this version's migrations; run `flow-server migrate`, or start \
         without `--no-migrate`"
    )]
    MigrationsPending {
        /// How many are missing.
        pending: usize,
    },
    /// The tables can't be brought up to date. The database is as it was before the one that failed.
    #[error("a migration failed")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A thread can't be started.
    #[error("the writer can't be started")]
    Thread(#[source] io::Error),
}
