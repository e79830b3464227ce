//! Giving a run up, and what holds it back.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{AppendRefused, Appended, CancelOutcome};
use flow_model::RunStatus;

use super::Backend;
use super::world::{World, at, at_once, visit};

/// A run that was given up is nobody's: its last owner is stale.
pub async fn ends_the_ownership(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", None)]).await;
    assert_eq!(world.refused(world.step(&owned, at(1))).await, AppendRefused::Stale);
    assert_eq!(world.claim(world.node, 10).await, []);
    world.answered(owned.run, "ask", at(2)).await;
    let other = world.living_node().await;
    let mut owned = world.claim_run(other, &owned).await.unwrap();
    assert_eq!(owned.epoch, 2);
    world.accepted(world.step(&owned, at(3)), &mut owned).await;
}

/// A run that waits and wasn't given up stays its owner's.
pub async fn happens_only_when_asked(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let opening = world.opening(&owned, at(1), &[("ask", None)]);
    assert!(!world.accepted(opening, &mut owned).await.released);
    world.answered(owned.run, "ask", at(2)).await;
    assert_eq!(world.claim(world.living_node().await, 10).await, []);
    world.accepted(world.step(&owned, at(3)), &mut owned).await;
}

/// An answer that came before the release holds it back, until the commit that takes it up.
pub async fn is_held_back_by_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let opening = world.opening(&owned, at(1), &[("a", None), ("b", None)]);
    world.accepted(opening, &mut owned).await;
    world.answered(owned.run, "a", at(2)).await;
    let mut release = world.append(&owned, at(3), RunStatus::Waiting, vec![super::world::step_started("x")]);
    release.commit.release = true;
    let appended = world.accepted(release.clone(), &mut owned).await;
    assert!(!appended.released);
    assert_eq!(appended.resolved.len(), 1);
    assert_eq!(world.store.run_append(release).await.unwrap(), Ok(appended), "a repeat is told the same");

    let mut release = world.append(&owned, at(4), RunStatus::Waiting, vec![super::world::step_started("y")]);
    release.commit.waits_taken = vec![visit("a")];
    release.commit.release = true;
    let appended = world.accepted(release, &mut owned).await;
    assert_eq!(appended, Appended { released: true, ..Appended::default() });
}

/// A cancel holds the release back: its owner ends the run.
pub async fn is_held_back_by_a_cancel(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    assert_eq!(world.store.run_cancel(owned.run, at(1), false).await.unwrap(), CancelOutcome::Requested);
    let mut release = world.opening(&owned, at(2), &[("ask", Some(at(50)))]);
    release.commit.release = true;
    let appended = world.accepted(release, &mut owned).await;
    assert_eq!(appended, Appended { cancel_requested: true, ..Appended::default() });
    let appended = world.accepted(world.ending(&owned, at(3), RunStatus::Cancelled), &mut owned).await;
    assert!(appended.released);
}

/// An answer and a release at the same moment: either the owner is told of the answer and keeps the run,
/// or the run is up for a claim. It is never lost.
pub async fn races_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for round in 0..20 {
        let mut owned = world.queued(round).await;
        let opening = world.opening(&owned, at(round), &[("ask", None)]);
        world.accepted(opening, &mut owned).await;
        let mut release =
            world.append(&owned, at(50), RunStatus::Waiting, vec![super::world::step_started("x")]);
        release.commit.release = true;
        let told = at_once(2, |index| {
            let (world, release) = (world.clone(), release.clone());
            async move {
                if index == 0 {
                    world.answered(owned.run, "ask", at(60)).await;
                    None
                } else {
                    Some(world.store.run_append(release).await.unwrap().unwrap())
                }
            }
        });
        let told = told.await.into_iter().flatten().next().unwrap();
        assert_eq!(told.released, told.resolved.is_empty(), "{told:?}");
        assert_eq!(world.claim_run(world.node, &owned).await.is_some(), told.released);
    }
}
