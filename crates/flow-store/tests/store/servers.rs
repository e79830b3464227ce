//! Several servers on one database.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use flow_engine::{
    CancelOutcome, Created, ResolveOutcome, Slot, Store as _, StoredWait, Timer, TimerKind, WaitState,
};
use flow_model::{EventKind, RunId, RunStatus};
use flow_store::SqlStore;
use futures_util::future::join_all;

use crate::backend::Database;
use crate::runs::{World, approve, at, end_child, node, step, stored, visit};

/// Two servers answer and cancel the same runs in opposite orders: each wait has one answer or none, and
/// nobody is refused because of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_never_wait_for_each_other() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    for _ in 0..5 {
        let creates: Vec<_> = (0..60).map(|_| world.waiting(None)).collect();
        let runs = join_all(creates.into_iter().map(|create| stored(&servers[0], create))).await;
        let there = runs.iter().map(|run| servers[0].wait_resolve(approve(*run)));
        let back = runs.iter().rev().map(|run| servers[1].wait_resolve(approve(*run)));
        let cancels = runs.iter().rev().map(|run| servers[1].run_cancel(*run, at(1), true));
        let (there, back, cancels) = tokio::join!(join_all(there), join_all(back), join_all(cancels));
        for ((there, back), cancel) in there.into_iter().zip(back.into_iter().rev()).zip(cancels) {
            let won = [there.unwrap(), back.unwrap()].iter().filter(|it| **it == ResolveOutcome::Won).count();
            assert!(won <= 1);
            assert_eq!(cancel.unwrap(), CancelOutcome::Requested);
        }
    }
}

/// Children of the same runs end on two servers while one of those cancels the runs, in opposite orders: every
/// end counts for both runs or for none, and nobody waits for ever or is told that the database is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn families_on_two_servers_dont_block_each_other() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    let rounds = async {
        for _ in 0..10 {
            let (creates, families): (Vec<_>, Vec<_>) = (0..30).map(|_| world.family(2)).unzip();
            let parents = join_all(creates.into_iter().map(|create| stored(&servers[0], create))).await;
            for child in families.iter().flatten() {
                assert_eq!(world.claim(&servers[0], Some(*child), 1).await.len(), 1);
            }
            let family = || parents.iter().zip(&families);
            let end = |server: usize, parent: &RunId, child: &RunId| {
                servers[server].run_append(end_child(*parent, *child, world.node))
            };
            let there = family().map(|(parent, children)| end(0, parent, &children[0]));
            let back = family().rev().map(|(parent, children)| end(1, parent, &children[1]));
            let cancels = parents.iter().rev().map(|run| servers[1].run_cancel(*run, at(1), true));
            let (there, back, cancels) = tokio::join!(join_all(there), join_all(back), join_all(cancels));
            assert!(cancels.into_iter().all(|outcome| outcome.unwrap() == CancelOutcome::Requested));
            let ended = there.into_iter().zip(back.into_iter().rev());
            for ((first, second), parent) in ended.zip(&parents) {
                let ended =
                    [first.unwrap().is_ok(), second.unwrap().is_ok()].iter().filter(|it| **it).count();
                let waits = servers[0].wait_list(*parent).await.unwrap();
                let resolved = |wait: &&StoredWait| matches!(wait.state, WaitState::Resolved { .. });
                assert_eq!(waits.iter().filter(resolved).count(), ended, "{waits:?}");
            }
        }
    };
    // A deadlock costs a second, after which PostgreSQL breaks it; nearly every round would meet one.
    tokio::time::timeout(Duration::from_secs(10), rounds).await.expect("the servers wait for each other");
}

/// One key on two servers makes one run.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_share_their_keys() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    let creates = |order: fn(usize) -> usize| {
        let keys = (0..50).map(order).map(|index| format!("key {index}"));
        keys.map(|key| world.keyed(&key)).collect::<Vec<_>>()
    };
    let (there, back) = (creates(|index| index), creates(|index| 49 - index));
    let create = |server: SqlStore, create| async move { server.run_create(create).await.unwrap() };
    let there = join_all(there.into_iter().map(|new| create(servers[0].clone(), new)));
    let back = join_all(back.into_iter().map(|new| create(servers[1].clone(), new)));
    let (there, back) = tokio::join!(there, back);
    for (there, back) in there.iter().zip(back.iter().rev()) {
        let is_new = |created: &Created| matches!(created, Created::New(_));
        assert!(is_new(there) != is_new(back), "{there:?} {back:?}");
    }
}

/// Orphans go to one server each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_share_out_the_orphans() {
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await, database.open().await];
    let mut world = World::new(&servers[0]).await;
    let creates: Vec<_> = (0..90).map(|_| world.create()).collect();
    let mut runs: HashSet<_> =
        join_all(creates.into_iter().map(|create| stored(&servers[0], create))).await.into_iter().collect();
    servers[0].node_renew(world.node, at(0), Duration::ZERO).await.unwrap();
    world.node = node();
    servers[0].node_renew(world.node, at(0), crate::runs::LEASE).await.unwrap();
    while !runs.is_empty() {
        let claims = servers.iter().map(|server| world.claim(server, None, 7));
        for claimed in join_all(claims).await.into_iter().flatten() {
            assert_eq!((claimed.epoch, claimed.attempts), (2, 1));
            assert!(runs.remove(&claimed.run), "{claimed:?} was claimed twice");
        }
    }
}

/// An answer on one server while the owner on another lets go: the owner is told, or the run is up for a claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_is_never_missed() {
    let Some(database) = Database::new() else { return };
    let (owner, other) = (database.open().await, database.open().await);
    let world = World::new(&owner).await;
    for _ in 0..100 {
        let mut create = world.waiting(None);
        create.commit.release = false;
        let run = stored(&owner, create).await;
        let mut letting_go = step(run, world.node, 1, 2);
        letting_go.status = RunStatus::Waiting;
        letting_go.commit.release = true;
        let (appended, won) = tokio::join!(owner.run_append(letting_go), other.wait_resolve(approve(run)));
        assert_eq!(won.unwrap(), ResolveOutcome::Won);
        let appended = appended.unwrap().unwrap();
        assert_eq!(appended.released, appended.resolved.is_empty());
        assert_eq!(world.claim(&other, Some(run), 1).await.len(), usize::from(appended.released));
    }
}

/// One server fires timers while another, which drives their runs, sets them anew: whichever comes first, neither
/// call fails, and the timer is there at the new time.
#[tokio::test]
async fn a_timer_that_is_set_anew_as_it_fires_stops_nobody() {
    let Some(database) = Database::new() else { return };
    let (owner, other) = (database.open().await, database.open().await);
    let world = World::new(&owner).await;
    let rounds = async {
        for _ in 0..100 {
            set_anew_as_it_fires(&world, &owner, &other).await;
        }
    };
    // A deadlock costs a second, after which PostgreSQL breaks it; every third round would meet one.
    tokio::time::timeout(Duration::from_secs(20), rounds).await.expect("the servers wait for each other");
}

async fn set_anew_as_it_fires(world: &World, owner: &SqlStore, other: &SqlStore) {
    let run = stored(owner, world.create()).await;
    let set = |after: u64, due_at| {
        let mut set = step(run, world.node, 1, after);
        set.commit.timers_set.push((visit(), TimerKind::Retry, due_at));
        set
    };
    owner.run_append(set(1, at(100))).await.unwrap().unwrap();
    let timer = Timer { run, visit: visit(), kind: TimerKind::Retry, due_at: at(100) };
    let (appended, fired) =
        tokio::join!(owner.run_append(set(2, at(200))), other.timer_fire(timer.clone(), at(150)));
    assert!(appended.unwrap().is_ok());
    fired.unwrap();
    assert_eq!(owner.timer_due(at(199), 10).await.unwrap(), []);
    assert!(other.timer_fire(timer, at(200)).await.unwrap());
}

/// Runs of a few slots are stored, claimed, put to rest, called up and ended on three servers at once: no slot has ever
/// more owners than places, every run gets its turn, and nobody waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_share_the_places_of_a_slot() {
    const LIMIT: usize = 2;
    const SLOTS: usize = 3;
    let Some(database) = Database::new() else { return };
    let servers = [database.open().await, database.open().await, database.open().await];
    let world = World::new(&servers[0]).await;
    let name = |index: usize| format!("slot {}", index % SLOTS);
    let creates: Vec<_> = (0..60)
        .map(|index| {
            let mut create = world.create();
            create.record.slot = Some(Slot { name: name(index), limit: u32::try_from(LIMIT).unwrap() });
            create
        })
        .collect();
    let slot_of: HashMap<RunId, String> =
        creates.iter().enumerate().map(|(index, create)| (create.record.id, name(index))).collect();
    let mut owned: HashMap<RunId, i64> = HashMap::new();
    let mut done = HashSet::new();
    let check = |owned: &HashMap<RunId, i64>| {
        for index in 0..SLOTS {
            let held = owned.keys().filter(|run| slot_of[*run] == name(index)).count();
            assert!(held <= LIMIT, "{held} runs of {} have an owner", name(index));
        }
    };
    let rounds = async {
        let there = creates.iter().enumerate().map(|(index, create)| {
            let (server, create) = (servers[index / SLOTS % 3].clone(), create.clone());
            async move { (create.record.id, server.run_create(create).await.unwrap()) }
        });
        for (run, created) in join_all(there).await {
            let Created::New(told) = created else { panic!("{created:?}") };
            if !told.released {
                owned.insert(run, 1);
            }
        }
        check(&owned);
        while done.len() < creates.len() {
            // One of those that have a place ends, and while it does, everyone wants it.
            let ends: Vec<(RunId, i64)> = owned.iter().take(2).map(|(run, epoch)| (*run, *epoch)).collect();
            owned.retain(|run, _| !ends.iter().any(|(ended, _)| ended == run));
            let endings = ends.iter().enumerate().map(|(index, (run, epoch))| {
                let mut end = step(*run, world.node, *epoch, 1);
                (end.status, end.finished_at) = (RunStatus::Completed, Some(at(1)));
                end.commit.events[0].kind = EventKind::RunCompleted { output_of: None };
                servers[index % 3].run_append(end)
            });
            let claims = (0..9).map(|index| {
                let (server, world) = (&servers[index / SLOTS % 3], &world);
                let some = creates.iter().map(|create| create.record.id).find(|run| !done.contains(run));
                let name = name(index);
                async move {
                    match index % 4 {
                        0 => world.claim(server, None, 5).await,
                        1 | 2 => world.claim_slot(server, &name).await,
                        _ => world.claim(server, some, 1).await,
                    }
                }
            });
            let (endings, claims) = tokio::join!(join_all(endings), join_all(claims));
            for appended in endings {
                assert!(appended.unwrap().unwrap().released);
            }
            done.extend(ends.iter().map(|(run, _)| *run));
            for claimed in claims.into_iter().flatten() {
                assert!(owned.insert(claimed.run, claimed.epoch).is_none(), "{claimed:?} was claimed twice");
            }
            check(&owned);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), rounds).await.expect("the servers wait for each other");
}
