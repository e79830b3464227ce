//! Later commits, and who may make them.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Append, AppendRefused, Appended, Claim, Claimable, WaitState};
use flow_model::{NodeId, Resolution, RunId, RunStatus, Timestamp};
use serde_json::json;

use super::Backend;
use super::world::{Owned, World, at, at_once, run_started, step_started, visit};

/// Events follow one another in order, and the row shows the last one.
pub async fn keeps_the_order(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    for round in 1..=100 {
        let count = round % 3 + 1;
        let kinds = (0..count).map(|n| step_started(&format!("loop#{round}/{n}"))).collect();
        let append = world.append(&owned, at(round), RunStatus::Running, kinds);
        assert_eq!(world.accepted(append, &mut owned).await, Appended::default());
    }
    let loaded = world.loaded(owned.run).await;
    assert_eq!((loaded.record.seq, loaded.record.status), (owned.seq, RunStatus::Running));
    assert!(loaded.events.iter().map(|event| event.seq).eq(1..=owned.seq));
    for after in 0..=owned.seq + 1 {
        let events = world.store.run_events(owned.run, after).await.unwrap();
        assert_eq!(events, loaded.events[after.min(owned.seq) as usize..]);
    }
    assert_eq!(world.store.run_events(owned.run, u64::MAX).await.unwrap(), []);
    assert_eq!(world.store.run_events(owned.run, i64::MAX as u64).await.unwrap(), []);
}

/// Thousands of events, and a megabyte, go in one commit.
pub async fn takes_large_commits(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut kinds: Vec<_> = (0..5000).map(|n| step_started(&format!("orders[{n}]/call"))).collect();
    kinds.push(run_started(json!("x".repeat(1024 * 1024))));
    let append = world.append(&owned, at(1), RunStatus::Running, kinds);
    let events = append.commit.events.clone();
    world.accepted(append, &mut owned).await;
    assert_eq!(world.store.run_events(owned.run, 1).await.unwrap(), events);
    assert_eq!(world.store.run_events(owned.run, 4000).await.unwrap(), events[3999..]);
}

/// Another epoch, another node or another number is stale, and nothing of it is written: no event, no
/// wait, no timer, no end.
pub async fn stale_owners_are_refused(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    world.accepted(world.step(&owned, at(1)), &mut owned).await;
    let other = world.living_node().await;
    let wrong = [
        Owned { epoch: 2, ..owned },
        Owned { epoch: 0, ..owned },
        Owned { epoch: i64::MAX, ..owned },
        Owned { node: other, ..owned },
        Owned { seq: owned.seq - 1, ..owned },
        Owned { seq: owned.seq + 1, ..owned },
        Owned { seq: 0, ..owned },
    ];
    for wrong in wrong {
        for append in attempts(&world, &wrong) {
            assert_eq!(world.refused(append).await, AppendRefused::Stale, "{wrong:?}");
        }
    }
    world.accepted(world.step(&owned, at(2)), &mut owned).await;
}

fn attempts(world: &World, owned: &Owned) -> [Append; 3] {
    let ends = world.ending(owned, at(9), RunStatus::Completed);
    [world.step(owned, at(9)), world.opening(owned, at(9), &[("ask", Some(at(10)))]), ends]
}

/// A run that isn't there is owned by nobody.
pub async fn an_unknown_run_is_stale(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let run = RunId::new(at(0), world.random());
    let owned = Owned { run, node: world.node, epoch: 1, seq: 0 };
    assert_eq!(world.refused(world.step(&owned, at(1))).await, AppendRefused::Stale);
}

/// A node that claims again fences its own earlier appends too.
pub async fn an_epoch_fences_the_same_node(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut before = world.queued(0).await;
    world.kill(world.node).await;
    let mut after = world.claim_run(world.node, &before).await.unwrap();
    assert_eq!(world.refused(world.step(&before, at(1))).await, AppendRefused::Stale);
    world.accepted(world.step(&after, at(1)), &mut after).await;
    before.seq = after.seq;
    assert_eq!(world.refused(world.step(&before, at(1))).await, AppendRefused::Stale);
}

/// A commit whose outcome its owner never learned is repeated under its name: it counts once, and is
/// answered alike, also when the run went on or went to another node meanwhile.
pub async fn a_repeat_counts_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let append = world.step(&owned, at(1));
    let appended = world.accepted(append.clone(), &mut owned).await;
    let repeat = |append: &Append| {
        let (store, append) = (world.store.clone(), append.clone());
        async move { store.run_append(append).await.unwrap().unwrap() }
    };
    let before = world.snapshot(owned.run).await;
    assert_eq!(repeat(&append).await, appended);
    assert_eq!(world.snapshot(owned.run).await, before);
    world.accepted(world.step(&owned, at(2)), &mut owned).await;
    assert_eq!(repeat(&append).await, appended);

    let other = world.living_node().await;
    world.kill(world.node).await;
    world.claim_run(other, &owned).await.unwrap();
    let before = world.snapshot(owned.run).await;
    assert_eq!(repeat(&append).await, Appended { released: true, ..appended });
    assert_eq!(world.snapshot(owned.run).await, before);
    assert_eq!(world.refused(world.step(&owned, at(3))).await, AppendRefused::Stale);
}

/// A repeat of the commit that ended the run, or gave it up, is answered as released again.
pub async fn a_repeated_end_is_released(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(0).await;
    let mut waits = world.opening(&owned, at(1), &[("ask", Some(at(50)))]);
    waits.commit.release = true;
    let ends = world.ending(&world.queued(1).await, at(1), RunStatus::Completed);
    for append in [waits, ends] {
        let first = world.store.run_append(append.clone()).await.unwrap().unwrap();
        assert!(first.released);
        let before = world.snapshot(append.run).await;
        assert_eq!(world.store.run_append(append.clone()).await.unwrap(), Ok(first));
        assert_eq!(world.snapshot(append.run).await, before);
    }
}

/// A repeat stays accepted when a cancel came after it, though it completed nothing it could complete now.
pub async fn a_repeat_outlives_a_cancel(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let append = world.step(&owned, at(1));
    world.accepted(append.clone(), &mut owned).await;
    world.store.run_cancel(owned.run, at(2), false).await.unwrap();
    let repeated = world.store.run_append(append).await.unwrap();
    assert_eq!(repeated, Ok(Appended { cancel_requested: true, ..Appended::default() }));
}

/// Of many commits for one place one is stored; of many repeats of one commit all are accepted.
pub async fn one_of_many_holds_the_place(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(0).await;
    let appends: Vec<Append> = (0..20).map(|_| world.step(&owned, at(1))).collect();
    let appended = at_once(40, |index| {
        let (store, append) = (world.store.clone(), appends[index / 2].clone());
        async move { (append.commit.batch, store.run_append(append).await.unwrap()) }
    });
    let appended = appended.await;
    let accepted: Vec<_> = appended.iter().filter(|(_, it)| it.is_ok()).map(|(batch, _)| *batch).collect();
    assert_eq!(accepted.len(), 2, "the winner and its repeat: {appended:?}");
    assert_eq!(accepted[0], accepted[1]);
    assert!(appended.iter().all(|(_, it)| it.is_ok() || *it == Err(AppendRefused::Stale)));
    assert_eq!(world.loaded(owned.run).await.events.len(), 2);
}

/// Appends of many runs at once don't disturb each other.
pub async fn many_runs_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut all = Vec::new();
    for millis in 0..30 {
        all.push(world.queued(millis).await);
    }
    let stale: NodeId = world.living_node().await;
    let appended = at_once(all.len(), |index| {
        let world = world.clone();
        // Every third one is stale and fails alone.
        let mut owned = if index % 3 == 0 { Owned { node: stale, ..all[index] } } else { all[index] };
        async move {
            for millis in 1..5 {
                let append = world.step(&owned, at(millis));
                if world.store.run_append(append).await.unwrap().is_err() {
                    return false;
                }
                owned.seq += 1;
            }
            true
        }
    });
    for (index, accepted) in appended.await.into_iter().enumerate() {
        assert_eq!(accepted, index % 3 != 0);
        let seq = world.record(all[index].run).await.seq;
        assert_eq!(seq, if accepted { 5 } else { 1 });
    }
}

/// The commit that ends a run closes its open waits, deletes its timers and releases it unasked; nothing
/// changes it any more.
pub async fn an_end_is_for_good(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled] {
        let mut owned = world.queued(0).await;
        let waits = [("a", Some(at(50))), ("b", None), ("c", Some(at(60)))];
        let opening = world.opening(&owned, at(1), &waits);
        world.accepted(opening, &mut owned).await;
        world.answered(owned.run, "c", at(2)).await;
        let appended = world.accepted(world.ending(&owned, at(3), status), &mut owned).await;
        assert!(appended.released, "{appended:?}");
        let record = world.record(owned.run).await;
        assert_eq!((record.status, record.finished_at), (status, Some(at(3))));
        let waits = world.store.wait_list(owned.run).await.unwrap();
        assert_eq!(waits[0].state, WaitState::Closed);
        assert_eq!(waits[1].state, WaitState::Closed);
        assert!(matches!(waits[2].state, WaitState::Resolved { .. }), "an answer stays what it is");
        assert_eq!(world.store.timer_next().await.unwrap(), None);
        assert_eq!(world.refused(world.step(&owned, at(4))).await, AppendRefused::Stale);
        let claim = Claim {
            node: world.node,
            of: Claimable::Run(owned.run),
            limit: 9,
            now: at(5),
            id: world.batch(),
            repeated: false,
        };
        assert_eq!(world.store.run_claim(claim).await.unwrap(), []);
    }
}

/// Answers are told with every commit, oldest first, until one takes them up.
pub async fn answers_are_told_until_taken(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let waits = [("a", None), ("b", Some(at(20))), ("c", None), ("d", None)];
    let opening = world.opening(&owned, at(1), &waits);
    assert_eq!(world.accepted(opening, &mut owned).await.resolved, []);
    world.answered(owned.run, "c", at(10)).await;
    world.resolve(owned.run, "b", Resolution::Expired, at(20)).await;
    world.answered(owned.run, "a", at(30)).await;
    let told = |appended: Appended| -> Vec<(String, Timestamp)> {
        appended.resolved.into_iter().map(|it| (it.visit.to_string(), it.resolved_at)).collect()
    };
    let [a, b, c] = [("a", 30), ("b", 20), ("c", 10)].map(|(name, millis)| (name.to_owned(), at(millis)));
    let appended = world.accepted(world.step(&owned, at(40)), &mut owned).await;
    assert_eq!(appended.resolved[1].resolution, Resolution::Expired);
    assert_eq!(told(appended), [c.clone(), b, a.clone()]);
    let mut takes = world.step(&owned, at(41));
    takes.commit.waits_taken = vec![visit("b")];
    assert_eq!(told(world.accepted(takes, &mut owned).await), [c, a]);
    let mut takes = world.step(&owned, at(42));
    takes.commit.waits_taken = vec![visit("a"), visit("c")];
    assert_eq!(told(world.accepted(takes, &mut owned).await), []);
    let pending = world.loaded(owned.run).await.waits;
    assert_eq!(pending.iter().map(|wait| wait.visit.as_str()).collect::<Vec<_>>(), ["d"]);
}
