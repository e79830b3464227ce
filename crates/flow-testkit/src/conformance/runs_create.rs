//! The first commit of a run.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Appended, Create, Created, StoreError, WaitState};
use flow_model::{DefinitionHash, EventKind, RunId, RunStatus, Timestamp};
use serde_json::json;

use super::Backend;
use super::world::{ODD, World, approval, at, at_once, document, ended, run_started, step_started, visit};

/// The row and the events come back as they were given.
pub async fn stores_row_and_events(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(5);
    create.record.version = Some(i32::MAX);
    create.record.status = RunStatus::Running;
    create.record.seq = 2;
    create.commit =
        world.commit(0, at(5), vec![run_started(json!({ "b": [1.5], "a": null })), step_started("load")]);
    let created = world.store.run_create(create.clone()).await.unwrap();
    assert_eq!(created, Created::New(Appended::default()));
    kept(&world, &create).await;
}

async fn kept(world: &World, create: &Create) {
    let run = create.record.id;
    assert_eq!(world.record(run).await, create.record);
    let loaded = world.loaded(run).await;
    assert_eq!(loaded.record, create.record);
    assert_eq!(loaded.events, create.commit.events);
    assert_eq!(world.store.run_events(run, 0).await.unwrap(), create.commit.events);
}

/// A run without a flow, and a run at either end of time, are runs like any other.
pub async fn extremes_are_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for millis in [i64::MIN, -1, 0, i64::MAX] {
        let time = Timestamp::from_millis(millis);
        let mut create = world.create(0);
        create.record.flow = None;
        create.record.created_at = time;
        create.record.status = RunStatus::Completed;
        create.record.finished_at = Some(time);
        create.record.seq = 2;
        let kinds = vec![run_started(json!([u64::MAX, i64::MIN, 1e300])), ended(RunStatus::Completed)];
        create.commit = world.commit(0, time, kinds);
        world.created(create.clone()).await;
        kept(&world, &create).await;
        assert_eq!(world.store.run_events(create.record.id, u64::MAX).await.unwrap(), []);
    }
}

/// No text is changed on the way.
pub async fn odd_text_survives(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.record.trigger = format!("webhook.{ODD}");
    create.commit =
        world.commit(0, at(0), vec![run_started(json!({ (ODD): ODD, "z": "", "a": "\u{10ffff}" }))]);
    world.created(create.clone()).await;
    kept(&world, &create).await;
}

/// Numbers keep every bit: a recovered run goes on with the values that it had.
pub async fn doubles_keep_every_bit(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    let numbers = json!([428.65791698099133, 1.1115858842685695e-302, f64::MAX, u64::MAX]);
    create.commit = world.commit(0, at(0), vec![run_started(numbers)]);
    world.created(create.clone()).await;
    kept(&world, &create).await;
}

/// A NUL is kept or refused, never cut off at; what is refused isn't stored in part.
pub async fn nul_is_kept_or_refused(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut in_event = world.create(0);
    in_event.commit = world.commit(0, at(0), vec![run_started(json!({ "text": "before\0after" }))]);
    let mut in_row = world.create(0);
    in_row.record.trigger = "webhook.before\0after".to_owned();
    for create in [in_event, in_row] {
        match world.store.run_create(create.clone()).await {
            Ok(_) => kept(&world, &create).await,
            Err(_) => assert_eq!(world.store.run_record(create.record.id).await.unwrap(), None),
        }
    }
}

/// A megabyte in one event survives.
pub async fn a_megabyte_survives(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.commit = world.commit(0, at(0), vec![run_started(json!({ "text": "漢\"".repeat(256 * 1024) }))]);
    world.created(create.clone()).await;
    kept(&world, &create).await;
}

/// The creating node owns the run at epoch 1: others can't take it, and only that node appends.
pub async fn the_creator_owns_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let other = world.living_node().await;
    assert_eq!(world.claim(other, 10).await, []);
    assert_eq!(world.claim(world.node, 10).await, []);
    world.accepted(world.step(&owned, at(1)), &mut owned).await;
}

/// A repeat is answered as new and changes nothing, also when the run has gone on.
pub async fn a_repeat_is_new_again(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let create = world.create(0);
    let mut owned = world.created(create.clone()).await;
    assert_eq!(world.store.run_create(create.clone()).await.unwrap(), Created::New(Appended::default()));
    kept(&world, &create).await;
    world.accepted(world.step(&owned, at(1)), &mut owned).await;
    let before = world.snapshot(owned.run).await;
    assert_eq!(world.store.run_create(create).await.unwrap(), Created::New(Appended::default()));
    assert_eq!(world.snapshot(owned.run).await, before);
    world.accepted(world.step(&owned, at(2)), &mut owned).await;
}

/// Repeats that overtake one another store one run.
pub async fn repeats_at_once_store_one(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let create = world.create(0);
    let created = at_once(20, |_| {
        let (store, create) = (world.store.clone(), create.clone());
        async move { store.run_create(create).await.unwrap() }
    });
    for created in created.await {
        assert_eq!(created, Created::New(Appended::default()));
    }
    kept(&world, &create).await;
}

/// Another run's id is refused, and that run stays as it is.
pub async fn a_taken_id_is_refused(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let create = world.create(0);
    world.created(create.clone()).await;
    let mut other = world.create(1);
    other.record.id = create.record.id;
    let refused = world.store.run_create(other).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    kept(&world, &create).await;
}

/// A run whose definition isn't stored could never be recovered: it is refused.
pub async fn the_definition_must_be_stored(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.record.definition = DefinitionHash::of(&document("unknown"));
    let run = create.record.id;
    let refused = world.store.run_create(create).await;
    assert!(matches!(refused, Err(StoreError::Rejected { .. })), "{refused:?}");
    assert_eq!(world.store.run_record(run).await.unwrap(), None);
}

/// A run may wait in its first commit and be given up with it.
pub async fn can_wait_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.record.status = RunStatus::Waiting;
    create.record.seq = 2;
    let (ask, wait) = (visit("ask"), approval(Some(at(50))));
    let opened = EventKind::WaitOpened { visit: ask.clone(), wait: wait.clone() };
    create.commit = world.commit(0, at(0), vec![run_started(json!({})), opened]);
    create.commit.waits_opened = vec![(ask, wait)];
    create.commit.release = true;
    let run = create.record.id;
    let created = world.store.run_create(create.clone()).await.unwrap();
    assert_eq!(created, Created::New(Appended { released: true, ..Appended::default() }));
    assert_eq!(world.loaded(run).await.waits.len(), 1);
    assert_eq!(world.store.wait_list(run).await.unwrap()[0].state, WaitState::Open);
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(50)));
    assert_eq!(world.claim(world.node, 10).await, []);
    assert_eq!(world.store.run_create(create).await.unwrap(), created);
    world.answered(run, "ask", at(1)).await;
    assert_eq!(world.claim(world.node, 10).await.len(), 1);
}

/// A run may end in its first commit: it is released unasked, and never up for a claim.
pub async fn can_end_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    create.record.status = RunStatus::Failed;
    create.record.finished_at = Some(at(0));
    create.record.seq = 2;
    create.commit = world.commit(0, at(0), vec![run_started(json!({})), ended(RunStatus::Failed)]);
    let created = world.store.run_create(create.clone()).await.unwrap();
    assert_eq!(created, Created::New(Appended { released: true, ..Appended::default() }));
    kept(&world, &create).await;
    world.kill(world.node).await;
    assert_eq!(world.claim(world.living_node().await, 10).await, []);
}

/// A run that isn't there has no row, no events and no waits.
pub async fn unknown_is_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let run = RunId::new(at(0), world.random());
    assert_eq!(world.store.run_record(run).await.unwrap(), None);
    assert!(world.store.run_load(run).await.unwrap().is_none());
    assert_eq!(world.store.run_events(run, 0).await.unwrap(), []);
    assert_eq!(world.store.wait_list(run).await.unwrap(), []);
}
