//! What others want of a run, as its driver asks for it.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::Signals;
use flow_model::{Resolution, RunId, RunStatus};

use super::Backend;
use super::world::{World, approved, at, visit};

/// There are none of a run that isn't there, and nothing in those of one that nobody asks for anything.
pub async fn unknown_is_none(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let nobody = RunId::new(at(0), world.random());
    assert_eq!(world.store.run_signals(nobody).await.unwrap(), None);
    let owned = world.waiting(0, &[("ask", Some(at(90)))]).await;
    assert_eq!(world.store.run_signals(owned.run).await.unwrap(), Some(Signals::default()));
}

/// Answers are told oldest first, until a commit takes them up, to the letter as a commit tells them.
pub async fn tell_answers_until_taken(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let waits = [("a", Some(at(3))), ("b", None), ("c", None), ("d", None)];
    let mut opening = world.opening(&owned, at(1), &waits);
    opening.status = RunStatus::Running;
    world.accepted(opening, &mut owned).await;
    world.answered(owned.run, "c", at(2)).await;
    world.resolve(owned.run, "a", Resolution::Expired, at(4)).await;
    world.answered(owned.run, "b", at(4)).await;
    let signals = world.store.run_signals(owned.run).await.unwrap().unwrap();
    let told: Vec<_> =
        signals.resolved.iter().map(|answer| (answer.visit.as_str(), answer.resolved_at)).collect();
    assert_eq!(told, [("c", at(2)), ("a", at(4)), ("b", at(4))]);
    assert_eq!(signals.resolved[0].resolution, approved());
    assert_eq!(signals.resolved[1].resolution, Resolution::Expired);
    assert!(!signals.cancel_requested);
    let mut taking = world.step(&owned, at(5));
    taking.commit.waits_taken = vec![visit("a")];
    let appended = world.accepted(taking, &mut owned).await;
    let signals = world.store.run_signals(owned.run).await.unwrap().unwrap();
    assert_eq!(signals.resolved, appended.resolved);
    assert_eq!(signals.resolved.len(), 2);
}

/// A cancel is told from its acknowledgement on.
pub async fn tell_a_cancel(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.queued(0).await;
    world.store.run_cancel(owned.run, at(1), false).await.unwrap();
    let expected = Signals { cancel_requested: true, resolved: Vec::new() };
    assert_eq!(world.store.run_signals(owned.run).await.unwrap(), Some(expected));
}
