//! Many writes in one commit, and a bad one among them.

use flow_engine::{AppendRefused, Create, Created, Store as _, StoreError};
use flow_model::DefinitionHash;
use futures_util::future::join_all;
use serde_json::Value;

use crate::backend::{Backend, on_both};
use crate::runs::{World, step, stored};

const MANY: usize = 200;

on_both! { many_share_a_commit, a_refusal_harms_nobody, a_failure_harms_nobody, many_failures_harm_nobody, repeats_in_one_commit }

/// Makes the calls while the writer is held up, so that they are all queued before any is done: `join!` polls
/// its first future, which queues them, before its second, which lets go.
macro_rules! held_up {
    ($backend:expr, $calls:expr) => {{
        let mut blocker = $backend.hold();
        // Without tokio's budget, which would let the second in after a hundred calls.
        let calls = tokio::task::unconstrained(join_all($calls));
        let (answers, ()) = tokio::join!(calls, async { blocker.batch_execute("COMMIT").unwrap() });
        answers
    }};
}

fn is_new(answer: &Result<Created, StoreError>) -> bool {
    matches!(answer, Ok(Created::New(_)))
}

async fn many_share_a_commit(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let before = store.stats();
    let creates: Vec<Create> = (0..MANY).map(|_| world.whole()).collect();
    let answers = held_up!(backend, creates.iter().map(|create| store.run_create(create.clone())));
    assert!(answers.iter().all(is_new), "{answers:?}");
    let after = store.stats();
    assert_eq!(after.jobs - before.jobs, MANY as u64);
    // The first may go alone; the others come while it is held up.
    assert!(after.commits - before.commits <= 2, "{before:?} {after:?}");
    drop(store);
    let store = backend.open().await;
    for create in creates {
        assert_eq!(store.run_load(create.record.id).await.unwrap().unwrap().events, create.commit.events);
    }
}

/// Refused appends share a commit with good ones.
async fn a_refusal_harms_nobody(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let mut appends = Vec::new();
    for index in 0..20 {
        let run = stored(&store, world.create()).await;
        let (epoch, after) = if index % 2 == 0 { (1, 1) } else { (7, 1) };
        appends.push(step(run, world.node, epoch, after));
    }
    let answers = held_up!(backend, appends.iter().map(|append| store.run_append(append.clone())));
    for (append, answer) in appends.iter().zip(answers) {
        let answer = answer.unwrap();
        assert_eq!(answer.is_ok(), append.epoch == 1);
        assert_eq!(answer.err(), (append.epoch != 1).then_some(AppendRefused::Stale));
        let seq = store.run_record(append.run).await.unwrap().unwrap().seq;
        assert_eq!(seq, if append.epoch == 1 { 2 } else { 1 });
    }
}

/// A write that the database refuses fails alone, whatever it shared a transaction with.
async fn a_failure_harms_nobody(backend: Backend) {
    failures_harm_nobody(&backend, |index| index % 8 == 3).await;
}

/// So do many.
async fn many_failures_harm_nobody(backend: Backend) {
    failures_harm_nobody(&backend, |index| index % 2 == 0).await;
    failures_harm_nobody(&backend, |_| true).await;
}

async fn failures_harm_nobody(backend: &Backend, is_bad: fn(usize) -> bool) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let mut creates: Vec<Create> = (0..40).map(|_| world.whole()).collect();
    let nowhere = DefinitionHash::of(&Value::from("never stored"));
    for (index, create) in creates.iter_mut().enumerate() {
        if is_bad(index) {
            create.record.definition = nowhere;
        }
    }
    let answers = held_up!(backend, creates.iter().map(|create| store.run_create(create.clone())));
    for (create, answer) in creates.iter().zip(answers) {
        let is_good = create.record.definition != nowhere;
        assert_eq!(is_new(&answer), is_good, "{answer:?}");
        assert!(is_good || matches!(answer, Err(StoreError::Rejected { .. })));
        assert_eq!(store.run_record(create.record.id).await.unwrap().is_some(), is_good);
    }
}

/// The same call twice in one transaction happens once.
async fn repeats_in_one_commit(backend: Backend) {
    let store = backend.open().await;
    let world = World::new(&store).await;
    let create = world.keyed("key");
    let answers = held_up!(backend, (0..10).map(|_| store.run_create(create.clone())));
    assert!(answers.iter().all(is_new), "{answers:?}");
    assert_eq!(store.run_events(create.record.id, 0).await.unwrap(), create.commit.events);
}
