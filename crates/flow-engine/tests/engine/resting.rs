//! Runs that back off: nobody drives them, nobody owns them, and nothing loses them.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Claim, Claimable, Clock, Patience, Store, TimerKind};
use flow_model::{BatchId, NodeId, RunStatus};
use flow_testkit::{Fate, ManualClock};
use serde_json::json;

use crate::attempts::{Attempts, ever, network, retried};
use crate::retry::backing_off;
use crate::scenario::check_log;
use crate::world::{LEASE, LONG, World, as_time_passes, error, output, soon, steps};

const HOUR: Duration = Duration::from_secs(3600);

/// A pause much longer than a lease.
fn hourly() -> serde_json::Value {
    retried(json!({ "backoff": "fixed", "initialDelayMs": 3_600_000, "maxDelayMs": 3_600_000 }))
}

#[tokio::test]
async fn no_lease_holds_it() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
    let pause = LEASE * 2 / 3;
    let document = retried(json!({ "initialDelayMs": u64::try_from(pause.as_millis()).unwrap() }));
    let run = backing_off(&world, &engine, &document).await;
    dying.die();
    world.clock.advance(pause);
    let next = world.engine(steps(&attempts.step)).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "call": 2 }));
    assert_eq!(attempts.millis(), [0, 10_000], "the lease of the process that died hasn't ended");
}

#[tokio::test]
async fn no_driver_holds_it() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let engine = world.engine(steps(&attempts.step)).await;
    let run = backing_off(&world, &engine, &hourly()).await;
    assert_eq!(world.inspect(&engine, run).await.status(), RunStatus::Running);
    assert_eq!(world.store.timer_next().await.unwrap(), Some(world.clock.now().after(HOUR)));
    let claim = Claim {
        node: NodeId::from_bytes([9; 16]),
        of: Claimable::Run(run),
        limit: 1,
        id: BatchId::from_bytes([9; 16]),
        repeated: false,
        now: world.clock.now(),
    };
    assert_eq!(world.store.run_claim(claim).await.unwrap(), []);
    // The clock stands still: a driver that waited for the next attempt would hold the stop up.
    soon(engine.stop(HOUR)).await;
    world.clock.advance(HOUR);
    let next = world.engine(steps(&attempts.step)).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "call": 2 }));
    assert_eq!(attempts.millis(), [0, 3_600_000]);
}

#[tokio::test]
async fn a_process_that_dies_in_the_pause_loses_nothing() {
    for overdue in [Duration::ZERO, HOUR] {
        let world = World::new();
        let attempts = Attempts::failing(&world, 2, network());
        let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
        let run = backing_off(&world, &engine, &hourly()).await;
        dying.die();
        world.clock.advance(HOUR + overdue);
        let next = world.engine(steps(&attempts.step)).await;
        assert_eq!(output(&world.until_ended(&next, run).await), json!({ "call": 3 }));
        let late = u64::try_from(overdue.as_millis()).unwrap();
        assert_eq!(attempts.millis(), [0, 3_600_000 + late, 7_200_000 + late], "the pause goes by the clock");
        check_log(&world.store, run).await;
    }
}

#[tokio::test]
async fn a_process_that_dies_as_the_timer_fires_loses_nothing() {
    for (name, fate) in [
        ("timer_fire", Fate::Die),
        ("timer_fire", Fate::DieAfter),
        ("run_claim", Fate::Die),
        ("run_claim", Fate::DieAfter),
        ("run_append", Fate::Die),
        ("run_append", Fate::DieAfter),
    ] {
        let world = World::new();
        let attempts = Attempts::failing(&world, 1, network());
        let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
        let run = backing_off(&world, &engine, &hourly()).await;
        world.clock.advance(HOUR);
        dying.set_rule(move |call| if call.name == name { fate } else { Fate::Pass });
        as_time_passes(&world.clock, dying.until_dead()).await;
        world.clock.advance(LEASE);
        let next = world.engine(steps(&attempts.step)).await;
        let view = world.until_ended(&next, run).await;
        assert_eq!(view.output().unwrap()["call"], json!(2), "{name} {fate:?}");
        assert_eq!(view.state.visit("one").unwrap().attempt, 2, "{name} {fate:?}");
        check_log(&world.store, run).await;
    }
}

#[tokio::test]
async fn a_reply_that_is_lost_as_the_timer_fires_delays_it_at_the_most() {
    for name in ["timer_due", "timer_fire", "run_claim", "run_load", "run_append"] {
        for fate in [Fate::Fail, Fate::LoseReply] {
            let world = World::new();
            let attempts = Attempts::failing(&world, 1, network());
            let (engine, store) = world.faulty_engine(steps(&attempts.step)).await;
            let run = backing_off(&world, &engine, &hourly()).await;
            let once = std::sync::atomic::AtomicBool::new(true);
            store.set_rule(move |call| {
                let strikes = call.name == name && once.swap(false, std::sync::atomic::Ordering::Relaxed);
                if strikes { fate } else { Fate::Pass }
            });
            world.clock.advance(HOUR);
            world
                .as_time_passes(async {
                    while !world.store.run_record(run).await.unwrap().unwrap().status.is_finished() {
                        tokio::task::yield_now().await;
                    }
                })
                .await;
            store.clear_rule();
            let view = world.inspect(&engine, run).await;
            assert_eq!(output(&view), json!({ "call": 2 }), "{name} {fate:?}");
            assert_eq!(attempts.millis().len(), 2, "{name} {fate:?}");
            assert!(attempts.millis()[1] <= 3_600_000 + 10_000, "{name} {fate:?}: {:?}", attempts.millis());
        }
    }
}

#[tokio::test]
async fn a_cancel_in_the_pause_ends_it_at_once() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let engine = world.engine(steps(&attempts.step)).await;
    let run = backing_off(&world, &engine, &hourly()).await;
    let reply = soon(engine.cancel(world.workspace, run)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (true, RunStatus::Cancelled));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    world.clock.advance(HOUR * 2);
    as_time_passes(&world.clock, async { tokio::task::yield_now().await }).await;
    assert_eq!(attempts.millis(), [0]);
    check_cancelled(&world, run).await;
}

async fn check_cancelled(world: &World, run: flow_model::RunId) {
    let events = world.store.run_events(run, 0).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
    assert_eq!(names, ["run.started", "step.started", "step.retrying", "run.cancelled"]);
}

#[tokio::test]
async fn a_caller_is_told_of_a_cancel_in_the_pause() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let engine = world.engine(steps(&attempts.step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&hourly(), json!({})));
        async move { engine.execute(flow_engine::Execute { patience: LONG, ..call }).await }
    });
    soon(async {
        while world.store.timer_next().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let run = attempts.step.calls()[0].execution.run;
    soon(engine.cancel(world.workspace, run)).await.unwrap();
    assert_eq!(soon(call).await.unwrap().unwrap().view.status(), RunStatus::Cancelled);
}

/// A run whose timer was fired by a server that is ahead of this one's clock.
async fn claimed_early(
    world: &World,
    attempts: &Attempts,
) -> (flow_engine::Engine, ManualClock, flow_model::RunId) {
    let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
    let run = backing_off(world, &engine, &hourly()).await;
    dying.die();
    let due = world.store.timer_due(world.clock.now().after(HOUR), 10).await.unwrap();
    let [timer] = &due[..] else { panic!("{due:?}") };
    assert_eq!(timer.kind, TimerKind::Retry);
    assert!(world.store.timer_fire(timer.clone(), timer.due_at).await.unwrap());
    let behind = ManualClock::at(world.clock.now());
    let engine = world
        .engine_with_clock(
            Arc::new(flow_testkit::FaultyStore::new(world.store.clone())),
            steps(&attempts.step),
            &behind,
        )
        .await;
    soon(async {
        while world.store.run_record(run).await.unwrap().is_none_or(|_| engine_is_idle(&behind)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    (engine, behind, run)
}

/// Whether nobody sleeps for the next attempt yet: the engine's own tasks are four.
fn engine_is_idle(clock: &ManualClock) -> bool {
    clock.sleepers() < 5
}

#[tokio::test]
async fn a_server_whose_clock_is_behind_waits_for_the_time_of_the_attempt() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let (engine, behind, run) = claimed_early(&world, &attempts).await;
    assert_eq!(attempts.step.calls().len(), 1);
    let view = as_time_passes(&behind, async {
        loop {
            let view = world.inspect(&engine, run).await;
            if view.status().is_finished() {
                return view;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(output(&view.await), json!({ "call": 2 }));
    assert!(behind.now() >= world.clock.now().after(HOUR));
}

#[tokio::test]
async fn a_run_that_was_claimed_early_holds_no_stop_up() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let (engine, _behind, run) = claimed_early(&world, &attempts).await;
    soon(engine.stop(HOUR)).await;
    world.clock.advance(HOUR);
    let next = world.engine(steps(&attempts.step)).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "call": 2 }));
}

#[tokio::test]
async fn many_that_back_off_are_all_tried_again() {
    let world = World::new();
    let attempts = Attempts::new(&world, |_| Err(network()));
    let engine = world.engine(steps(&attempts.step)).await;
    let document = retried(json!({ "maxAttempts": 2 }));
    let mut runs = Vec::new();
    for _ in 0..250 {
        let call =
            flow_engine::Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
        runs.push(soon(engine.execute(call)).await.unwrap().view.id());
    }
    for run in runs {
        assert_eq!(error(&world.until_ended(&engine, run).await).attempt, Some(2));
    }
    assert_eq!(attempts.step.calls().len(), 500);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}
