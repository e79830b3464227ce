//! Copies of runs' states.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_model::{Binding, EventKind, RunId, RunState, RunStatus, apply};
use serde_json::{Value, json};

use super::Backend;
use super::world::{Owned, World, at, visit};

/// The state after a run's events so far, all of them applied.
async fn state(world: &World, run: RunId) -> RunState {
    let mut state = RunState::new();
    for event in world.store.run_events(run, 0).await.unwrap() {
        apply(&mut state, &event).unwrap();
    }
    state
}

/// Folds what a load gives.
async fn loaded(world: &World, run: RunId) -> (u64, RunState) {
    let stored = world.loaded(run).await;
    let held = stored.snapshot.as_ref().map_or(0, |state| state.seq());
    let mut state = stored.snapshot.map(Arc::unwrap_or_clone).unwrap_or_default();
    for event in &stored.events {
        apply(&mut state, event).unwrap();
    }
    assert_eq!(state.seq(), stored.record.seq);
    (held, state)
}

/// The run's first step begins, ends well, and leads to another one.
async fn stepped(world: &World, owned: &mut Owned, kind: EventKind) {
    let append = world.append(owned, at(1), RunStatus::Running, vec![kind]);
    world.accepted(append, owned).await;
}

fn begins() -> EventKind {
    EventKind::StepStarted { visit: visit("load"), input: Some(Arc::new(Value::Null)) }
}

fn ends() -> EventKind {
    let output = Arc::new(json!({ "a": [1.5, null] }));
    let binding = Binding::Whole("load".parse().unwrap());
    EventKind::StepCompleted { visit: visit("load"), output, binding, next: Some(visit("next")) }
}

/// A load gives the snapshot and the events after it, which come to the same state as all events.
pub async fn stand_for_the_events_before(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    assert_eq!(loaded(&world, owned.run).await.0, 0, "there is none at first");
    stepped(&world, &mut owned, begins()).await;
    let kept = state(&world, owned.run).await;
    world.store.run_snapshot(owned.run, Arc::new(kept.clone())).await.unwrap();
    assert_eq!(loaded(&world, owned.run).await, (kept.seq(), kept.clone()));
    stepped(&world, &mut owned, ends()).await;
    assert_eq!(loaded(&world, owned.run).await, (kept.seq(), state(&world, owned.run).await));
    assert_eq!(
        world.store.run_events(owned.run, 0).await.unwrap().len() as u64,
        owned.seq,
        "no event is lost"
    );
}

/// A newer one takes the place of an older one, and never the other way round.
pub async fn only_grow(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    stepped(&world, &mut owned, begins()).await;
    let older = state(&world, owned.run).await;
    stepped(&world, &mut owned, ends()).await;
    let newer = state(&world, owned.run).await;
    for kept in [&older, &newer, &older] {
        world.store.run_snapshot(owned.run, Arc::new(kept.clone())).await.unwrap();
    }
    assert_eq!(loaded(&world, owned.run).await, (newer.seq(), newer));
}
