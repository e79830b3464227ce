//! What is committed, when, and in how many writes.

use std::time::Duration;

use flow_engine::{Execute, Patience, Registry};
use flow_model::{EventKind, RunStatus};
use flow_testkit::documents::flow;
use flow_testkit::{FaultyStore, ScriptedStep};
use serde_json::json;

use crate::world::{World, approve, echo, output, soon, steps};
use flow_engine::WaitChoice::Only;

/// The writes about runs, in order.
fn writes<S>(store: &FaultyStore<S>) -> Vec<&'static str> {
    let calls = store.calls();
    calls.into_iter().filter(|name| ["run_create", "run_append"].contains(name)).collect()
}

fn names(events: &[flow_model::RunEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

#[tokio::test]
async fn a_pure_run_costs_one_write_in_all() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let document = flow("pure")
        .api("start", [])
        .set("a", [("x", json!(1))])
        .set("b", [("y", json!("{{x + 1}}"))])
        .condition("c", [("big", "y > 1", "end")], None)
        .done("end", [("y", "{{y}}")])
        .build();
    world.run(&engine, &document, json!({})).await;
    let before = store.calls().len();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "y": 2 }));
    assert_eq!(store.calls()[before..], ["run_create"], "nothing else is asked of the store");
}

#[tokio::test]
async fn a_long_pure_run_is_committed_as_it_goes() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let mut document = flow("long").api("start", []);
    for index in 0..1200 {
        document = document.set(&format!("s{index}"), [("x", json!(index))]);
    }
    let document = document.done("end", [("x", "{{x}}")]).build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "x": 1199 }));
    let commits = store.commits();
    assert!(commits.len() >= 3, "2,402 events are more than two commits of 1,000");
    assert!(commits.iter().all(|commit| commit.events.len() <= 1_001));
}

#[tokio::test]
async fn a_run_that_is_committed_as_it_goes_ends_and_waits_like_any_other() {
    // Every number of steps, so that the bound of 1,000 events is met by the last event of the run as well.
    for extra in 0..4 {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let mut long = flow("long").api("start", []);
        for index in 0..(497 + extra) {
            long = long.set(&format!("s{index}"), [("x", json!(index))]);
        }
        let ends = long.clone().done("end", [("x", "{{x}}")]).build();
        let view = world.run(&engine, &ends, json!({})).await;
        assert_eq!(output(&view), json!({ "x": 496 + extra }));
        let waits = long.approval("ask", "Go on?").done("end", [("x", "{{x}}")]).build();
        let view = world.run(&engine, &waits, json!({})).await;
        assert_eq!(view.status(), RunStatus::Waiting, "{:?}", view.state.end());
        let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
        assert_eq!(output(&reply.view), json!({ "x": 496 + extra }));
    }
}

#[tokio::test]
async fn three_effects_are_four_commits() {
    let world = World::new();
    let step = echo();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document = flow("effects")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .step("two", "work", json!({ "n": "{{one.n + 1}}" }))
        .step("three", "work", json!({ "n": "{{two.n + 1}}" }))
        .done("end", [("n", "{{three.n}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 3 }));
    assert_eq!(writes(&store), ["run_create", "run_append", "run_append", "run_append"]);
    let commits = store.commits();
    assert_eq!(names(&commits[0].events), ["run.started", "step.started"]);
    assert_eq!(names(&commits[1].events), ["step.completed", "step.started"]);
    assert_eq!(names(&commits[2].events), ["step.completed", "step.started"]);
    assert_eq!(
        names(&commits[3].events),
        ["step.completed", "step.started", "step.completed", "run.completed"]
    );
}

#[tokio::test]
async fn an_effect_begins_only_once_its_resolved_input_is_committed() {
    let world = World::new();
    let (database, workspace) = (world.store.clone(), world.workspace);
    // The step itself looks at what another process would find in the database.
    let step = ScriptedStep::new("work").answers(move |call| {
        let stored = futures_util::FutureExt::now_or_never(async {
            flow_engine::Store::run_load(&*database, call.execution.run).await
        });
        let stored = stored.unwrap().unwrap().unwrap();
        assert_eq!(stored.record.workspace, workspace);
        let EventKind::StepStarted { visit, input } = &stored.events.last().unwrap().kind else {
            panic!("{:?}", stored.events.last());
        };
        assert_eq!(*visit, call.execution.visit);
        assert_eq!(*input.as_ref().unwrap(), call.input);
        Ok((*call.input).clone())
    });
    let engine = world.engine(steps(&step)).await;
    let document = flow("committed")
        .api("start", [])
        .set("v", [("who", json!("Ada"))])
        .step("one", "work", json!({ "to": "{{who}}", "deep": [{ "at": "{{currentDate}}" }] }))
        .step("two", "work", json!({ "again": "{{one.deep}}" }))
        .done("end", [("said", "{{two.again}}"), ("to", "{{one.to}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "said": [{ "at": "2026-01-01T00:00:00.000Z" }], "to": "Ada" }));
}

#[tokio::test]
async fn a_pure_step_of_the_registry_costs_no_write_of_its_own() {
    let world = World::new();
    let step = echo().pure();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document = flow("pure work")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .step("two", "work", json!({ "n": "{{one.n + 1}}" }))
        .done("end", [("n", "{{two.n}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 2 }));
    assert_eq!(writes(&store), ["run_create"]);
}

#[tokio::test]
async fn a_slow_pure_step_holds_a_commit_up_for_200_ms_at_most() {
    let world = World::new();
    let step = echo().pure().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document =
        flow("slow").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&document, json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    assert_eq!(writes(&store), Vec::<&str>::new());
    world
        .as_time_passes(async {
            while writes(&store).is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    let started = flow_engine::Clock::now(&flow_testkit::ManualClock::default());
    assert!(engine.clock().now().since(started) <= Duration::from_secs(1), "it came with the first sleeper");
    step.release_all();
    assert_eq!(output(&soon(call).await.unwrap().unwrap().view), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_run_is_stored_before_a_caller_without_patience_hears_of_it() {
    let world = World::new();
    let step = echo().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document =
        flow("async").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
    let reply = soon(engine.execute(call)).await.unwrap();
    assert!(!reply.settled);
    assert_eq!(writes(&store)[0], "run_create");
    assert_eq!(names(&store.commits()[0].events), ["run.started"], "before anything else is done");
    step.release_all();
    assert_eq!(output(&world.until_ended(&engine, reply.view.id()).await), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_wait_bound_of_nothing_is_answered_with_a_stored_run() {
    let world = World::new();
    let step = echo().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let document =
        flow("bound").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    let call = Execute { patience: Patience::UpTo(Duration::ZERO), ..world.call(&document, json!({})) };
    let reply = soon(engine.execute(call)).await.unwrap();
    assert!(!reply.settled);
    assert_eq!(writes(&store), ["run_create"]);
    step.release_all();
    assert_eq!(output(&world.until_ended(&engine, reply.view.id()).await), json!({ "a": 1 }));
}

#[tokio::test]
async fn nothing_of_a_waiting_run_is_left_in_the_process() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "Go on?").done("end", [("a", 1)]).build();
    for _ in 0..100 {
        let view = world.run(&engine, &document, json!({})).await;
        assert_eq!(view.status(), RunStatus::Waiting);
    }
    // A stop waits for every driver, and for an hour if there is one.
    soon(engine.stop(Duration::from_secs(3600))).await;
    let next = world.engine(Registry::new()).await;
    let view = world.run(&next, &document, json!({})).await;
    assert!(soon(world.resume(&next, view.id(), Only, approve())).await.unwrap().settled);
}
