//! What was answered is there after the handle, the thread and the connections are gone.

use flow_engine::{ResolveOutcome, Store as _, WaitState};
use futures_util::FutureExt as _;

use crate::backend::{Backend, on_both};
use crate::runs::{World, approve, at, step, stored};

on_both! { reopening_keeps_everything, dropping_finishes_what_is_queued }

async fn reopening_keeps_everything(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let ended = stored(&store, world.whole()).await;
    let waiting = stored(&store, world.waiting(Some(at(100)))).await;
    let driven = stored(&store, world.create()).await;
    store.run_append(step(driven, world.node, 1, 1)).await.unwrap().unwrap();
    assert_eq!(store.wait_resolve(approve(waiting)).await.unwrap(), ResolveOutcome::Won);
    let mut before = Vec::new();
    for run in [ended, waiting, driven] {
        before.push(store.run_load(run).await.unwrap().unwrap());
    }
    assert!(matches!(before[1].waits[0].state, WaitState::Resolved { .. }));
    assert_eq!(before[2].events.len(), 2);
    drop(store);

    let store = backend.open().await;
    for before in before {
        let after = store.run_load(before.record.id).await.unwrap().unwrap();
        assert_eq!(after.record, before.record);
        assert_eq!(after.events, before.events);
        assert_eq!(after.waits, before.waits);
    }
    assert_eq!(world.claim(&store, Some(waiting), 1).await[0].epoch, 2);
}

/// A caller that went away doesn't take its write with it, nor does the last handle.
async fn dropping_finishes_what_is_queued(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let mut runs = Vec::new();
    for _ in 0..100 {
        let create = world.whole();
        runs.push(create.record.id);
        // Polled once, the write is queued; then its caller is gone.
        let _ = store.run_create(create).now_or_never();
    }
    drop(store);
    let store = backend.open().await;
    for run in runs {
        assert!(store.run_record(run).await.unwrap().is_some());
    }
}
