//! How many runs a process drives, and how many may wait for their turn.

use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{EngineError, Execute, Limits, Patience};
use flow_model::RunStatus;
use flow_testkit::Fate;
use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

use crate::concurrency::{held, numbers, one_at_a_time, settle, start, until_it_is};
use crate::run_flow::sub_flow;
use crate::world::{World, approve, echo, output, soon, steps};

fn with_room(concurrent: usize, queued: usize) -> World {
    let mut world = World::new();
    world.limits = Limits { concurrent_runs: concurrent, queued_runs: queued, ..Limits::default() };
    world
}

/// One call of the world, without a limit of its own.
fn unlimited() -> Value {
    let start = flow("free").api("start", [required("n", "number")]);
    start.step("one", "work", json!({ "n": "{{n}}" })).done("end", [("n", "{{one.n}}")]).build()
}

#[tokio::test]
async fn a_process_drives_no_more_than_it_may() {
    let (world, step) = (with_room(2, 100), held());
    let engine = world.engine(steps(&step)).await;
    for n in 1..=6 {
        start(&world, &engine, &unlimited(), json!({ "n": n })).await;
    }
    for ended in 0..6 {
        soon(step.until_begun((ended + 2).min(6))).await;
        settle().await;
        assert_eq!(step.calls().len(), (ended + 2).min(6));
        step.release(1);
        soon(step.until_finished(ended + 1)).await;
    }
    assert_eq!(numbers(&step), [1, 2, 3, 4, 5, 6]);
    settle().await;
    step.release_all();
    assert_eq!(output(&world.run(&engine, &unlimited(), json!({ "n": 7 })).await), json!({ "n": 7 }));
}

#[tokio::test]
async fn newcomers_dont_overtake_the_queue() {
    let (world, step) = (with_room(1, 100), held());
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    for n in 1..=2 {
        start(&world, &engine, &unlimited(), json!({ "n": n })).await;
    }
    soon(step.until_begun(1)).await;
    // The look for the next one takes its time.
    store.set_rule(|call| if call.name == "run_claim" { Fate::Fail } else { Fate::Pass });
    step.release_all();
    soon(step.until_finished(1)).await;
    settle().await;
    start(&world, &engine, &unlimited(), json!({ "n": 3 })).await;
    settle().await;
    assert_eq!(numbers(&step), [1]);
    store.clear_rule();
    world.as_time_passes(step.until_finished(3)).await;
    assert_eq!(numbers(&step), [1, 2, 3]);
}

#[tokio::test]
async fn a_full_queue_refuses_and_stores_nothing() {
    for document in [unlimited(), one_at_a_time()] {
        let (world, step) = (with_room(1, 2), held());
        let (engine, store) = world.faulty_engine(steps(&step)).await;
        let mut runs = Vec::new();
        for n in 1..=3 {
            runs.push(start(&world, &engine, &document, json!({ "n": n })).await);
        }
        let commits = store.commits().len();
        for patience in [Patience::UntilStored, Patience::UpTo(Duration::from_secs(60))] {
            let call = Execute { patience, ..world.call(&document, json!({ "n": 4 })) };
            let refused = soon(engine.execute(call)).await.unwrap_err();
            assert!(matches!(refused, EngineError::QueueFull { most: 2 }), "{refused}");
        }
        assert_eq!(store.commits().len(), commits);
        let cancelled = soon(engine.cancel(world.workspace, runs[1])).await.unwrap();
        assert_eq!(cancelled.view.status(), RunStatus::Cancelled, "what is there is served all the same");
        start(&world, &engine, &document, json!({ "n": 5 })).await;
        step.release_all();
        soon(step.until_finished(3)).await;
        assert_eq!(numbers(&step), [1, 3, 5]);
    }
}

#[tokio::test]
async fn the_queue_isnt_counted_while_there_is_room() {
    let (world, step) = (World::new(), echo());
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    world.run(&engine, &unlimited(), json!({ "n": 1 })).await;
    assert!(!store.calls().contains(&"run_queued"), "{:?}", store.calls());
}

#[tokio::test]
async fn a_resumed_run_needs_no_room() {
    let (world, step) = (with_room(1, 100), held());
    let engine = world.engine(steps(&step)).await;
    let asking = flow("asking").api("start", []).approval("ask", "Go on?").done("end", [("n", 1)]).build();
    let asks = start(&world, &engine, &asking, json!({})).await;
    until_it_is(&world, asks, RunStatus::Waiting).await;
    start(&world, &engine, &unlimited(), json!({ "n": 1 })).await;
    soon(step.until_begun(1)).await;
    let reply = world.resume(&engine, asks, Only, approve()).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Completed);
    step.release_all();
}

#[tokio::test]
async fn children_wait_for_room_and_their_parents_leave_it_to_them() {
    let (world, step) = (with_room(1, 100), echo());
    let engine = world.engine(steps(&step)).await;
    let child = sub_flow(&world, &engine, &unlimited()).await;
    let call = json!({ "id": "call", "type": "run-flow",
        "data": { "flowId": child.to_string(), "inputs": { "n": "{{item}}" } } });
    let data = json!({ "arrayVariable": "[1, 2, 3, 4]", "concurrency": 4, "steps": [call] });
    let parent = flow("parent")
        .api("start", [])
        .step("all", "each", data)
        .done("end", [("n", "{{all.successfulItems}}")])
        .build();
    assert_eq!(output(&world.run(&engine, &parent, json!({})).await), json!({ "n": 4 }));
}
