//! The tables go up, down, and up again.

use std::fs;

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use flow_engine::Store as _;
use flow_store::{OpenError, Options, SqlStore};

use crate::backend::{Backend, Database, File, on_both};
use crate::runs::{World, stored};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

fn migrations(backend: &str) -> FileBasedMigrations {
    FileBasedMigrations::from_path(format!("{FOLDER}/{backend}")).unwrap()
}

#[derive(QueryableByName, PartialEq, Debug)]
struct Item {
    #[diesel(sql_type = Text)]
    item: String,
}

const SQLITE_ITEMS: &str = "SELECT coalesce(sql, name) AS item FROM sqlite_schema \
     WHERE tbl_name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY type, name";
const POSTGRES_ITEMS: &str = "SELECT table_name || '.' || column_name || ' ' || data_type || is_nullable AS item \
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' \
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%' \
     UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint \
     WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '\\_\\_diesel%' ORDER BY 1";

/// Returns what there is after the second way up.
macro_rules! up_down_up {
    ($connection:expr, $backend:literal, $items:expr) => {{
        let items = |connection: &mut _| diesel::sql_query($items).load::<Item>(connection).unwrap();
        $connection.run_pending_migrations(migrations($backend)).unwrap();
        let first = items($connection);
        assert!(first.len() > 10, "{first:?}");
        $connection.revert_all_migrations(migrations($backend)).unwrap();
        assert_eq!(items($connection), []);
        $connection.run_pending_migrations(migrations($backend)).unwrap();
        assert_eq!(items($connection), first);
    }};
}

#[tokio::test]
async fn sqlite_goes_up_down_and_up() {
    let file = File::new();
    fs::create_dir_all(std::path::Path::new(&file.path()).parent().unwrap()).unwrap();
    let connection = &mut SqliteConnection::establish(&file.path()).unwrap();
    up_down_up!(connection, "sqlite", SQLITE_ITEMS);
    let store = file.open().await;
    stored(&store, World::new(&store).await.whole()).await;
}

#[tokio::test]
async fn postgres_goes_up_down_and_up() {
    let Some(database) = Database::new() else { return };
    let connection = &mut PgConnection::establish(&database.url()).unwrap();
    up_down_up!(connection, "postgres", POSTGRES_ITEMS);
    let store = database.open().await;
    stored(&store, World::new(&store).await.whole()).await;
}

#[test]
fn both_have_the_same_names() {
    let names = |backend| {
        let folder = fs::read_dir(format!("{FOLDER}/{backend}")).unwrap();
        let mut names: Vec<_> = folder.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

on_both! { only_run_when_asked }

/// Without leave to migrate, old tables are refused and left as they are; tables that are up to date aren't.
async fn only_run_when_asked(backend: Backend) {
    let refusing = Options { migrate: false, ..backend.options() };
    for _ in 0..2 {
        let refused = SqlStore::open(refusing.clone()).await.unwrap_err();
        assert!(matches!(refused, OpenError::MigrationsPending { pending: 1.. }), "{refused:?}");
        assert!(refused.to_string().contains("flow-server migrate"), "{refused}");
    }
    drop(backend.open().await);
    SqlStore::open(refusing).await.unwrap().ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_start_together_take_turns() {
    let Some(database) = Database::new() else { return };
    let opening = (0..4).map(|_| tokio::spawn(SqlStore::open(database.options())));
    for opened in futures_util::future::join_all(opening).await {
        opened.unwrap().unwrap().ping().await.unwrap();
    }
}
