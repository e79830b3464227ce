//! A database that goes away and comes back.

use flow_engine::{Created, Store as _, StoreError};
use futures_util::future::join_all;

use crate::backend::Database;
use crate::runs::{World, stored};

fn cut(database: &Database) {
    let name = database.url();
    let name = name.rsplit('/').next().unwrap();
    database.on_server(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
}

fn admit(database: &Database, allow: bool) {
    let name = database.url();
    let name = name.rsplit('/').next().unwrap();
    database.on_server(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allow}"));
}

/// Nobody notices that connections died while they were idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_made_anew() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let world = World::new(&store).await;
    let run = stored(&store, world.create()).await;
    let reads = join_all((0..8).map(|_| store.run_record(run))).await;
    assert!(reads.iter().all(|read| read.is_ok()));
    cut(&database);
    for _ in 0..8 {
        assert!(store.run_record(run).await.unwrap().is_some());
    }
    let create = world.whole();
    assert!(matches!(store.run_create(create.clone()).await.unwrap(), Created::New(_)));
    assert!(matches!(store.run_create(create).await.unwrap(), Created::New(_)));
}

/// While the database is away every caller is told so, and none waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn away_is_said_at_once() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let world = World::new(&store).await;
    admit(&database, false);
    cut(&database);
    for _ in 0..3 {
        let answers = join_all((0..50).map(|_| store.run_create(world.whole()))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Unavailable { .. }))));
    }
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable { .. })));
    admit(&database, true);
    stored(&store, world.whole()).await;
    store.ping().await.unwrap();
}
