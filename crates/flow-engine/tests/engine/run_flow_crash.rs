//! Processes that die at every call of their store while runs start, await and end other runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flow_engine::{Engine, EngineError, MemoryStore, RunView, Store};
use flow_model::{ExecutionId, RunId, RunStatus};
use flow_testkit::documents::{flow, required};
use flow_testkit::{Fate, FaultyStore, ScriptedStep};
use serde_json::{Value, json};

use crate::run_flow::{children, sub_flow};
use crate::scenario::{check_log, registry, tried, work};
use crate::world::{LEASE, World, as_time_passes, output, soon};

/// A flow that runs another one, which calls the world.
struct Family {
    name: &'static str,
    /// The document, around the id of the other flow.
    document: fn(&str) -> Value,
    output: Value,
    children: usize,
    /// How many visits call the world, in all runs.
    effects: usize,
}

fn all() -> Vec<Family> {
    vec![
        Family {
            name: "waited for",
            document: |inner| {
                flow("waited for")
                    .api("start", [])
                    .step("before", "work", json!({ "n": 1 }))
                    .step(
                        "call",
                        "run-flow",
                        json!({ "flowId": inner, "inputs": { "n": "{{before.n + 1}}" } }),
                    )
                    .step("after", "work", json!({ "n": "{{call.n}}" }))
                    .done("end", [("n", "{{after.n}}")])
                    .build()
            },
            output: json!({ "n": 3 }),
            children: 1,
            effects: 3,
        },
        Family {
            name: "at once",
            document: |inner| {
                flow("at once")
                    .api("start", [])
                    .step("call", "run-flow", json!({ "flowId": inner, "inputs": { "n": 1 } }))
                    .done("end", [("n", "{{call.n}}")])
                    .build()
            },
            output: json!({ "n": 2 }),
            children: 1,
            effects: 1,
        },
        Family {
            name: "loose",
            document: |inner| {
                flow("loose")
                    .api("start", [])
                    .step("call", "run-flow", json!({ "flowId": inner, "inputs": { "n": 1 }, "wait": false }))
                    .step("after", "work", json!({ "n": 5 }))
                    .done("end", [("n", "{{after.n}}")])
                    .build()
            },
            output: json!({ "n": 5 }),
            children: 1,
            effects: 2,
        },
        Family {
            name: "loop",
            document: |inner| {
                let step = json!({ "id": "call", "type": "run-flow",
                                   "data": { "flowId": inner, "inputs": { "n": "{{item}}" } } });
                let data = json!({ "arrayVariable": "[1, 2, 3]", "concurrency": 2, "steps": [step] });
                flow("loop")
                    .api("start", [])
                    .step("all", "each", data)
                    .done("end", [("n", "{{all.results[2].call.n}}"), ("done", "{{all.successfulItems}}")])
                    .build()
            },
            output: json!({ "n": 4, "done": 3 }),
            children: 3,
            effects: 3,
        },
        Family {
            name: "tried again",
            document: |inner| {
                flow("tried again")
                    .api("start", [])
                    .step("call", "run-flow", json!({ "flowId": inner, "inputs": { "n": -1 } }))
                    .with(
                        "retry",
                        json!({ "maxAttempts": 2, "initialDelayMs": 500, "retryOn": ["on_request"] }),
                    )
                    .with("onError", "continue")
                    .done("end", [("why", "{{call.error.code}}"), ("attempt", "{{call.error.attempt}}")])
                    .build()
            },
            output: json!({ "why": "on_request", "attempt": 2 }),
            children: 2,
            effects: 4,
        },
    ]
}

/// Calls the world once, and once more and in vain for a negative number.
fn inner() -> Value {
    flow("inner")
        .api("start", [required("n", "number")])
        .step("one", "work", json!({ "n": "{{n + 1}}" }))
        .condition("which", [("negative", "n < 0", "bad")], Some("end"))
        .step("bad", "work", json!({ "fail": true }))
        .done("end", [("n", "{{one.n}}")])
        .build()
}

/// A database in which the inner flow is published, and no server.
async fn world(family: &Family, work: &ScriptedStep) -> (World, Value) {
    let world = World::new();
    let engine = world.engine(registry(work)).await;
    let inner = sub_flow(&world, &engine, &inner()).await;
    soon(engine.stop(Duration::ZERO)).await;
    let document = (family.document)(&inner.to_string());
    (world, document)
}

/// A server that dies at its call `number`; false when it comes to the run's end before.
async fn dies(
    world: &World,
    work: &ScriptedStep,
    number: usize,
    fate: Fate,
    doing: Doing<'_>,
) -> (bool, FaultyStore<MemoryStore>) {
    let (engine, dying) = world.faulty_engine(registry(work)).await;
    dying.set_rule(move |call| if call.number == number { fate } else { Fate::Pass });
    world.clock.advance(LEASE);
    let is_over = as_time_passes(&world.clock, async {
        tokio::select! {
            () = dying.until_dead() => false,
            () = doing.work(world, &engine) => true,
        }
    })
    .await;
    if is_over {
        // Nothing of it may go on beside the next one.
        dying.die();
    }
    (!is_over, dying)
}

#[derive(Clone, Copy)]
enum Doing<'a> {
    Start(&'a Value),
    Finish(RunId),
}

impl Doing<'_> {
    /// Until the run and all below it have ended.
    async fn work(self, world: &World, engine: &Engine) {
        let run = match self {
            Self::Finish(run) => run,
            Self::Start(document) => {
                soon(engine.execute(world.call(document, json!({})))).await.unwrap().view.id()
            }
        };
        all_ended(world, engine, run).await;
    }
}

async fn all_ended(world: &World, engine: &Engine, run: RunId) -> RunView {
    loop {
        match engine.inspect(world.workspace, run).await {
            Ok(view) if view.status().is_finished() && all_below_ended(world, run).await => return view,
            Ok(_) | Err(EngineError::Store(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn all_below_ended(world: &World, run: RunId) -> bool {
    children(world, run).await.iter().all(|child| child.status.is_finished())
}

/// The run that nobody started but the caller; none if it isn't stored.
async fn parent(world: &World, dying: &FaultyStore<MemoryStore>) -> Option<RunId> {
    let mut found = None;
    for run in tried(dying) {
        let record = world.store.run_record(run).await.unwrap();
        if let Some(record) = record.filter(|record| record.parent.is_none()) {
            assert_eq!(found.replace(record.id), None);
        }
    }
    found
}

async fn check(family: &Family, what: &str, world: &World, view: &RunView, work: &ScriptedStep) {
    let what = format!("{}, {what}", family.name);
    assert_eq!(view.damage, None, "{what}");
    assert_eq!(output(view), family.output, "{what}");
    let children = children(world, view.id()).await;
    assert_eq!(children.len(), family.children, "{what}: {children:?}");
    check_log(&world.store, view.id()).await;
    for child in &children {
        assert_ne!(child.status, RunStatus::Cancelled, "{what}");
        check_log(&world.store, child.id).await;
    }
    let mut inputs = HashMap::<ExecutionId, Arc<Value>>::new();
    for call in work.calls() {
        let input = inputs.entry(call.execution.clone()).or_insert_with(|| call.input.clone());
        assert_eq!(*input, call.input, "{what}: {} was sent another input", call.execution);
    }
    assert_eq!(inputs.len(), family.effects, "{what}: {inputs:?}");
}

#[tokio::test]
async fn undisturbed_families_end_as_they_should() {
    for family in all() {
        let work = work();
        let (world, document) = world(&family, &work).await;
        let engine = world.engine(registry(&work)).await;
        let call = world.call(&document, json!({}));
        let run = as_time_passes(&world.clock, engine.execute(call)).await.unwrap().view.id();
        let view = as_time_passes(&world.clock, all_ended(&world, &engine, run)).await;
        check(&family, "undisturbed", &world, &view, &work).await;
        assert_eq!(work.calls().len(), work.finished());
    }
}

#[tokio::test]
async fn a_process_that_dies_anywhere_starts_each_run_once() {
    for family in all() {
        for fate in [Fate::Die, Fate::DieAfter] {
            let mut number = 1;
            while dies_at(&family, number, fate).await {
                number += 1;
            }
            assert!(number > 6, "{}: it died at a few calls at least", family.name);
        }
    }
}

/// False when the process makes fewer calls.
async fn dies_at(family: &Family, number: usize, fate: Fate) -> bool {
    let what = format!("{fate:?} at call {number}");
    let work = work();
    let (world, document) = world(family, &work).await;
    let (died, dying) = dies(&world, &work, number, fate, Doing::Start(&document)).await;
    let Some(run) = parent(&world, &dying).await else {
        assert!(work.calls().is_empty(), "{what}: the world was called for a run that isn't stored");
        return died;
    };
    let next = world.engine(registry(&work)).await;
    world.clock.advance(LEASE);
    let view = as_time_passes(&world.clock, all_ended(&world, &next, run)).await;
    check(family, &what, &world, &view, &work).await;
    died
}

#[tokio::test]
async fn processes_that_die_one_after_the_other_start_each_run_once() {
    let families = all();
    let family = &families[0];
    for first in (1..60).step_by(3) {
        for second in 1..60 {
            let what = format!("deaths at calls {first} and {second}");
            let work = work();
            let (world, document) = world(family, &work).await;
            let (died, dying) = dies(&world, &work, first, Fate::DieAfter, Doing::Start(&document)).await;
            let Some(run) = parent(&world, &dying).await else { break };
            if !died {
                return;
            }
            let (died, _) = dies(&world, &work, second, Fate::DieAfter, Doing::Finish(run)).await;
            let next = world.engine(registry(&work)).await;
            world.clock.advance(LEASE);
            let view = as_time_passes(&world.clock, all_ended(&world, &next, run)).await;
            check(family, &what, &world, &view, &work).await;
            if !died {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_anywhere_changes_nothing() {
    for family in all() {
        for fate in [Fate::Fail, Fate::LoseReply] {
            let mut number = 1;
            while fails_at(&family, number, fate).await {
                number += 1;
            }
            assert!(number > 6, "{}: it failed at a few calls at least", family.name);
        }
    }
}

/// False when the server makes fewer calls.
async fn fails_at(family: &Family, number: usize, fate: Fate) -> bool {
    let what = format!("{fate:?} at call {number}");
    let work = work();
    let (world, document) = world(family, &work).await;
    let (engine, failing) = world.faulty_engine(registry(&work)).await;
    let has_failed = Arc::new(AtomicBool::new(false));
    failing.set_rule({
        let has_failed = has_failed.clone();
        move |call| {
            if call.number != number {
                return Fate::Pass;
            }
            has_failed.store(true, Ordering::Relaxed);
            fate
        }
    });
    let called = as_time_passes(&world.clock, engine.execute(world.call(&document, json!({})))).await;
    match (called, parent(&world, &failing).await) {
        (Err(EngineError::Store(_)), None) => assert!(work.calls().is_empty(), "{what}"),
        (Ok(_) | Err(EngineError::Store(_)), Some(run)) => {
            let view = as_time_passes(&world.clock, all_ended(&world, &engine, run)).await;
            check(family, &what, &world, &view, &work).await;
        }
        (called, run) => panic!("{what}: {called:?}, and the run is {run:?}"),
    }
    has_failed.load(Ordering::Relaxed)
}
