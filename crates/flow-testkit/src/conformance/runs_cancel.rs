//! Asking for a run's cancelling.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{AppendRefused, CancelOutcome, ResolveOutcome, WaitState};
use flow_model::{RunId, RunStatus};

use super::Backend;
use super::world::{World, approved, at, at_once, visit};

async fn cancel(world: &World, run: RunId, millis: i64, force: bool) -> CancelOutcome {
    world.store.run_cancel(run, at(millis), force).await.unwrap()
}

/// A run that isn't there can't be cancelled.
pub async fn unknown_is_missing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let run = RunId::new(at(0), world.random());
    for force in [false, true] {
        assert_eq!(cancel(&world, run, 1, force).await, CancelOutcome::Missing);
    }
}

/// A finished run says how it ended and stays so.
pub async fn finished_stays_finished(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled] {
        let mut owned = world.queued(0).await;
        world.accepted(world.ending(&owned, at(1), status), &mut owned).await;
        let before = world.snapshot(owned.run).await;
        for force in [false, true] {
            assert_eq!(cancel(&world, owned.run, 2, force).await, CancelOutcome::Finished(status));
        }
        assert_eq!(world.snapshot(owned.run).await, before);
    }
}

/// A request closes the open waits, drops their timers and puts the run up for a claim; asking again keeps
/// the time of the first.
pub async fn closes_the_waits(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", Some(at(50))), ("b", None)]).await;
    assert_eq!(cancel(&world, owned.run, 1, false).await, CancelOutcome::Requested);
    let waits = world.store.wait_list(owned.run).await.unwrap();
    assert!(waits.iter().all(|wait| wait.state == WaitState::Closed), "{waits:?}");
    assert_eq!(world.loaded(owned.run).await.waits, []);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    for force in [false, true] {
        assert_eq!(cancel(&world, owned.run, 2, force).await, CancelOutcome::Requested);
    }
    let record = world.record(owned.run).await;
    assert_eq!((record.cancel_requested_at, record.status), (Some(at(1)), RunStatus::Waiting));
    let late = world.resolve(owned.run, "a", approved(), at(3)).await;
    assert_eq!(late, ResolveOutcome::NotOpen(WaitState::Closed));
    let mut owned = world.claim_run(world.node, &owned).await.unwrap();
    let appended = world.accepted(world.ending(&owned, at(4), RunStatus::Cancelled), &mut owned).await;
    assert!(appended.cancel_requested && appended.released, "{appended:?}");
    assert_eq!(cancel(&world, owned.run, 5, false).await, CancelOutcome::Finished(RunStatus::Cancelled));
}

/// The owner of a queued or running run is told with its next commit, whichever it is.
pub async fn the_owner_is_told(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    assert_eq!(cancel(&world, owned.run, 1, false).await, CancelOutcome::Requested);
    assert_eq!(world.claim(world.living_node().await, 10).await, [], "its owner lives");
    for millis in [2, 3] {
        let appended = world.accepted(world.step(&owned, at(millis)), &mut owned).await;
        assert!(appended.cancel_requested && !appended.released, "{appended:?}");
    }
}

/// Once it was acknowledged, the run neither completes nor fails; a stale owner learns only that it is one.
pub async fn an_acknowledged_cancel_holds(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    cancel(&world, owned.run, 1, false).await;
    for status in [RunStatus::Completed, RunStatus::Failed] {
        assert_eq!(world.refused(world.ending(&owned, at(2), status)).await, AppendRefused::Cancelling);
        let mut stale = world.ending(&owned, at(2), status);
        stale.epoch = 0;
        assert_eq!(world.refused(stale).await, AppendRefused::Stale);
    }
    world.accepted(world.step(&owned, at(3)), &mut owned).await;
    world.accepted(world.ending(&owned, at(4), RunStatus::Cancelled), &mut owned).await;
}

/// A wait that is opened after the request is closed at once: no answer to it is ever acknowledged.
pub async fn later_waits_are_closed(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    cancel(&world, owned.run, 1, false).await;
    let opening = world.opening(&owned, at(2), &[("ask", Some(at(50)))]);
    world.accepted(opening, &mut owned).await;
    let answer = world.resolve(owned.run, "ask", approved(), at(3)).await;
    assert_eq!(answer, ResolveOutcome::NotOpen(WaitState::Closed));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}

/// An answer to the last wait was stored first: nothing changes, unless the caller insists.
pub async fn an_answer_comes_first(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", None)]).await;
    world.answered(owned.run, "a", at(1)).await;
    let before = world.snapshot(owned.run).await;
    for _ in 0..2 {
        assert_eq!(cancel(&world, owned.run, 2, false).await, CancelOutcome::Resuming);
        assert_eq!(world.snapshot(owned.run).await, before);
    }
    assert_eq!(cancel(&world, owned.run, 3, true).await, CancelOutcome::Requested);
    assert_eq!(cancel(&world, owned.run, 4, false).await, CancelOutcome::Requested);
    let mut owned = world.claim_run(world.node, &owned).await.unwrap();
    let appended = world.accepted(world.step(&owned, at(5)), &mut owned).await;
    assert!(appended.cancel_requested);
    assert_eq!(appended.resolved.len(), 1, "the answer was acknowledged and is still told");
}

/// With another wait still open, or once the answer is taken up, the request goes through.
pub async fn only_a_last_answer_defers_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = world.waiting(0, &[("a", None), ("b", None)]).await;
    world.answered(owned.run, "a", at(1)).await;
    assert_eq!(cancel(&world, owned.run, 2, false).await, CancelOutcome::Requested);

    let owned = world.waiting(0, &[("a", None)]).await;
    world.answered(owned.run, "a", at(1)).await;
    let mut owned = world.claim_run(world.node, &owned).await.unwrap();
    assert_eq!(cancel(&world, owned.run, 2, false).await, CancelOutcome::Resuming, "claimed isn't taken up");
    let mut takes = world.step(&owned, at(3));
    takes.commit.waits_taken = vec![visit("a")];
    world.accepted(takes, &mut owned).await;
    assert_eq!(cancel(&world, owned.run, 4, false).await, CancelOutcome::Requested);

    let mut owned = world.queued(0).await;
    let mut opening = world.opening(&owned, at(1), &[("a", None)]);
    opening.status = RunStatus::Running;
    world.accepted(opening, &mut owned).await;
    world.answered(owned.run, "a", at(2)).await;
    let outcome = cancel(&world, owned.run, 3, false).await;
    assert_eq!(outcome, CancelOutcome::Requested, "another path still runs");
}

/// An answer and a cancel at the same moment: one of them counts, and both callers learn which.
pub async fn races_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for round in 0..30 {
        let owned = world.waiting(round, &[("ask", None)]).await;
        let both = at_once(2, |index| {
            let world = world.clone();
            async move {
                if index == 0 {
                    (Some(world.resolve(owned.run, "ask", approved(), at(90)).await), None)
                } else {
                    (None, Some(cancel(&world, owned.run, 90, false).await))
                }
            }
        });
        let both = both.await;
        match (both[0].0.as_ref().unwrap(), both[1].1.unwrap()) {
            (ResolveOutcome::Won, CancelOutcome::Resuming)
            | (ResolveOutcome::NotOpen(WaitState::Closed), CancelOutcome::Requested) => {}
            other => panic!("both or neither counted: {other:?}"),
        }
    }
}

/// A cancel and the commit that completes the run at the same moment: one of them counts.
pub async fn races_the_end(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for round in 0..30 {
        let owned = world.queued(round).await;
        let ends = world.ending(&owned, at(90), RunStatus::Completed);
        let both = at_once(2, |index| {
            let (world, ends) = (world.clone(), ends.clone());
            async move {
                if index == 0 {
                    (Some(world.store.run_append(ends).await.unwrap()), None)
                } else {
                    (None, Some(cancel(&world, owned.run, 90, false).await))
                }
            }
        });
        let both = both.await;
        match (both[0].0.as_ref().unwrap(), both[1].1.unwrap()) {
            (Ok(_), CancelOutcome::Finished(RunStatus::Completed))
            | (Err(AppendRefused::Cancelling), CancelOutcome::Requested) => {}
            other => panic!("both or neither counted: {other:?}"),
        }
    }
}
