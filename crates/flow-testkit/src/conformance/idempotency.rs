//! Idempotency keys: one run for one call, until the key expires.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Create, Created, IdempotencyKey};
use flow_model::Timestamp;

use super::Backend;
use super::world::{ODD, World, at, at_once};

const BODY: [u8; 32] = [1; 32];

fn keyed(world: &World, millis: i64, key: &str, expires_at: Timestamp) -> Create {
    let key = IdempotencyKey { key: key.to_owned(), body_hash: BODY, expires_at };
    Create { idempotency: Some(key), ..world.create(millis) }
}

async fn is_new(world: &World, create: Create) -> bool {
    matches!(world.store.run_create(create).await.unwrap(), Created::New(_))
}

/// The second call with a key learns of the first one's run, and stores nothing.
pub async fn the_second_is_a_duplicate(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let first = keyed(&world, 0, "k", at(1000));
    let mut second = keyed(&world, 1, "k", at(1001));
    assert!(is_new(&world, first.clone()).await);
    for (body_hash, same_body) in [(BODY, true), ([2; 32], false)] {
        second.idempotency.as_mut().unwrap().body_hash = body_hash;
        let created = world.store.run_create(second.clone()).await.unwrap();
        assert_eq!(created, Created::Duplicate { run: first.record.id, same_body });
        assert_eq!(world.store.run_record(second.record.id).await.unwrap(), None);
        assert_eq!(world.store.run_events(second.record.id, 0).await.unwrap(), []);
    }
}

/// The same key in another flow, or in another workspace, is another key.
pub async fn is_unique_in_its_flow_only(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    assert!(is_new(&world, keyed(&world, 0, "k", at(1000))).await);
    let mut other_flow = keyed(&world, 0, "k", at(1000));
    other_flow.record.flow = Some(world.flow_named(world.workspace, "other", at(0)).await);
    assert!(is_new(&world, other_flow).await);
    let mut no_flow = keyed(&world, 0, "k", at(1000));
    no_flow.record.flow = None;
    assert!(is_new(&world, no_flow).await);
    let mut other_workspace = keyed(&world, 0, "k", at(1000));
    other_workspace.record.workspace = world.workspace("other").await;
    other_workspace.record.flow = None;
    assert!(is_new(&world, other_workspace).await);
}

/// Runs of bare definitions share their keys too, though they have no flow.
pub async fn holds_without_a_flow(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut creates = [keyed(&world, 0, "k", at(1000)), keyed(&world, 1, "k", at(1000))];
    for create in &mut creates {
        create.record.flow = None;
    }
    let [first, second] = creates;
    assert!(is_new(&world, first).await);
    assert!(!is_new(&world, second).await);
}

/// Keys differ when their texts do, by as little as a blank or the case of a letter.
pub async fn every_letter_counts(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for key in ["k", "K", "k ", " k", "", "é", "e\u{301}", ODD, "%", "_"] {
        assert!(is_new(&world, keyed(&world, 0, key, at(1000))).await, "{key:?} is a key of its own");
    }
    assert!(!is_new(&world, keyed(&world, 0, ODD, at(1000))).await);
}

/// A key is free at the very millisecond it expires; then it is the new run's.
pub async fn expires_on_the_millisecond(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let first = keyed(&world, 0, "k", at(1000));
    assert!(is_new(&world, first.clone()).await);
    assert!(!is_new(&world, keyed(&world, 999, "k", at(9000))).await);
    let second = keyed(&world, 1000, "k", at(2000));
    assert!(is_new(&world, second.clone()).await);
    let third = world.store.run_create(keyed(&world, 1001, "k", at(9000))).await.unwrap();
    assert_eq!(third, Created::Duplicate { run: second.record.id, same_body: true });
    assert!(is_new(&world, first.clone()).await, "a repeat is the same call, whoever has the key now");
    assert_eq!(world.record(first.record.id).await, first.record);
}

/// Of many calls with one key at the same moment, one is new and the others learn of its run.
pub async fn one_of_many_wins(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    assert!(is_new(&world, keyed(&world, 0, "expired", at(1))).await);
    for key in ["fresh", "expired"] {
        let creates: Vec<Create> = (0..30).map(|_| keyed(&world, 5, key, at(1000))).collect();
        let runs: Vec<_> = creates.iter().map(|create| create.record.id).collect();
        let created = at_once(creates.len(), |index| {
            let (store, create) = (world.store.clone(), creates[index].clone());
            async move { store.run_create(create).await.unwrap() }
        });
        let created = created.await;
        let winners: Vec<_> =
            runs.iter().zip(&created).filter(|(_, it)| matches!(it, Created::New(_))).collect();
        assert_eq!(winners.len(), 1, "{key}: {created:?}");
        for (run, created) in runs.iter().zip(&created) {
            let is_stored = world.store.run_record(*run).await.unwrap().is_some();
            assert_eq!(is_stored, run == winners[0].0);
            if !is_stored {
                assert_eq!(*created, Created::Duplicate { run: *winners[0].0, same_body: true });
            }
        }
    }
}

/// A purge deletes what has expired by then, and nothing else.
pub async fn a_purge_deletes_expired_keys(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for (key, expires_at) in [("a", at(10)), ("b", at(11)), ("c", Timestamp::from_millis(i64::MAX))] {
        assert!(is_new(&world, keyed(&world, 0, key, expires_at)).await);
    }
    assert_eq!(world.store.expired_purge(at(9)).await.unwrap(), 0);
    assert_eq!(world.store.expired_purge(at(10)).await.unwrap(), 1);
    assert_eq!(world.store.expired_purge(at(10)).await.unwrap(), 0);
    assert!(is_new(&world, keyed(&world, 0, "a", at(10))).await, "it is gone for every clock");
    assert!(!is_new(&world, keyed(&world, 0, "b", at(11))).await);
    assert!(!is_new(&world, keyed(&world, 0, "c", at(11))).await);
}
