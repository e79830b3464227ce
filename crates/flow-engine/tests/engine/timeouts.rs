//! Steps and runs that take too long.

use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{Clock, Engine, Execute, Patience, Registry, RunView, Store};
use flow_model::{RunId, RunStatus};
use flow_testkit::documents::{Builder, flow};
use flow_testkit::{Fate, ScriptedStep};
use serde_json::{Value, json};

use crate::attempts::{Attempts, ever, network, retried};
use crate::retry::backing_off;
use crate::world::{LEASE, World, approve, as_time_passes, echo, error, form, output, soon, steps};

fn one(timeout: Option<u64>) -> Builder {
    let document = flow("slow").api("start", []).step("one", "work", json!({ "n": 1 }));
    match timeout {
        Some(millis) => document.with("timeoutMs", millis),
        None => document,
    }
}

fn end(document: Builder) -> Value {
    document.done("end", [("n", "{{one.n}}")]).build()
}

/// When the run ended, in milliseconds since it started.
fn lasted(view: &RunView) -> u128 {
    let (start, (end, _)) = (view.state.start().unwrap().0, view.state.end().unwrap());
    end.since(start).as_millis()
}

async fn played(world: &World, engine: &Engine, document: &Value) -> RunView {
    let reply = world.as_time_passes(engine.execute(world.call(document, json!({})))).await.unwrap();
    assert!(reply.settled);
    reply.view
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_dropped_and_fails() {
    let (world, step) = (World::new(), echo().held());
    let engine = world.engine(steps(&step)).await;
    let view = played(&world, &engine, &end(one(Some(2_500)))).await;
    let error = error(&view);
    assert_eq!((error.code.as_str(), error.attempt), ("timeout", Some(1)));
    assert!(error.message.contains("2500 ms"), "{error:?}");
    assert_eq!(lasted(&view), 2_500);
    assert_eq!((step.calls().len(), step.finished(), step.dropped()), (1, 0, 1));
}

#[tokio::test]
async fn the_time_is_an_attempts_and_a_timeout_is_worth_another() {
    let (world, step) = (World::new(), echo().held());
    let engine = world.engine(steps(&step)).await;
    let document = end(one(Some(2_000)).with("retry", json!({ "backoff": "fixed" })));
    let view = played(&world, &engine, &document).await;
    assert_eq!(error(&view).attempt, Some(3));
    assert_eq!(lasted(&view), 3 * 2_000 + 2 * 1_000);
    assert_eq!(step.dropped(), 3);
    let document = end(one(Some(2_000)).with("retry", json!({ "retryOn": ["network"] })));
    assert_eq!(error(&played(&world, &engine, &document).await).attempt, Some(1));
}

#[tokio::test]
async fn what_ends_in_time_is_left_alone() {
    let (world, step) = (World::new(), echo().held());
    let engine = world.engine(steps(&step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&end(one(Some(2_000))), json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    world.clock.advance(Duration::from_millis(1_999));
    step.release_all();
    assert_eq!(output(&soon(call).await.unwrap().unwrap().view), json!({ "n": 1 }));
}

#[tokio::test]
async fn a_run_that_takes_too_long_fails_in_the_middle_of_an_effect() {
    let (world, step) = (World::new(), echo().held());
    let engine = world.engine(steps(&step)).await;
    // Nothing takes care of that: it would need the time that is over.
    let document = one(Some(60_000)).with("onError", "continue").done("end", [("n", 1)]);
    let document = document.step("tidy", "work", json!({})).setting("onError", json!({ "stepId": "tidy" }));
    let view = played(&world, &engine, &document.setting("timeoutMs", 7_500).build()).await;
    assert_eq!(error(&view).code, "run_timeout");
    assert!(error(&view).message.contains("7500 ms"));
    assert_eq!(lasted(&view), 7_500);
    soon(step.until_dropped(1)).await;
    assert_eq!(step.calls().len(), 1);
}

#[tokio::test]
async fn a_run_that_takes_too_long_fails_in_the_middle_of_a_pause() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let engine = world.engine(steps(&attempts.step)).await;
    let mut document = retried(json!({ "initialDelayMs": 4_000 }));
    document["settings"]["timeoutMs"] = json!(7_500);
    let view = played(&world, &engine, &document).await;
    assert_eq!(error(&view).code, "run_timeout");
    assert_eq!((lasted(&view), attempts.millis()), (7_500, vec![0, 4_000]));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}

#[tokio::test]
async fn a_run_whose_time_is_over_as_its_pause_is_isnt_tried_again() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let engine = world.engine(steps(&attempts.step)).await;
    let mut document = retried(json!({}));
    document["settings"]["timeoutMs"] = json!(1_000);
    assert_eq!(error(&played(&world, &engine, &document).await).code, "run_timeout");
    assert_eq!(attempts.millis(), [0]);
}

#[tokio::test]
async fn time_in_which_a_run_waits_for_someone_or_for_the_clock_doesnt_count() {
    let (world, step) = (World::new(), echo().held());
    let engine = world.engine(steps(&step)).await;
    let document = flow("patient")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .approval("ask", "?")
        .step("form", "show-form", json!({ "title": "t", "fields": [] }))
        .step("wait", "wait", json!({ "durationMs": 3_600_000 }))
        .step("two", "work", json!({ "n": 2 }))
        .done("end", [("n", "{{two.n}}")])
        .setting("timeoutMs", 1_000)
        .build();
    // Each effect takes so long; it is the sum that counts.
    for (each, ends_well) in [(499, true), (500, false)] {
        let each = Duration::from_millis(each);
        let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
        let run = soon(engine.execute(call)).await.unwrap().view.id();
        let begun = step.calls().len();
        soon(step.until_begun(begun.max(1))).await;
        effect(&world, &step, run, "one", each).await;
        waiting(&world, run).await;
        world.clock.advance(Duration::from_secs(24 * 3600));
        world.resume_soon(&engine, run, approve()).await;
        world.clock.advance(Duration::from_secs(24 * 3600));
        world.resume_soon(&engine, run, form(json!({}))).await;
        waiting(&world, run).await;
        let hour = Duration::from_secs(3600);
        world.clock.advance(hour);
        effect(&world, &step, run, "two", each).await;
        let view = world.until_ended(&engine, run).await;
        match ends_well {
            true => assert_eq!(output(&view), json!({ "n": 2 })),
            false => assert_eq!(error(&view).code, "run_timeout"),
        }
    }
}

impl World {
    /// Answers the only wait, without waiting for what follows.
    async fn resume_soon(&self, engine: &Engine, run: RunId, answer: flow_engine::Answer) {
        soon(engine.resume(self.workspace, run, Only, answer, Patience::UntilStored)).await.unwrap();
        waiting(self, run).await;
    }
}

/// Returns once the run waits and nobody drives it.
async fn waiting(world: &World, run: RunId) {
    soon(async {
        loop {
            let record = world.store.run_record(run).await.unwrap().unwrap();
            let waits = world.store.run_load(run).await.unwrap().unwrap().waits;
            let is_open = waits.iter().all(|wait| wait.state == flow_engine::WaitState::Open);
            if record.status == RunStatus::Waiting && is_open && !waits.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Lets the run's effect begin, take so long, and end.
async fn effect(world: &World, step: &ScriptedStep, run: RunId, visit: &str, takes: Duration) {
    let has_begun = || {
        let is_it =
            |call: &flow_testkit::Call| call.execution.run == run && call.execution.visit.as_str() == visit;
        step.calls().iter().any(is_it)
    };
    crate::world::until(has_begun).await;
    world.clock.advance(takes);
    step.release(1);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_run_whose_time_went_by_while_no_process_lived_fails_without_an_effect() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
    let mut document = retried(json!({ "initialDelayMs": 60_000 }));
    document["settings"]["timeoutMs"] = json!(90_000);
    let run = backing_off(&world, &engine, &document).await;
    dying.die();
    world.clock.advance(Duration::from_secs(3600));
    let next = world.engine(steps(&attempts.step)).await;
    assert_eq!(error(&world.until_ended(&next, run).await).code, "run_timeout");
    assert_eq!(attempts.millis(), [0]);
}

#[tokio::test]
async fn an_effect_that_waits_for_the_lease_past_the_runs_time_never_begins() {
    let (world, step) = (World::new(), echo());
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    store.set_rule(|call| if call.name == "node_renew" { Fate::Fail } else { Fate::Pass });
    world.clock.advance(LEASE * 2 / 3);
    let document = end(one(None)).clone();
    let mut document = document;
    document["settings"]["timeoutMs"] = json!(20_000);
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&document, json!({})));
        async move { engine.execute(call).await }
    });
    let start = world.clock.now();
    as_time_passes(&world.clock, async {
        while world.clock.now().since(start) < Duration::from_secs(30) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    store.clear_rule();
    let view = as_time_passes(&world.clock, call).await.unwrap().unwrap().view;
    assert_eq!(error(&view).code, "run_timeout");
    assert_eq!(step.calls().len(), 0);
}

#[tokio::test]
async fn a_run_that_ends_in_time_has_no_timeout() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("quick").api("start", []).done("end", [("a", 1)]).setting("timeoutMs", 1).build();
    assert_eq!(output(&world.run(&engine, &document, json!({})).await), json!({ "a": 1 }));
}
