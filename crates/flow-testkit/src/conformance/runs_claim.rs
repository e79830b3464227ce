//! Taking runs that have work to do.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_engine::{Claim, Claimable, ClaimedRun};
use flow_model::{RunId, RunStatus};

use super::Backend;
use super::world::{Owned, World, at, at_once, visit};

fn ids(claimed: &[ClaimedRun]) -> Vec<RunId> {
    claimed.iter().map(|claimed| claimed.run).collect()
}

/// A dead node's runs are taken, the oldest first, no more than asked for, each at a higher epoch.
pub async fn takes_orphans_oldest_first(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut runs = Vec::new();
    for millis in [30, 10, 20, 40] {
        let mut owned = world.queued(millis).await;
        if millis > 20 {
            world.accepted(world.step(&owned, at(50)), &mut owned).await;
        }
        runs.push(owned.run);
    }
    let other = world.living_node().await;
    world.kill(world.node).await;
    assert_eq!(world.claim(other, 0).await, []);
    let claimed = world.claim(other, 3).await;
    assert_eq!(ids(&claimed), [runs[1], runs[2], runs[0]]);
    assert!(claimed.iter().all(|claimed| (claimed.epoch, claimed.attempts) == (2, 1)), "{claimed:?}");
    assert_eq!(ids(&world.claim(other, usize::MAX).await), [runs[3]]);
    assert_eq!(world.claim(other, 10).await, []);
}

/// The runs of several dead nodes are one queue.
pub async fn takes_the_oldest_of_all_nodes(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut runs = Vec::new();
    for millis in 0..9 {
        let mut create = world.create(millis);
        create.node = if millis % 3 == 0 { world.node } else { world.living_node().await };
        runs.push(world.created(create.clone()).await.run);
        if create.node != world.node {
            world.kill(create.node).await;
        }
    }
    let dead = [1, 2, 4, 5, 7, 8].map(|index| runs[index]);
    let other = world.living_node().await;
    for expected in dead.chunks(2) {
        assert_eq!(ids(&world.claim(other, 2).await), expected);
    }
    assert_eq!(world.claim(other, 2).await, []);
}

/// What a living node drives isn't taken, not even by itself.
pub async fn leaves_living_owners_alone(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let other = world.living_node().await;
    for _ in 0..2 {
        assert_eq!(world.claim(other, 10).await, []);
        assert_eq!(world.claim(world.node, 10).await, []);
        assert!(world.claim_run(other, &owned).await.is_none());
        world.accepted(world.step(&owned, at(1)), &mut owned).await;
    }
}

/// A waiting run is taken once it has an answer to take up, and not before; nor any more once it is taken up.
pub async fn takes_waiting_runs_with_answers(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", None), ("b", None)]).await;
    world.waiting(1, &[("a", None)]).await;
    assert_eq!(world.claim(world.node, 10).await, []);
    assert!(world.claim_run(world.node, &owned).await.is_none());
    world.answered(owned.run, "a", at(2)).await;
    assert_eq!(ids(&world.claim(world.node, 10).await), [owned.run]);

    let mut owned = Owned { epoch: 2, ..owned };
    let mut takes = world.append(&owned, at(3), RunStatus::Waiting, vec![super::world::step_started("x")]);
    takes.commit.waits_taken = vec![visit("a")];
    takes.commit.release = true;
    assert!(world.accepted(takes, &mut owned).await.released);
    assert_eq!(world.claim(world.node, 10).await, []);
}

/// An answer that its claimer didn't live to take up is up for the next one.
pub async fn an_answer_outlives_its_claimer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", None)]).await;
    world.answered(owned.run, "a", at(2)).await;
    assert!(world.claim_run(world.node, &owned).await.is_some());
    world.kill(world.node).await;
    let mut owned = world.claim_run(world.living_node().await, &owned).await.unwrap();
    let appended = world.accepted(world.step(&owned, at(3)), &mut owned).await;
    assert_eq!(appended.resolved.len(), 1);
}

/// A waiting run that is to be cancelled is taken; a finished one never is.
pub async fn takes_runs_to_cancel(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", None)]).await;
    world.store.run_cancel(owned.run, at(1), false).await.unwrap();
    let mut owned = world.claim_run(world.node, &owned).await.unwrap();
    world.accepted(world.ending(&owned, at(2), RunStatus::Cancelled), &mut owned).await;
    world.kill(world.node).await;
    assert_eq!(world.claim(world.living_node().await, 10).await, []);
}

/// A claim of one run takes that one only, and only if any claim could.
pub async fn can_name_one_run(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let (older, younger) = (world.queued(0).await, world.queued(1).await);
    let other = world.living_node().await;
    assert!(world.claim_run(other, &younger).await.is_none());
    world.kill(world.node).await;
    assert!(world.claim_run(other, &younger).await.is_some());
    assert!(world.claim_run(other, &younger).await.is_none());
    let none = Claim {
        node: other,
        of: Claimable::Run(older.run),
        limit: 0,
        now: at(0),
        id: world.batch(),
        repeated: false,
    };
    assert_eq!(world.store.run_claim(none).await.unwrap(), []);
    assert_eq!(ids(&world.claim(other, 10).await), [older.run]);
    let unknown = Claim {
        node: other,
        of: Claimable::Run(RunId::new(at(0), world.random())),
        limit: 1,
        now: at(0),
        id: world.batch(),
        repeated: false,
    };
    assert_eq!(world.store.run_claim(unknown).await.unwrap(), []);
}

/// Attempts count the claims since the last commit, also when each died in another node.
pub async fn attempts_count_since_the_last_commit(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut killed = world.node;
    for attempts in [1, 2, 3, 4, 1, 2] {
        world.kill(killed).await;
        killed = world.living_node().await;
        let claimed = world.claim(killed, 1).await;
        assert_eq!((claimed[0].attempts, claimed[0].epoch), (attempts, owned.epoch + 1));
        owned = Owned { node: killed, epoch: claimed[0].epoch, ..owned };
        if attempts == 4 {
            world.accepted(world.step(&owned, at(1)), &mut owned).await;
        }
    }
}

/// A refused append is no commit: it resets nothing.
pub async fn a_refusal_resets_nothing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let first = world.queued(0).await;
    world.kill(world.node).await;
    let second = world.living_node().await;
    world.claim_run(second, &first).await.unwrap();
    world.refused(world.step(&first, at(1))).await;
    world.kill(second).await;
    assert_eq!(world.claim(world.living_node().await, 1).await[0].attempts, 2);
}

/// A claim whose reply was lost is answered again with what it took; one that never arrived is made.
pub async fn a_repeated_claim_finds_what_it_took(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for millis in [1, 2, 3] {
        world.queued(millis).await;
    }
    let other = world.living_node().await;
    world.kill(world.node).await;
    let first =
        Claim { node: other, of: Claimable::Any, limit: 2, now: at(9), id: world.batch(), repeated: false };
    let again = Claim { repeated: true, ..first.clone() };
    let taken = world.store.run_claim(first).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert_eq!(world.store.run_claim(again).await.unwrap(), taken);
    let lost =
        Claim { node: other, of: Claimable::Any, limit: 2, now: at(9), id: world.batch(), repeated: true };
    assert_eq!(world.store.run_claim(lost).await.unwrap().len(), 1);
}

/// A node that leaves gives its runs back at once, and hasn't died of any.
pub async fn a_node_that_leaves_gives_its_runs_back(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(1).await;
    world.kill(world.node).await;
    let second = world.living_node().await;
    assert_eq!(world.claim(second, 1).await[0].attempts, 1);
    world.store.node_leave(second).await.unwrap();
    let third = world.living_node().await;
    let claimed = world.claim(third, 1).await;
    assert_eq!((claimed[0].run, claimed[0].attempts, claimed[0].epoch), (owned.run, 1, owned.epoch + 2));
    let stale = Owned { node: second, epoch: owned.epoch + 1, ..owned };
    world.refused(world.step(&stale, at(2))).await;
}

/// Claims at the same moment share the runs out: each goes to one node.
pub async fn claimers_get_disjoint_runs(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for millis in 0..60 {
        world.queued(millis).await;
    }
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(world.living_node().await);
    }
    world.kill(world.node).await;
    let claimed = at_once(nodes.len(), |index| {
        let (world, node) = (world.clone(), nodes[index]);
        async move { world.claim(node, 5).await }
    });
    let mut all: Vec<ClaimedRun> = claimed.await.into_iter().flatten().collect();
    loop {
        let more = world.claim(nodes[0], 5).await;
        if more.is_empty() {
            break;
        }
        all.extend(more);
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().map(|claimed| claimed.run).collect::<BTreeSet<_>>().len(), 60);
    assert!(all.iter().all(|claimed| (claimed.epoch, claimed.attempts) == (2, 1)));
}

/// Many claims of one run at the same moment: one gets it.
pub async fn one_claimer_gets_a_run(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", None)]).await;
    world.answered(owned.run, "ask", at(1)).await;
    let mut nodes = Vec::new();
    for _ in 0..10 {
        nodes.push(world.living_node().await);
    }
    let claimed = at_once(nodes.len(), |index| {
        let (world, node) = (world.clone(), nodes[index]);
        async move { world.claim_run(node, &owned).await.is_some() }
    });
    assert_eq!(claimed.await.into_iter().filter(|got| *got).count(), 1);
}
