//! Visits that a commit closes while the run goes on.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Appended, CancelOutcome, ResolveOutcome, Timer, TimerKind, WaitState};
use flow_model::{Resolution, RunStatus, Timestamp};

use super::Backend;
use super::world::{Owned, World, approved, at, at_once, step_started, visit};

/// A run that is at work, with open waits for those visits.
async fn asking(world: &World, waits: &[(&str, Option<Timestamp>)]) -> Owned {
    let mut owned = world.queued(0).await;
    let mut opening = world.opening(&owned, at(1), waits);
    opening.status = RunStatus::Running;
    world.accepted(opening, &mut owned).await;
    owned
}

async fn states(world: &World, owned: &Owned) -> Vec<(String, WaitState)> {
    let waits = world.store.wait_list(owned.run).await.unwrap();
    waits.into_iter().map(|wait| (wait.visit.to_string(), wait.state)).collect()
}

async fn timers(world: &World) -> Vec<Timer> {
    world.store.timer_due(Timestamp::from_millis(i64::MAX), 100).await.unwrap()
}

/// A closed visit's wait can't be answered any more; those of others can.
pub async fn its_wait_is_closed(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("fan:left/ask", None), ("fan:right/ask", None)]).await;
    let mut closing = world.step(&owned, at(2));
    closing.commit.closed = vec![visit("fan:left/ask")];
    assert_eq!(world.accepted(closing, &mut owned).await, Appended::default());
    let expected = [("fan:left/ask", WaitState::Closed), ("fan:right/ask", WaitState::Open)];
    assert_eq!(states(&world, &owned).await, expected.map(|(name, state)| (name.to_owned(), state)));
    let late = world.resolve(owned.run, "fan:left/ask", approved(), at(3)).await;
    assert_eq!(late, ResolveOutcome::NotOpen(WaitState::Closed));
    assert_eq!(world.loaded(owned.run).await.waits.len(), 1);
    world.answered(owned.run, "fan:right/ask", at(3)).await;
    let appended = world.accepted(world.step(&owned, at(4)), &mut owned).await;
    assert_eq!(appended.resolved.len(), 1);
    assert_eq!(appended.resolved[0].visit, visit("fan:right/ask"));
}

/// No timer of a closed visit is left, of whatever kind; those of others are.
pub async fn its_timers_are_gone(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("a", Some(at(90))), ("b", Some(at(91)))]).await;
    let mut backing_off = world.step(&owned, at(2));
    backing_off.commit.timers_set =
        vec![(visit("a"), TimerKind::Retry, at(80)), (visit("c"), TimerKind::Retry, at(81))];
    world.accepted(backing_off, &mut owned).await;
    let mut closing = world.step(&owned, at(3));
    closing.commit.closed = vec![visit("a"), visit("c")];
    // One that the very commit sets goes with its visit, too.
    closing.commit.timers_set = vec![(visit("c"), TimerKind::Retry, at(70))];
    world.accepted(closing, &mut owned).await;
    let left = Timer { run: owned.run, visit: visit("b"), kind: TimerKind::WaitExpiry, due_at: at(91) };
    assert_eq!(timers(&world).await, [left]);
    let late = world.resolve(owned.run, "a", Resolution::Expired, at(95)).await;
    assert_eq!(late, ResolveOutcome::NotOpen(WaitState::Closed));
}

/// A wait that one commit opens and closes is a closed one, without a timer, and doesn't count as open.
pub async fn opened_and_closed_is_closed(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut both = world.opening(&owned, at(1), &[("a", Some(at(90))), ("b", None)]);
    both.commit.closed = vec![visit("a")];
    both.commit.release = true;
    assert!(world.accepted(both, &mut owned).await.released);
    let expected = [("a", WaitState::Closed), ("b", WaitState::Open)];
    assert_eq!(states(&world, &owned).await, expected.map(|(name, state)| (name.to_owned(), state)));
    assert_eq!(timers(&world).await, []);
    // Its last open wait is answered: a cancel lets that answer go first.
    world.answered(owned.run, "b", at(2)).await;
    assert_eq!(world.store.run_cancel(owned.run, at(3), false).await.unwrap(), CancelOutcome::Resuming);
}

/// The first commit of a run may do the same.
pub async fn a_create_can_close(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut create = world.create(0);
    let waits = [("a", Some(at(90))), ("b", None)];
    let opening =
        world.opening(&Owned { run: create.record.id, node: create.node, epoch: 1, seq: 1 }, at(0), &waits);
    create.commit.events.extend(opening.commit.events);
    create.commit.waits_opened = opening.commit.waits_opened;
    create.commit.timers_set = vec![(visit("a"), TimerKind::Retry, at(80))];
    create.commit.closed = vec![visit("never"), visit("a")];
    create.record.seq = 3;
    let owned = world.created(create).await;
    let expected = [("a", WaitState::Closed), ("b", WaitState::Open)];
    assert_eq!(states(&world, &owned).await, expected.map(|(name, state)| (name.to_owned(), state)));
    assert_eq!(timers(&world).await, []);
}

/// An answer to a closed visit that nobody took up is never offered again and keeps nobody awake.
pub async fn an_answer_to_it_counts_as_taken(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("a", None), ("b", None), ("c", None)]).await;
    world.answered(owned.run, "a", at(2)).await;
    world.answered(owned.run, "b", at(3)).await;
    let mut closing = world.append(&owned, at(4), RunStatus::Waiting, vec![step_started("x")]);
    closing.commit.closed = vec![visit("a")];
    closing.commit.release = true;
    let appended = world.accepted(closing, &mut owned).await;
    assert!(!appended.released, "the other answer holds it");
    assert_eq!(appended.resolved.iter().map(|answer| answer.visit.as_str()).collect::<Vec<_>>(), ["b"]);
    let mut closing = world.append(&owned, at(5), RunStatus::Waiting, vec![step_started("y")]);
    closing.commit.closed = vec![visit("b")];
    closing.commit.release = true;
    let appended = world.accepted(closing, &mut owned).await;
    assert_eq!(appended, Appended { released: true, ..Appended::default() });
    assert_eq!(world.claim_run(world.node, &owned).await.map(|owned| owned.epoch), None);
    let pending = world.loaded(owned.run).await.waits;
    assert_eq!(pending.iter().map(|wait| wait.visit.as_str()).collect::<Vec<_>>(), ["c"]);
    assert!(matches!(states(&world, &owned).await[0].1, WaitState::Resolved { .. }), "the list keeps it");
}

/// What is taken up, closed already, named twice, or has no row can be closed all the same.
pub async fn whatever_there_is_can_be_closed(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("a", None), ("b", None), ("c", None)]).await;
    world.answered(owned.run, "a", at(2)).await;
    for millis in [3, 4] {
        let mut closing = world.append(&owned, at(millis), RunStatus::Waiting, vec![step_started("x")]);
        closing.commit.closed = ["b", "a", "never", "b"].map(visit).to_vec();
        closing.commit.waits_taken = if millis == 3 { vec![visit("a")] } else { Vec::new() };
        world.accepted(closing, &mut owned).await;
    }
    let mut releasing = world.append(&owned, at(5), RunStatus::Waiting, vec![step_started("y")]);
    releasing.commit.release = true;
    assert!(world.accepted(releasing, &mut owned).await.released);
    world.answered(owned.run, "c", at(6)).await;
    let owned = world.claim_run(world.node, &owned).await.unwrap();
    let signals = world.store.run_signals(owned.run).await.unwrap().unwrap();
    assert_eq!(signals.resolved.len(), 1, "{signals:?}");
}

/// A repeat of a commit that closes is told how things stand, and closes nothing twice; a stale owner's closes
/// nothing.
pub async fn a_repeat_closes_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("a", Some(at(90))), ("b", Some(at(91)))]).await;
    world.answered(owned.run, "a", at(2)).await;
    let mut stale = world.step(&owned, at(3));
    stale.epoch += 1;
    stale.commit.closed = vec![visit("a"), visit("b")];
    world.refused(stale).await;
    let mut closing = world.step(&owned, at(3));
    closing.commit.closed = vec![visit("a"), visit("b")];
    world.accepted(closing.clone(), &mut owned).await;
    let before = world.snapshot(owned.run).await;
    assert_eq!(world.store.run_append(closing).await.unwrap(), Ok(Appended::default()));
    assert_eq!(world.snapshot(owned.run).await, before);
}

/// A cancelled run's visits are closed whatever its owner says, and an end closes the others, too.
pub async fn ends_close_the_rest(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = asking(&world, &[("a", Some(at(90))), ("b", Some(at(91)))]).await;
    let mut ending = world.ending(&owned, at(3), RunStatus::Failed);
    ending.commit.closed = vec![visit("a")];
    assert!(world.accepted(ending, &mut owned).await.released);
    assert!(states(&world, &owned).await.iter().all(|(_, state)| *state == WaitState::Closed));
    let mut owned = asking(&world, &[("a", Some(at(90))), ("b", Some(at(91)))]).await;
    world.store.run_cancel(owned.run, at(2), true).await.unwrap();
    let mut closing = world.opening(&owned, at(3), &[("c", Some(at(92)))]);
    closing.commit.closed = vec![visit("a"), visit("c")];
    assert!(world.accepted(closing, &mut owned).await.cancel_requested);
    assert!(states(&world, &owned).await.iter().all(|(_, state)| *state == WaitState::Closed));
    assert_eq!(timers(&world).await, []);
}

/// An answer and a closing at the same moment: it was in time, and is dropped, or it is told that it is late.
pub async fn races_an_answer(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for _ in 0..20 {
        let owned = asking(&world, &[("a", Some(at(90)))]).await;
        let mut closing = world.append(&owned, at(50), RunStatus::Waiting, vec![step_started("x")]);
        closing.commit.closed = vec![visit("a")];
        closing.commit.release = true;
        let told = at_once(2, |index| {
            let (world, closing) = (world.clone(), closing.clone());
            async move {
                if index == 0 {
                    let outcome = world.resolve(owned.run, "a", approved(), at(60)).await;
                    assert!(
                        [ResolveOutcome::Won, ResolveOutcome::NotOpen(WaitState::Closed)].contains(&outcome)
                    );
                    None
                } else {
                    Some(world.store.run_append(closing).await.unwrap().unwrap())
                }
            }
        });
        let told = told.await.into_iter().flatten().next().unwrap();
        assert_eq!(told, Appended { released: true, ..Appended::default() });
        assert_eq!(world.claim_run(world.node, &owned).await.map(|owned| owned.epoch), None);
        assert_eq!(timers(&world).await, []);
    }
}
