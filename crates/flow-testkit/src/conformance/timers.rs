//! What is due, and when.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Timer, TimerKind};
use flow_model::{Resolution, RunId, RunStatus, Timestamp};

use super::Backend;
use super::world::{World, at, visit};

fn timer(run: RunId, name: &str, due_at: Timestamp) -> Timer {
    Timer { run, visit: visit(name), kind: TimerKind::WaitExpiry, due_at }
}

async fn due(world: &World, now: Timestamp, limit: usize) -> Vec<Timer> {
    world.store.timer_due(now, limit).await.unwrap()
}

/// Without a wait that expires there is no timer.
pub async fn none_without_an_expiry(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    world.waiting(0, &[("ever", None)]).await;
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    assert_eq!(due(&world, Timestamp::from_millis(i64::MAX), 10).await, []);
}

/// A timer is due from its millisecond on, the earliest first, no more than asked for, and until it is
/// dealt with.
pub async fn due_on_the_millisecond(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let late = world.waiting(0, &[("late", Some(at(300))), ("early", Some(at(100)))]).await.run;
    let mid = world.waiting(1, &[("mid", Some(at(200)))]).await.run;
    let all = [timer(late, "early", at(100)), timer(mid, "mid", at(200)), timer(late, "late", at(300))];
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(100)));
    assert_eq!(due(&world, at(99), 10).await, []);
    assert_eq!(due(&world, at(100), 10).await, all[..1]);
    assert_eq!(due(&world, at(299), 10).await, all[..2]);
    assert_eq!(due(&world, at(300), 10).await, all);
    assert_eq!(due(&world, at(300), 2).await, all[..2]);
    assert_eq!(due(&world, at(300), usize::MAX).await, all, "asking takes nothing away");
    assert_eq!(due(&world, at(300), 0).await, []);
    let won = world.resolve(late, "early", Resolution::Expired, at(100)).await;
    assert_eq!(won, flow_engine::ResolveOutcome::Won);
    assert_eq!(due(&world, at(300), 10).await, all[1..]);
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(200)));
}

/// A timer goes with its wait: by an answer, a cancel, or the run's end.
pub async fn go_with_their_waits(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let answered = world.waiting(0, &[("a", Some(at(100)))]).await;
    let cancelled = world.waiting(0, &[("a", Some(at(200)))]).await;
    let mut ended = world.queued(0).await;
    let opening = world.opening(&ended, at(0), &[("a", Some(at(300)))]);
    world.accepted(opening, &mut ended).await;
    let kept = world.waiting(0, &[("a", Some(at(400)))]).await;
    world.answered(answered.run, "a", at(1)).await;
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(200)));
    world.store.run_cancel(cancelled.run, at(1), false).await.unwrap();
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(300)));
    world.accepted(world.ending(&ended, at(1), RunStatus::Failed), &mut ended).await;
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(400)));
    assert_eq!(due(&world, at(999), 10).await, [timer(kept.run, "a", at(400))]);
}

/// Many timers of one moment are all due then.
pub async fn many_of_one_moment(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let names: Vec<String> = (0..50).map(|number| format!("orders[{number}]/ask")).collect();
    let waits: Vec<_> = names.iter().map(|name| (name.as_str(), Some(at(100)))).collect();
    let mut runs = [world.waiting(0, &waits).await.run, world.waiting(0, &waits).await.run];
    let mut seen: Vec<_> =
        due(&world, at(100), 1000).await.into_iter().map(|it| (it.run, it.visit)).collect();
    seen.sort();
    runs.sort();
    let mut expected: Vec<_> =
        names.iter().flat_map(|name| runs.iter().map(|run| (*run, visit(name)))).collect();
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(due(&world, at(100), 30).await.len(), 30);
}

/// The ends of time are times like others.
pub async fn extremes_are_kept(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let [first, last] = [i64::MIN, i64::MAX].map(Timestamp::from_millis);
    let run = world.waiting(0, &[("last", Some(last)), ("first", Some(first))]).await.run;
    assert_eq!(world.store.timer_next().await.unwrap(), Some(first));
    assert_eq!(due(&world, first, 10).await, [timer(run, "first", first)]);
    assert_eq!(due(&world, Timestamp::from_millis(i64::MAX - 1), 10).await, [timer(run, "first", first)]);
    assert_eq!(due(&world, last, 10).await, [timer(run, "first", first), timer(run, "last", last)]);
}
