//! A process that stalls past its lease while another takes over, and wakes up again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flow_engine::{Clock, Engine, Registry, Resolve, Store};
use flow_model::{Decision, Resolution, RunStatus, VisitPath};
use flow_testkit::documents::flow;
use flow_testkit::{FaultyStore, ManualClock, ScriptedStep};
use serde_json::{Value, json};

use crate::scenario::{all, check_log, registry, work};
use crate::world::{LEASE, World, as_time_passes, echo, output, soon, steps, until};

fn two_effects() -> Value {
    flow("two")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .step("two", "work", json!({ "n": 2 }))
        .done("end", [("a", "{{two.n}}")])
        .build()
}

/// An engine with a clock of its own that stands still while the others' goes on.
async fn stalling(
    world: &World,
    steps: Registry,
) -> (Engine, FaultyStore<flow_engine::MemoryStore>, ManualClock) {
    let clock = ManualClock::default();
    let store = FaultyStore::new(world.store.clone());
    let engine = world.engine_with_clock(Arc::new(store.clone()), steps, &clock).await;
    (engine, store, clock)
}

#[tokio::test]
async fn the_stale_owner_is_refused_and_abandons_the_run() {
    let world = World::new();
    let (mine, theirs) = (echo().held(), echo());
    let (engine, _, clock) = stalling(&world, steps(&mine)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(mine.until_begun(1)).await;
    let run = mine.calls()[0].execution.run;
    world.clock.advance(LEASE);
    let next = world.engine(steps(&theirs)).await;
    let end = world.until_ended(&next, run).await;
    assert_eq!(output(&end), json!({ "a": 2 }));
    let events = world.store.run_events(run, 0).await.unwrap();
    // The stalled process wakes up with the first effect's result in hand.
    mine.release_all();
    let reply = as_time_passes(&clock, call).await.unwrap().unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 2 }), "its caller is told how the run ended");
    soon(engine.stop(Duration::from_secs(3600))).await;
    assert_eq!(mine.calls().len(), 1, "it began no second effect");
    assert_eq!(world.store.run_events(run, 0).await.unwrap(), events, "a finished run never changes");
    check_log(&world.store, run).await;
    let keys = |step: &ScriptedStep| step.calls().iter().map(|c| c.execution.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&mine)[0], keys(&theirs)[0], "the world can tell the repeat by its key");
}

#[tokio::test]
async fn a_process_that_stalls_at_any_call_of_its_store_does_no_harm() {
    for scenario in all() {
        for number in 1..40 {
            let (world, mine, theirs) = (World::new(), work(), work());
            let (engine, store, clock) = stalling(&world, registry(&mine)).await;
            let pausing = store.clone();
            store.set_rule(move |call| {
                if call.number == number {
                    pausing.pause();
                }
                flow_testkit::Fate::Pass
            });
            let mut client = crate::scenario::Client::default();
            let playing = scenario.play(&world, &engine, &mut client);
            let played =
                futures_util::future::select(Box::pin(playing), Box::pin(until_paused(&store, number)));
            let over = matches!(as_time_passes(&clock, played).await, futures_util::future::Either::Left(_));
            world.clock.set(clock.now().after(LEASE));
            let next = world.engine(registry(&theirs)).await;
            let what = format!("stalled at call {number}");
            for run in crate::scenario::tried(&store) {
                if world.store.run_record(run).await.unwrap().is_none() {
                    continue; // it may still be stored when the process wakes up, which nobody waits for
                }
                let view = as_time_passes(&world.clock, scenario.go_on(&world, &next, run)).await;
                store.go_on();
                clock.advance(LEASE);
                as_time_passes(&clock, engine.stop(Duration::from_secs(3600))).await;
                assert_eq!(world.inspect(&next, run).await.state, view.state, "{what}");
                check_log(&world.store, run).await;
            }
            if over {
                break;
            }
        }
    }
}

async fn until_paused<S>(store: &FaultyStore<S>, number: usize) {
    let before = store.calls().len();
    store.until_calls(before + number).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_effect_begins_while_the_lease_isnt_sure() {
    let world = World::new();
    let step = echo();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    // The heartbeat alone fails; commits go through.
    store.set_rule(|call| match call.name {
        "node_renew" => flow_testkit::Fate::Fail,
        _ => flow_testkit::Fate::Pass,
    });
    world.clock.advance(LEASE * 2 / 3);
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(step.calls().len(), 0);
    store.clear_rule();
    let reply = as_time_passes(&world.clock, call).await.unwrap().unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 2 }));
}

#[tokio::test]
async fn a_run_that_waits_for_the_lease_can_be_cancelled() {
    let world = World::new();
    let step = echo();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    store.set_rule(|call| match call.name {
        "node_renew" => flow_testkit::Fate::Fail,
        _ => flow_testkit::Fate::Pass,
    });
    world.clock.advance(LEASE * 2 / 3);
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    until(|| !store.commits().is_empty()).await;
    let run = store.commits()[0].run;
    soon(async {
        while world.store.run_record(run).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reply = soon(engine.cancel(world.workspace, run)).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Cancelled);
    assert_eq!(soon(call).await.unwrap().unwrap().view.status(), RunStatus::Cancelled);
    assert_eq!(step.calls().len(), 0);
}

#[tokio::test]
async fn a_process_that_slept_through_its_lease_goes_on_with_its_own_runs() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    // A laptop that was shut: the clock jumps, and everything due is woken at once.
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(8 * 3600));
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
    step.release_all();
    let reply = as_time_passes(&world.clock, call).await.unwrap().unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 2 }), "it isn't set aside");
    assert_eq!(step.calls().len(), 2, "no effect was repeated: {:?}", step.calls());
}

#[tokio::test]
async fn a_commit_that_another_process_took_over_meanwhile_begins_no_effect_here() {
    let world = World::new();
    let (mine, theirs) = (echo().held(), echo());
    let (engine, store, clock) = stalling(&world, steps(&mine)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(mine.until_begun(1)).await;
    let run = mine.calls()[0].execution.run;
    // The second effect's start is stored, and its reply lost; the process stalls before it asks again.
    store.set_rule(|call| match call.name {
        "run_append" if call.number < 3 => flow_testkit::Fate::LoseReply,
        _ => flow_testkit::Fate::Pass,
    });
    let before = store.commits().len();
    mine.release(1);
    until(|| store.commits().len() > before).await;
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    store.clear_rule();
    world.clock.advance(LEASE);
    let next = world.engine(steps(&theirs)).await;
    until(|| theirs.calls().len() == 1).await;
    world.until_ended(&next, run).await;
    mine.release_all();
    let reply = as_time_passes(&clock, call).await.unwrap().unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 2 }));
    assert_eq!(mine.calls().len(), 1, "the second effect is the other process's");
    check_log(&world.store, run).await;
}

#[tokio::test]
async fn a_process_that_stalls_while_it_takes_runs_up_takes_none_from_itself() {
    let world = World::new();
    let step = echo().held();
    let first = world.engine(steps(&step)).await;
    let document = flow("ask")
        .api("start", [])
        .approval("ask", "?")
        .step("one", "work", json!({ "n": 1 }))
        .done("end", [("a", "{{one.n}}")])
        .build();
    let run = world.run(&first, &document, json!({})).await.id();
    first.stop(Duration::from_secs(5)).await;
    let visit = VisitPath::from_stored("ask");
    let resolution = Resolution::Decided { decision: Decision::Approve, message: None, decided_by: None };
    world.store.wait_resolve(Resolve { run, visit, resolution, now: world.clock.now() }).await.unwrap();
    let store = FaultyStore::with_clock(world.store.clone(), world.clock.clone());
    // Its claim arrives when its lease is over, which can't be renewed for a while.
    let (claims, renewals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    store.set_rule(move |call| match call.name {
        "run_claim" if claims.fetch_add(1, Ordering::Relaxed) == 0 => flow_testkit::Fate::Slow(LEASE * 2),
        "node_renew" if (1..40).contains(&renewals.fetch_add(1, Ordering::Relaxed)) => {
            flow_testkit::Fate::Fail
        }
        _ => flow_testkit::Fate::Pass,
    });
    let engine = world.engine_on(Arc::new(store.clone()), steps(&step)).await;
    step.release_all();
    let view = world.until_ended(&engine, run).await;
    assert_eq!(output(&view), json!({ "a": 1 }), "it isn't set aside");
}
