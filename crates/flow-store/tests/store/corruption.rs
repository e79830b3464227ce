//! Rows that can't be what they claim are named, never guessed at.

use flow_engine::{Store as _, StoreError};
use flow_model::EVENT_SCHEMA;

use crate::backend::{Backend, on_both};
use crate::runs::{World, step, stored};

on_both! { newer_events_are_named, damage_is_named, a_gap_is_named, a_definition_must_parse, newer_runs_are_not_claimed }

fn reason<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Corrupt { what, reason }) => format!("{what}: {reason}"),
        other => panic!("this should be corrupt: {other:?}"),
    }
}

async fn newer_events_are_named(backend: Backend) {
    let store = backend.open().await;
    let run = stored(&store, World::new(&store).await.whole()).await;
    let newer = EVENT_SCHEMA + 1;
    backend.connect().batch_execute(&format!("UPDATE run_events SET schema = {newer}")).unwrap();
    for said in [reason(store.run_load(run).await), reason(store.run_events(run, 0).await)] {
        assert!(said.starts_with(&format!("events 1 to 2 of run {run}: ")), "{said}");
        assert!(said.contains(&format!("schema {newer}")), "{said}");
    }
    assert!(store.run_record(run).await.unwrap().is_some(), "the row itself is fine");
}

async fn damage_is_named(backend: Backend) {
    let store = backend.open().await;
    let run = stored(&store, World::new(&store).await.whole()).await;
    for damage in ["codec = 9", "codec = 1", "first_seq = 2"] {
        backend.connect().batch_execute(&format!("UPDATE run_events SET {damage}")).unwrap();
        let said = reason(store.run_load(run).await);
        assert!(said.contains(&run.to_string()), "{damage}: {said}");
    }
}

async fn a_gap_is_named(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let run = stored(&store, world.create()).await;
    for after in [1, 2] {
        store.run_append(step(run, world.node, 1, after)).await.unwrap().unwrap();
    }
    for (gone, said) in [(2, "number 2 is missing"), (3, "counts 3 events and its log 1")] {
        backend.connect().batch_execute(&format!("DELETE FROM run_events WHERE last_seq = {gone}")).unwrap();
        assert!(reason(store.run_load(run).await).contains(said));
    }
}

async fn a_definition_must_parse(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    backend.connect().batch_execute("UPDATE definitions SET document = '{\"name\":'").unwrap();
    let said = reason(store.definition_load(world.definition).await);
    assert!(said.starts_with(&format!("definition {}", world.definition)), "{said}");
}

/// What a newer server wrote is left to servers that can read it.
async fn newer_runs_are_not_claimed(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let run = stored(&store, world.create()).await;
    store.node_leave(world.node).await.unwrap();
    let schema = |schema: i32| format!("UPDATE runs SET event_schema = {schema}");
    backend.connect().batch_execute(&schema(EVENT_SCHEMA + 1)).unwrap();
    assert_eq!(world.claim(&store, None, 10).await, []);
    assert_eq!(world.claim(&store, Some(run), 10).await, []);
    backend.connect().batch_execute(&schema(EVENT_SCHEMA)).unwrap();
    assert_eq!(world.claim(&store, None, 10).await.len(), 1);
}
