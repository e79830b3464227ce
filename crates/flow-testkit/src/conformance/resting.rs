//! Runs that were given up with work left to do: a step backs off, and a timer calls the run up.
#![expect(clippy::unwrap_used, reason = "a case ends at the first failure of the store")]

use std::sync::Arc;

use flow_engine::{Append, AppendRefused, Appended, CancelOutcome, Created, Timer, TimerKind};
use flow_model::{EventKind, RunError, RunId, RunStatus, Timestamp};

use super::Backend;
use super::world::{Owned, World, approval, at, at_once, step_started, visit};

fn retry(run: RunId, name: &str, due_at: Timestamp) -> Timer {
    Timer { run, visit: visit(name), kind: TimerKind::Retry, due_at }
}

fn retrying(name: &str, due_at: Timestamp) -> EventKind {
    EventKind::StepRetrying { visit: visit(name), error: RunError::new("timeout", "slow"), due_at }
}

/// An append after which the run rests, with a timer for `load`.
fn backing_off(world: &World, owned: &Owned, status: RunStatus, due_at: Timestamp) -> Append {
    let mut append = world.append(owned, at(1), status, vec![retrying("load", due_at)]);
    append.commit.timers_set = vec![(visit("load"), TimerKind::Retry, due_at)];
    append.commit.release = true;
    append
}

/// A run that rests until `due_at`.
async fn resting(world: &World, millis: i64, due_at: Timestamp) -> Owned {
    let mut owned = world.queued(millis).await;
    let append = backing_off(world, &owned, RunStatus::Running, due_at);
    let appended = world.accepted(append, &mut owned).await;
    assert_eq!(appended, Appended { released: true, ..Appended::default() });
    owned
}

/// Whether a claim takes the run, by its name or not. Nothing else may be up for one.
async fn is_claimed(world: &World, owned: &Owned) -> bool {
    let node = world.living_node().await;
    let is_taken = world.claim_run(node, owned).await.is_some();
    assert_eq!(world.claim(node, 10).await, [], "a claim takes what it can by name, and nothing twice");
    is_taken
}

async fn timers(world: &World) -> Vec<Timer> {
    world.store.timer_due(Timestamp::from_millis(i64::MAX), 100).await.unwrap()
}

/// A run that was given up is nobody's and is left alone, whatever its status says: also when its last owner
/// dies.
pub async fn nobody_claims_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Queued, RunStatus::Running] {
        let mut owned = world.queued(0).await;
        let append = backing_off(&world, &owned, status, at(100));
        assert!(world.accepted(append, &mut owned).await.released);
        assert!(!is_claimed(&world, &owned).await, "{status:?}");
        assert_eq!(world.refused(world.step(&owned, at(2))).await, AppendRefused::Stale);
        assert_eq!(world.record(owned.run).await.status, status);
    }
    world.kill(world.node).await;
    world.store.node_leave(world.node).await.unwrap();
    assert_eq!(world.claim(world.living_node().await, 10).await, []);
}

/// A first commit can leave a run at rest already.
pub async fn it_can_rest_at_once(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Queued, RunStatus::Running] {
        let mut create = world.create(0);
        create.record.status = status;
        create.commit.timers_set = vec![(visit("load"), TimerKind::Retry, at(100))];
        create.commit.release = true;
        let run = create.record.id;
        let released = Created::New(Appended { released: true, ..Appended::default() });
        assert_eq!(world.store.run_create(create.clone()).await.unwrap(), released);
        let owned = Owned { run, node: world.node, epoch: 1, seq: 1 };
        assert!(!is_claimed(&world, &owned).await, "{status:?}");
        assert_eq!(world.store.run_create(create.clone()).await.unwrap(), released, "a repeat");
        assert!(world.store.timer_fire(retry(run, "load", at(100)), at(100)).await.unwrap());
        assert!(is_claimed(&world, &owned).await);
        world.store.run_create(create).await.unwrap();
        assert_eq!(timers(&world).await, [], "a repeat sets no timer anew");
    }
}

/// A timer fires from its millisecond on and once; then the run is up for a claim, until a commit of its owner.
pub async fn a_timer_calls_it_up(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = resting(&world, 0, at(100)).await;
    let timer = retry(owned.run, "load", at(100));
    assert_eq!(world.store.timer_next().await.unwrap(), Some(at(100)));
    assert_eq!(timers(&world).await, std::slice::from_ref(&timer));
    let before = world.snapshot(owned.run).await;
    for early in [Timestamp::from_millis(i64::MIN), at(0), at(99)] {
        assert!(!world.store.timer_fire(timer.clone(), early).await.unwrap());
    }
    assert_eq!(world.snapshot(owned.run).await, before, "too early, and nothing changed");
    assert!(!is_claimed(&world, &owned).await);
    assert!(world.store.timer_fire(timer.clone(), at(100)).await.unwrap());
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    let node = world.living_node().await;
    let mut mine = world.claim_run(node, &owned).await.unwrap();
    assert!(!world.store.timer_fire(timer, at(1_000)).await.unwrap(), "it is gone");
    // Its owner dies before it commits anything.
    world.kill(node).await;
    mine = world.claim_run(world.node, &mine).await.unwrap();
    assert_eq!(
        world.refused(world.step(&Owned { node, epoch: 2, ..mine }, at(101))).await,
        AppendRefused::Stale
    );
    // And then it backs off again.
    let again = backing_off(&world, &mine, RunStatus::Running, at(200));
    assert!(world.accepted(again, &mut mine).await.released);
    assert!(!is_claimed(&world, &mine).await);
}

/// A timer of no run, of another visit or another kind calls nothing up.
pub async fn other_timers_are_other_timers(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = resting(&world, 0, at(100)).await;
    let stranger = world.create(0).record.id;
    let expiry = Timer { kind: TimerKind::WaitExpiry, ..retry(owned.run, "load", at(100)) };
    for timer in [retry(stranger, "load", at(100)), retry(owned.run, "Load", at(100)), expiry] {
        assert!(!world.store.timer_fire(timer, at(1_000)).await.unwrap());
    }
    assert!(!is_claimed(&world, &owned).await);
    assert_eq!(timers(&world).await.len(), 1);
}

/// A cancel calls it up, and no timer counts any more: none is left, and none is set.
pub async fn a_cancel_calls_it_up(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = resting(&world, 0, at(100)).await;
    assert_eq!(world.store.run_cancel(owned.run, at(2), false).await.unwrap(), CancelOutcome::Requested);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    assert!(!world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap());
    let mut owned = world.claim_run(world.living_node().await, &owned).await.unwrap();
    let again = backing_off(&world, &owned, RunStatus::Running, at(200));
    let appended = world.accepted(again, &mut owned).await;
    assert_eq!(appended, Appended { cancel_requested: true, ..Appended::default() }, "it doesn't rest");
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    assert!(world.accepted(world.ending(&owned, at(3), RunStatus::Cancelled), &mut owned).await.released);
}

/// An answer calls it up: one path may wait while another backs off.
pub async fn an_answer_calls_it_up(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut append = backing_off(&world, &owned, RunStatus::Running, at(100));
    append.commit.waits_opened = vec![(visit("ask"), approval(None))];
    assert!(world.accepted(append, &mut owned).await.released);
    assert!(!is_claimed(&world, &owned).await);
    world.answered(owned.run, "ask", at(2)).await;
    let mut owned = world.claim_run(world.living_node().await, &owned).await.unwrap();
    assert_eq!(timers(&world).await, [retry(owned.run, "load", at(100))], "the other path still backs off");
    let mut rest = world.append(&owned, at(3), RunStatus::Running, vec![step_started("x")]);
    rest.commit.release = true;
    let appended = world.accepted(rest, &mut owned).await;
    assert!(!appended.released, "the answer isn't taken up");
    let mut rest = world.append(&owned, at(4), RunStatus::Running, vec![step_started("y")]);
    rest.commit.release = true;
    rest.commit.waits_taken = vec![visit("ask")];
    assert!(world.accepted(rest, &mut owned).await.released);
    assert!(!is_claimed(&world, &owned).await);
    assert!(world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap());
    assert!(is_claimed(&world, &owned).await);
}

/// An owner that goes on is up for a claim once it dies, although the run rested before.
pub async fn who_goes_on_doesnt_rest(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let owned = resting(&world, 0, at(100)).await;
    assert!(world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap());
    let node = world.living_node().await;
    let mut owned = world.claim_run(node, &owned).await.unwrap();
    let fired = world.append(
        &owned,
        at(100),
        RunStatus::Running,
        vec![EventKind::TimerFired { visit: visit("load") }],
    );
    assert!(!world.accepted(fired, &mut owned).await.released);
    assert!(!is_claimed(&world, &owned).await);
    world.kill(node).await;
    assert!(is_claimed(&world, &owned).await);
}

/// A repeat of the commit that gave the run up is told so, and puts no timer back that fired meanwhile.
pub async fn a_repeat_changes_nothing(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let append = backing_off(&world, &owned, RunStatus::Running, at(100));
    let released = world.accepted(append.clone(), &mut owned).await;
    let before = world.snapshot(owned.run).await;
    assert_eq!(world.store.run_append(append.clone()).await.unwrap(), Ok(released.clone()));
    assert_eq!(world.snapshot(owned.run).await, before);
    assert!(!is_claimed(&world, &owned).await);
    assert!(world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap());
    assert_eq!(world.store.run_append(append.clone()).await.unwrap(), Ok(released.clone()));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    assert!(is_claimed(&world, &owned).await, "the repeat didn't put it to rest again");
    assert_eq!(world.store.run_append(append).await.unwrap(), Ok(released));
}

/// There is one timer for a visit and kind: the one set last.
pub async fn a_timer_set_again_is_replaced(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for (first, second) in [(100, 200), (200, 100)] {
        let mut owned = world.queued(0).await;
        let mut append = backing_off(&world, &owned, RunStatus::Running, at(first));
        append.commit.release = false;
        world.accepted(append, &mut owned).await;
        let append = backing_off(&world, &owned, RunStatus::Running, at(second));
        world.accepted(append, &mut owned).await;
        assert_eq!(timers(&world).await, [retry(owned.run, "load", at(second))]);
        let stale = retry(owned.run, "load", at(first));
        assert!(!world.store.timer_fire(stale.clone(), at(second - 1)).await.unwrap());
        assert!(world.store.timer_fire(stale, at(second)).await.unwrap(), "the row's time counts");
        assert_eq!(timers(&world).await, []);
    }
}

/// An expiry and a retry of one visit are two timers.
pub async fn kinds_dont_meet(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    let mut owned = world.queued(0).await;
    let mut append = world.opening(&owned, at(1), &[("load", Some(at(50)))]);
    append.commit.timers_set = vec![(visit("load"), TimerKind::Retry, at(100))];
    append.commit.release = true;
    world.accepted(append, &mut owned).await;
    assert_eq!(timers(&world).await.len(), 2);
    world.answered(owned.run, "load", at(2)).await;
    assert_eq!(timers(&world).await, [retry(owned.run, "load", at(100))]);
}

/// A timer that outlives its run fires to no effect.
pub async fn a_finished_run_stays_finished(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for status in [RunStatus::Completed, RunStatus::Failed, RunStatus::Cancelled] {
        let mut owned = world.queued(0).await;
        let mut append = backing_off(&world, &owned, RunStatus::Running, at(100));
        append.commit.release = false;
        world.accepted(append, &mut owned).await;
        world.accepted(world.ending(&owned, at(2), status), &mut owned).await;
        let before = world.loaded(owned.run).await;
        world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap();
        let after = world.loaded(owned.run).await;
        assert_eq!((before.record, before.events), (after.record, after.events));
        assert!(!is_claimed(&world, &owned).await, "{status:?}");
        assert_eq!(timers(&world).await, []);
    }
}

/// Of many who fire a timer at the same moment one does, and one of them gets the run.
pub async fn one_of_many_fires_it(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for _ in 0..10 {
        let owned = resting(&world, 0, at(100)).await;
        let fired = at_once(8, |_| {
            let world = world.clone();
            async move { world.store.timer_fire(retry(owned.run, "load", at(100)), at(100)).await.unwrap() }
        });
        assert_eq!(fired.await.into_iter().filter(|fired| *fired).count(), 1);
        assert!(is_claimed(&world, &owned).await);
    }
}

/// A timer that fires while its run's owner sets it anew: whichever came first, the new time is there or the
/// run is up for a claim, and neither call fails.
pub async fn a_firing_races_its_owner(store: Arc<dyn Backend>) {
    let world = World::new(store).await;
    for _ in 0..20 {
        let mut owned = world.queued(0).await;
        let mut append = backing_off(&world, &owned, RunStatus::Running, at(100));
        append.commit.release = false;
        world.accepted(append, &mut owned).await;
        let append = backing_off(&world, &owned, RunStatus::Running, at(200));
        let done = at_once(2, |index| {
            let (world, append) = (world.clone(), append.clone());
            async move {
                if index == 0 {
                    world.store.run_append(append).await.unwrap().unwrap().released
                } else {
                    world.store.timer_fire(retry(owned.run, "load", at(100)), at(150)).await.unwrap()
                }
            }
        });
        assert!(done.await[0], "the owner's commit stands");
        assert_eq!(timers(&world).await, [retry(owned.run, "load", at(200))]);
        assert!(!is_claimed(&world, &owned).await);
        assert!(world.store.timer_fire(retry(owned.run, "load", at(200)), at(200)).await.unwrap());
        assert!(is_claimed(&world, &owned).await);
    }
}
