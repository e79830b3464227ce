//! The end of a wait's time, on the millisecond.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{ResolveOutcome, WaitState};
use flow_model::{Resolution, Timestamp};

use super::Backend;
use super::world::{World, approved, at, at_once};

/// An answer counts up to the last millisecond before.
pub async fn an_answer_just_in_time_wins(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", Some(at(100)))]).await;
    world.answered(owned.run, "ask", at(99)).await;
    let expired = world.resolve(owned.run, "ask", Resolution::Expired, at(100)).await;
    let state = WaitState::Resolved { resolution: approved(), resolved_at: at(99) };
    assert_eq!(expired, ResolveOutcome::NotOpen(state));
}

/// From that millisecond on an answer is too late, though nobody has stored the expiry yet; then the expiry
/// still has to be stored.
pub async fn a_late_answer_is_told_so(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", Some(at(100)))]).await;
    for millis in [100, 101, 1_000_000_000] {
        let late = world.resolve(owned.run, "ask", approved(), at(millis)).await;
        assert!(matches!(late, ResolveOutcome::NotOpen(WaitState::Expired { .. })), "{late:?}");
    }
    assert_eq!(world.claim(world.node, 10).await, [], "a late answer is no work");
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(100)));
    let expired = world.resolve(owned.run, "ask", Resolution::Expired, at(102)).await;
    assert_eq!(expired, ResolveOutcome::Won);
}

/// An expiry before its time changes nothing.
pub async fn an_early_expiry_is_refused(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", Some(at(100))), ("ever", None)]).await;
    let before = world.snapshot(owned.run).await;
    for (name, now) in [("ask", at(99)), ("ever", at(100)), ("ever", Timestamp::from_millis(i64::MAX))] {
        let early = world.resolve(owned.run, name, Resolution::Expired, now).await;
        assert_eq!(early, ResolveOutcome::NotOpen(WaitState::Open), "{name}");
    }
    assert_eq!(world.snapshot(owned.run).await, before);
    world.answered(owned.run, "ask", at(99)).await;
    world.answered(owned.run, "ever", Timestamp::from_millis(i64::MAX)).await;
}

/// An expiry on the millisecond is an answer like another: stored, told, and up for a claim.
pub async fn an_expiry_is_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("ask", Some(at(100)))]).await;
    let expired = world.resolve(owned.run, "ask", Resolution::Expired, at(100)).await;
    assert_eq!(expired, ResolveOutcome::Won);
    let state = WaitState::Expired { resolved_at: at(100) };
    for later in [approved(), Resolution::Expired] {
        let late = world.resolve(owned.run, "ask", later, at(101)).await;
        assert_eq!(late, ResolveOutcome::NotOpen(state.clone()));
    }
    assert_eq!(world.loaded(owned.run).await.waits[0].state, state);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    let mut owned = world.claim_run(world.node, &owned).await.unwrap();
    let appended = world.accepted(world.step(&owned, at(102)), &mut owned).await;
    assert_eq!(appended.resolved[0].resolution, Resolution::Expired);
}

/// Waits at the ends of time obey the same rule.
pub async fn extremes_obey(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_millis);
    let owned = world.waiting(0, &[("first", Some(first)), ("last", Some(last))]).await;
    let late = world.resolve(owned.run, "first", approved(), first).await;
    assert!(matches!(late, ResolveOutcome::NotOpen(WaitState::Expired { .. })), "{late:?}");
    assert_eq!(world.resolve(owned.run, "first", Resolution::Expired, first).await, ResolveOutcome::Won);
    let late = world.resolve(owned.run, "last", approved(), last).await;
    assert!(matches!(late, ResolveOutcome::NotOpen(WaitState::Expired { .. })), "{late:?}");
    world.answered(owned.run, "last", Timestamp::from_millis(i64::MAX - 1)).await;
}

/// Answers and expiries at the same moment, from servers whose clocks differ: one wins.
pub async fn races_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for _ in 0..20 {
        let owned = world.waiting(0, &[("ask", Some(at(100)))]).await;
        let outcomes = at_once(6, |index| {
            let world = world.clone();
            async move {
                if index % 2 == 0 {
                    world.resolve(owned.run, "ask", approved(), at(99)).await
                } else {
                    world.resolve(owned.run, "ask", Resolution::Expired, at(100)).await
                }
            }
        });
        let outcomes = outcomes.await;
        let won = outcomes.iter().filter(|outcome| **outcome == ResolveOutcome::Won);
        assert_eq!(won.count(), 1, "{outcomes:?}");
        let waits = world.loaded(owned.run).await.waits;
        let lost = outcomes.iter().filter(|outcome| **outcome != ResolveOutcome::Won);
        assert!(
            lost.clone().all(|it| *it == ResolveOutcome::NotOpen(waits[0].state.clone())),
            "{outcomes:?}"
        );
    }
}
