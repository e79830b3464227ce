//! Events between several servers on one database.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Create, Created, PublishEvent, Store as _};
use flow_model::{EventId, EventKind, RunId, RunStatus, Wait, WaitRequest, WorkspaceId};
use flow_store::SqlStore;
use futures_util::future::join_all;
use serde_json::json;

use crate::backend::Database;
use crate::runs::{World, at, event, random, visit};

/// An event that comes to those who wait for `name`.
pub(crate) fn sent(workspace: WorkspaceId, name: &str) -> PublishEvent {
    PublishEvent {
        id: EventId::new(at(1), random()),
        workspace,
        name: name.to_owned(),
        key: Some("1".to_owned()),
        data: Arc::new(json!({ "paid": true })),
        received_at: at(1),
        expires_at: at(1_000_000),
    }
}

/// A run whose first commit waits for an event of that name, and rests.
pub(crate) fn awaiting(world: &World, name: &str) -> Create {
    let mut create = world.create();
    let request = WaitRequest::Event { name: name.to_owned(), key: Some("1".to_owned()) };
    let wait = Wait { request, expires_at: None };
    create.commit.events.push(event(2, EventKind::WaitOpened { visit: visit(), wait: wait.clone() }));
    create.commit.waits_opened.push((visit(), wait));
    create.commit.release = true;
    create.record.seq = 2;
    create.record.status = RunStatus::Waiting;
    create
}

async fn is_answered(store: &SqlStore, run: RunId) -> bool {
    store.run_signals(run).await.unwrap().unwrap().resolved.len() == 1
}

/// A deadlock costs a second, after which PostgreSQL breaks it; a wait for a lock three, after which it is given up.
async fn without_a_deadlock(rounds: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(20), rounds).await.expect("the servers wait for each other");
}

/// One server opens waits while another stores the events, in the opposite order: no run misses its event, and none
/// is told twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_falls_between_two_servers() {
    let Some(database) = Database::new() else { return };
    let (opener, sender) = (database.open().await, database.open().await);
    let world = World::new(&opener).await;
    without_a_deadlock(async {
        for round in 0..25 {
            let names: Vec<String> = (0..16).map(|index| format!("{round}/{index}")).collect();
            let creates = names.iter().map(|name| awaiting(&world, name));
            let opened = join_all(creates.map(|create| async {
                let run = create.record.id;
                match opener.run_create(create).await.unwrap() {
                    Created::New(appended) => (run, appended),
                    other @ Created::Duplicate { .. } => panic!("{other:?}"),
                }
            }));
            let sent = names.iter().rev().map(|name| sender.event_publish(sent(world.workspace, name)));
            let (opened, published) = tokio::join!(opened, join_all(sent));
            let published = published.into_iter().rev().map(|published| published.unwrap().woken);
            for ((run, appended), woken) in opened.into_iter().zip(published) {
                assert!(is_answered(&opener, run).await, "an event was lost");
                assert_eq!(woken.is_empty(), !appended.resolved.is_empty(), "{run} has it twice or never");
                assert_eq!(appended.released, appended.resolved.is_empty());
            }
        }
    })
    .await;
}

/// Each server cancels the runs that the other sends events to: nobody waits for who waits for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn senders_never_wait_for_each_other() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    without_a_deadlock(async {
        for round in 0..20 {
            let name = |side: usize| format!("{round}/{side}");
            let creates: Vec<_> = (0..40).map(|index| awaiting(&world, &name(index % 2))).collect();
            let runs: Vec<RunId> = creates.iter().map(|create| create.record.id).collect();
            join_all(creates.into_iter().map(|create| servers[0].run_create(create))).await;
            let work = [0, 1].map(|side: usize| {
                let (server, theirs) = (&servers[side], runs.iter().skip(1 - side).step_by(2));
                let cancels = theirs.map(|run| server.run_cancel(*run, at(1), true));
                let event = server.event_publish(sent(world.workspace, &name(side)));
                let late = server.run_create(awaiting(&world, &name(1 - side)));
                async move { tokio::join!(join_all(cancels), event, late) }
            });
            for (cancels, published, late) in join_all(work).await {
                assert!(cancels.into_iter().all(|cancelled| cancelled.is_ok()));
                published.unwrap();
                assert!(matches!(late.unwrap(), Created::New(_)));
            }
        }
    })
    .await;
}

/// Two servers send the same event, as a client does whose first call seemed lost: it is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_on_another_server_is_the_same_event() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    for round in 0..20 {
        let name = round.to_string();
        let create = awaiting(&world, &name);
        let run = create.record.id;
        servers[0].run_create(create).await.unwrap();
        let event = sent(world.workspace, &name);
        let repeats = servers.iter().map(|server| server.event_publish(event.clone()));
        for published in join_all(repeats).await {
            assert_eq!(published.unwrap().woken, [run]);
        }
        assert!(is_answered(&servers[1], run).await);
        let mut later = awaiting(&world, &name);
        later.commit.release = false;
        assert!(matches!(
            servers[0].run_create(later).await.unwrap(),
            Created::New(appended) if appended.resolved.len() == 1
        ));
    }
}
