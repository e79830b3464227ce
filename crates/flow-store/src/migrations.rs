//! The tables, brought up to date when a store is opened. The migrations are part of the binary.

use std::path::Path;

use diesel::SqliteConnection;
use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::OpenError;
use crate::connection::Role;
use crate::failure::Failure;
use crate::options::Target;
use crate::{postgres, sqlite};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Runs what is missing, or says that something is. One process at a time does so: whoever comes second waits,
/// and finds nothing left to do. Migrations that this version doesn't know, a newer server's, are left alone.
pub(crate) fn run(target: &Target, migrate: bool) -> Result<(), OpenError> {
    let pending = match target {
        Target::Sqlite(path) => on_sqlite(path, migrate)?,
        Target::Postgres(url) => {
            // Closing it gives the lock back.
            let mut connection = postgres::connect_to_migrate(url).map_err(unreachable)?;
            bring_up(&mut connection, POSTGRES, migrate).map_err(OpenError::Migration)?
        }
    };
    if pending == 0 { Ok(()) } else { Err(OpenError::MigrationsPending { pending }) }
}

fn on_sqlite(path: &Path, migrate: bool) -> Result<usize, OpenError> {
    let mut connection: SqliteConnection = sqlite::connect(path, Role::Writer).map_err(unreachable)?;
    let done = connection.immediate_transaction(|connection| bring_up(connection, SQLITE, migrate));
    done.map_err(OpenError::Migration)
}

fn unreachable(failure: Failure) -> OpenError {
    OpenError::Connect(failure.to_string())
}

/// How many migrations are missing and weren't run.
fn bring_up<DB, C>(connection: &mut C, source: EmbeddedMigrations, migrate: bool) -> Result<usize, AnyError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source)?;
    if !migrate {
        return Ok(pending.len());
    }
    for migration in &pending {
        tracing::info!(migration = %migration.name(), "migrating");
        connection.run_migration(migration)?;
    }
    Ok(0)
}
