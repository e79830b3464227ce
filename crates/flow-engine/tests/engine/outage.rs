//! The database is away for a moment, or replies get lost, at every call that the engine makes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flow_engine::{EngineError, Execute, Patience, Registry, Store, StoreError, WaitChoice};
use flow_model::RunStatus;
use flow_testkit::Fate;
use flow_testkit::documents::flow;
use futures_util::FutureExt;
use serde_json::json;

use crate::scenario::{Client, Scenario, all, check_log, registry, tried, work};
use crate::world::{LONG, World, approve, as_time_passes, echo, output, soon, steps};

#[tokio::test]
async fn a_call_that_fails_anywhere_strands_no_run() {
    for fate in [Fate::Fail, Fate::LoseReply] {
        for scenario in all() {
            let mut number = 1;
            while blips_at(&scenario, number, 1, fate).await {
                number += 1;
            }
        }
    }
}

#[tokio::test]
async fn calls_that_fail_several_times_in_a_row_strand_no_run() {
    for scenario in all() {
        let mut number = 1;
        while blips_at(&scenario, number, 7, Fate::Fail).await {
            number += 1;
        }
    }
}

/// Plays a scenario while `count` calls from `number` on go wrong; false when there are fewer calls.
async fn blips_at(scenario: &Scenario, number: usize, count: usize, fate: Fate) -> bool {
    let what = format!("{fate:?} at {count} calls from {number}");
    let (world, work) = (World::new(), work());
    let (engine, store) = world.faulty_engine(registry(&work)).await;
    let begin = store.calls().len();
    store.set_rule(move |call| {
        let is_away = (number..number + count).contains(&call.number);
        if is_away { fate } else { Fate::Pass }
    });
    let mut client = Client::default();
    as_time_passes(&world.clock, scenario.play(&world, &engine, &mut client)).await;
    let reached = store.calls().len() - begin >= number;
    for run in tried(&store) {
        // A caller that was told of an outage leaves a commit behind that is tried until it succeeds.
        as_time_passes(&world.clock, async {
            while world.store.run_record(run).await.unwrap().is_none() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let view = as_time_passes(&world.clock, scenario.go_on(&world, &engine, run)).await;
        scenario.check(&what, &view, &work);
        check_log(&world.store, run).await;
    }
    reached
}

#[tokio::test]
async fn commits_are_repeated_under_the_same_batch_id() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let document = flow("pure").api("start", []).done("end", [("a", 1)]).build();
    world.run(&engine, &document, json!({})).await;
    let before = store.commits().len();
    store.set_rule(|call| match (call.name, call.number) {
        ("run_create", 1) => Fate::LoseReply,
        ("run_create", 2..=4) => Fate::Fail,
        _ => Fate::Pass,
    });
    let call = world.call(&document, json!({}));
    let reply = as_time_passes(&world.clock, engine.execute(call)).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 1 }));
    let commits = &store.commits()[before..];
    assert!(commits.len() > 1, "it was repeated");
    assert!(commits.iter().all(|commit| *commit == commits[0]), "{commits:?}");
    assert_eq!(world.store.run_events(reply.view.id(), 0).await.unwrap(), commits[0].events);
}

#[tokio::test]
async fn an_unstored_run_is_never_acknowledged() {
    let world = World::new();
    let step = echo();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document =
        flow("away").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    world.run(&engine, &document, json!({})).await;
    let calls = step.calls().len();
    store.set_rule(|call| if call.name == "run_create" { Fate::Fail } else { Fate::Pass });
    for patience in
        [Patience::UntilStored, Patience::UpTo(Duration::from_secs(60)), Patience::UpTo(Duration::ZERO)]
    {
        let call = Execute { patience, ..world.call(&document, json!({})) };
        let refused = as_time_passes(&world.clock, engine.execute(call)).await;
        assert!(
            matches!(refused, Err(EngineError::Store(StoreError::Unavailable { .. }))),
            "{patience:?}: {refused:?}"
        );
    }
    assert_eq!(step.calls().len(), calls, "no effect begins before its run is stored");
    store.clear_rule();
    for run in tried(&store) {
        assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "a": 1 }));
    }
}

#[tokio::test]
async fn a_document_whose_storing_failed_is_stored_by_the_next_call() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    store.set_rule(|call| if call.name == "definition_store" { Fate::Fail } else { Fate::Pass });
    let document = flow("new").api("start", []).done("end", [("a", 1)]).build();
    let refused = world.try_run(&engine, &document, json!({})).await;
    assert!(matches!(refused, Err(EngineError::Store(StoreError::Unavailable { .. }))), "{refused:?}");
    store.clear_rule();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "a": 1 }));
}

#[tokio::test]
async fn an_outage_in_the_middle_of_an_effect_is_sat_out() {
    let world = World::new();
    let step = echo().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document =
        flow("away").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&document, json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    store.set_rule(|_| Fate::Fail);
    step.release_all();
    // Many times longer than the lease.
    let start = engine.clock().now();
    as_time_passes(&world.clock, async {
        while engine.clock().now().since(start) < Duration::from_secs(300) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    store.clear_rule();
    let reply = as_time_passes(&world.clock, call).await.unwrap().unwrap();
    assert_eq!(output(&reply.view), json!({ "a": 1 }));
    assert_eq!(step.calls().len(), 1, "what was done isn't done again");
}

#[tokio::test]
async fn an_answer_whose_acknowledgement_is_lost_is_acknowledged_and_not_taken_for_another_ones() {
    for times in 1..=3 {
        let world = World::new();
        let (engine, store) = world.faulty_engine(Registry::new()).await;
        let document =
            flow("ask").api("start", []).approval("ask", "?").done("end", [("d", "{{ask.decision}}")]);
        let run = world.run(&engine, &document.build(), json!({})).await.id();
        let lost = AtomicUsize::new(0);
        store.set_rule(move |call| match call.name {
            "wait_resolve" if lost.fetch_add(1, Ordering::Relaxed) < times => Fate::LoseReply,
            _ => Fate::Pass,
        });
        let resume = || engine.resume(world.workspace, run, WaitChoice::Only, approve(), LONG);
        let reply = as_time_passes(&world.clock, resume()).await.unwrap();
        assert_eq!(output(&reply.view), json!({ "d": "approve" }));
        let again = as_time_passes(&world.clock, resume()).await;
        assert!(matches!(again, Err(EngineError::RunNotWaiting { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn a_cancel_goes_over_an_answer_that_cant_be_taken_up() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("d", "{{ask.decision}}")]);
    let run = world.run(&engine, &document.build(), json!({})).await.id();
    let database = world.store.clone();
    // No commit succeeds before the cancel is acknowledged.
    store.set_rule(move |call| {
        let record = database.run_record(run).now_or_never().unwrap().unwrap().unwrap();
        let is_away = call.name == "run_append" && record.cancel_requested_at.is_none();
        if is_away { Fate::Fail } else { Fate::Pass }
    });
    let resume = engine.resume(world.workspace, run, WaitChoice::Only, approve(), LONG);
    let cancel = async {
        while !store.calls().contains(&"wait_resolve") {
            tokio::task::yield_now().await;
        }
        engine.cancel(world.workspace, run).await
    };
    let (resumed, cancelled) = as_time_passes(&world.clock, futures_util::future::join(resume, cancel)).await;
    for reply in [resumed.unwrap(), cancelled.unwrap()] {
        assert_eq!((reply.settled, reply.view.status()), (true, RunStatus::Cancelled));
    }
    let events = world.store.run_events(run, 0).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
    let last = ["wait.resolved", "step.completed", "step.started", "step.completed", "run.cancelled"];
    assert!(names.ends_with(&last), "what happened before the cancel is kept: {names:?}");
}
