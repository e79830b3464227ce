//! Flows that limit how many of their runs go on at a time.

use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{Engine, EngineError, Execute, IdempotencyKey, Patience, Registry, Reply, Store};
use flow_model::{RunId, RunStatus};
use flow_testkit::documents::{Builder, flow, optional, required};
use flow_testkit::{ManualClock, ScriptedStep};
use serde_json::{Value, json};

use crate::attempts::{Attempts, network};
use crate::run_flow::{children, sub_flow};
use crate::world::{LEASE, World, approve, echo, error, output, soon, steps, until};

fn limited(concurrency: Value) -> Builder {
    let start = flow("limited").api("start", [required("n", "number"), optional("who", "string")]);
    start.setting("concurrency", concurrency).step("one", "work", json!({ "n": "{{n}}", "who": "{{who}}" }))
}

/// One call of the world, a limited number of them at a time.
fn calling(concurrency: Value) -> Value {
    limited(concurrency).done("end", [("n", "{{one.n}}")]).build()
}

pub(crate) fn one_at_a_time() -> Value {
    calling(json!({ "limit": 1 }))
}

/// Starts a run a moment after the one before, so that they have an order.
pub(crate) async fn start(world: &World, engine: &Engine, document: &Value, inputs: Value) -> RunId {
    world.clock.advance(Duration::from_millis(1));
    let call = Execute { patience: Patience::UntilStored, ..world.call(document, inputs) };
    let reply = soon(engine.execute(call)).await.unwrap();
    reply.view.id()
}

pub(crate) async fn status(world: &World, run: RunId) -> RunStatus {
    world.store.run_record(run).await.unwrap().unwrap().status
}

/// Waits until a run has that status, with the clock standing still.
pub(crate) async fn until_it_is(world: &World, run: RunId, wanted: RunStatus) {
    soon(async {
        while status(world, run).await != wanted {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The numbers of the calls so far, in order.
pub(crate) fn numbers(step: &ScriptedStep) -> Vec<i64> {
    step.calls().iter().map(|call| call.input["n"].as_i64().unwrap()).collect()
}

/// Lets everything happen that needs no clock.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn held() -> ScriptedStep {
    echo().held()
}

#[tokio::test]
async fn runs_go_on_one_after_another_in_their_order() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let mut runs = Vec::new();
    for n in 1..=4 {
        runs.push(start(&world, &engine, &one_at_a_time(), json!({ "n": n })).await);
    }
    for n in 1..=4 {
        soon(step.until_begun(n)).await;
        settle().await;
        assert_eq!(numbers(&step), (1..=i64::try_from(n).unwrap()).collect::<Vec<_>>());
        assert_eq!(status(&world, runs[n - 1]).await, RunStatus::Running);
        for waiting in &runs[n..] {
            assert_eq!(status(&world, *waiting).await, RunStatus::Queued);
            assert_eq!(world.inspect(&engine, *waiting).await.record.seq, 1);
        }
        step.release(1);
        until_it_is(&world, runs[n - 1], RunStatus::Completed).await;
    }
}

#[tokio::test]
async fn a_limit_is_how_many_go_on() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    for n in 1..=5 {
        start(&world, &engine, &calling(json!({ "limit": 3 })), json!({ "n": n })).await;
    }
    settle().await;
    assert_eq!(numbers(&step), [1, 2, 3]);
    step.release(2);
    soon(step.until_begun(5)).await;
    assert_eq!(numbers(&step), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn each_key_has_a_limit_of_its_own() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let document = calling(json!({ "limit": 1, "key": "{{who}} {{inputs.n > 10}}" }));
    for (n, who) in [(1, "Ada"), (2, "Bob"), (3, "Ada"), (11, "Ada"), (4, "Bob")] {
        start(&world, &engine, &document, json!({ "n": n, "who": who })).await;
    }
    settle().await;
    assert_eq!(numbers(&step), [1, 2, 11]);
    step.release(1);
    soon(step.until_begun(4)).await;
    assert_eq!(numbers(&step), [1, 2, 11, 3]);
}

#[tokio::test]
async fn versions_of_a_flow_share_a_limit_and_flows_dont() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let one = sub_flow(&world, &engine, &one_at_a_time()).await;
    let other = sub_flow(&world, &engine, &one_at_a_time()).await;
    let latest = |flow| flow_engine::Target::Published(flow, flow_model::VersionSelector::Latest);
    for (n, flow) in [(1, one), (2, one), (3, other)] {
        world.clock.advance(Duration::from_millis(1));
        let call = world.call(&one_at_a_time(), json!({ "n": n }));
        let call = Execute { target: latest(flow), patience: Patience::UntilStored, ..call };
        soon(engine.execute(call)).await.unwrap();
    }
    start(&world, &engine, &one_at_a_time(), json!({ "n": 4 })).await;
    settle().await;
    assert_eq!(numbers(&step), [1, 3, 4], "a bare document is a flow of its own");
}

#[tokio::test]
async fn a_caller_waits_for_its_turn_within_its_patience() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    soon(step.until_begun(1)).await;
    world.clock.advance(Duration::from_millis(1));
    let call = |patience| {
        let call = Execute { patience, ..world.call(&one_at_a_time(), json!({ "n": 2 })) };
        let engine = engine.clone();
        tokio::spawn(async move { engine.execute(call).await.unwrap() })
    };
    let impatient = call(Patience::UpTo(Duration::from_millis(100)));
    settle().await;
    world.clock.advance(Duration::from_millis(100));
    let reply: Reply = soon(impatient).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (false, RunStatus::Queued));
    let patient = call(Patience::UpTo(Duration::from_secs(60)));
    settle().await;
    step.release_all();
    assert_eq!(output(&soon(patient).await.unwrap().view), json!({ "n": 2 }));
    assert_eq!(step.calls().len(), 3);
}

#[tokio::test]
async fn a_run_that_waits_holds_no_place_and_needs_one_to_go_on() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let asking = flow("asking")
        .api("start", [required("n", "number")])
        .setting("concurrency", json!({ "limit": 1 }))
        .approval("ask", "Go on?")
        .step("one", "work", json!({ "n": "{{n}}" }))
        .done("end", [("n", "{{one.n}}")])
        .build();
    let mut runs = Vec::new();
    for n in 1..=3 {
        runs.push(start(&world, &engine, &asking, json!({ "n": n })).await);
        until_it_is(&world, runs[n - 1], RunStatus::Waiting).await;
    }
    let resume = |run, patience| engine.resume(world.workspace, run, Only, approve(), patience);
    for run in [runs[2], runs[1], runs[0]] {
        let reply = soon(resume(run, Patience::UntilStored)).await.unwrap();
        assert_eq!(reply.view.id(), run);
        soon(step.until_begun(1)).await;
        settle().await;
    }
    assert_eq!(numbers(&step), [3]);
    let again = soon(resume(runs[0], Patience::UntilStored)).await;
    assert!(matches!(again, Err(EngineError::RunNotWaiting { .. })), "its answer is stored: {again:?}");
    step.release(1);
    soon(step.until_begun(2)).await;
    step.release(1);
    soon(step.until_begun(3)).await;
    assert_eq!(numbers(&step), [3, 1, 2], "the oldest run is the next");
    step.release_all();
    for run in runs {
        until_it_is(&world, run, RunStatus::Completed).await;
    }
}

#[tokio::test]
async fn a_run_that_backs_off_holds_no_place() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let other = ScriptedStep::new("other").answers(|call| Ok((*call.input).clone()));
    let engine = world.engine(steps(&attempts.step).with(other.clone())).await;
    let document = flow("flaky")
        .api("start", [required("n", "number")])
        .setting("concurrency", json!({ "limit": 1 }))
        .condition("which", [("flaky", "n == 1", "one")], Some("two"))
        .step("one", "work", json!({}))
        .with("retry", json!({ "maxAttempts": 2, "initialDelayMs": 60_000, "retryOn": ["network"] }))
        .next("end")
        .step("two", "other", json!({ "n": "{{n}}" }))
        .done("end", [("n", "{{n}}")])
        .build();
    let flaky = start(&world, &engine, &document, json!({ "n": 1 })).await;
    until(|| attempts.millis().len() == 1).await;
    settle().await;
    let next = start(&world, &engine, &document, json!({ "n": 2 })).await;
    until_it_is(&world, next, RunStatus::Completed).await;
    assert_eq!(status(&world, flaky).await, RunStatus::Running);
    assert_eq!(output(&world.until_ended(&engine, flaky).await), json!({ "n": 1 }));
}

#[tokio::test]
async fn a_queued_run_is_cancelled_at_once() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let first = start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    let second = start(&world, &engine, &one_at_a_time(), json!({ "n": 2 })).await;
    let third = start(&world, &engine, &one_at_a_time(), json!({ "n": 3 })).await;
    let reply = soon(engine.cancel(world.workspace, second)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (true, RunStatus::Cancelled));
    settle().await;
    assert_eq!(numbers(&step), [1]);
    soon(engine.cancel(world.workspace, first)).await.unwrap();
    soon(step.until_begun(2)).await;
    assert_eq!(numbers(&step), [1, 3], "a cancel frees the place of a run that had one");
    step.release_all();
    until_it_is(&world, third, RunStatus::Completed).await;
}

#[tokio::test]
async fn the_place_of_a_process_that_died_is_its_runs_until_that_is_taken_up() {
    let (world, step) = (World::new(), held());
    let (engine, dying) = world.faulty_engine(steps(&step)).await;
    let first = start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    let second = start(&world, &engine, &one_at_a_time(), json!({ "n": 2 })).await;
    soon(step.until_begun(1)).await;
    dying.die();
    let next = world.engine(steps(&step)).await;
    settle().await;
    assert_eq!(numbers(&step), [1], "its lease hasn't ended");
    world.clock.advance(LEASE);
    soon(step.until_begun(2)).await;
    settle().await;
    assert_eq!(numbers(&step), [1, 1]);
    step.release_all();
    let end = |view| assert_eq!(flow_engine::RunView::status(&view), RunStatus::Completed);
    end(world.until_ended(&next, first).await);
    end(world.until_ended(&next, second).await);
    assert_eq!(numbers(&step), [1, 1, 2]);
}

#[tokio::test]
async fn two_engines_share_a_limit() {
    let (world, step) = (World::new(), held());
    let one = world.engine(steps(&step)).await;
    let other = world.engine(steps(&step)).await;
    let mut runs = Vec::new();
    for n in 1..=6 {
        let engine = if n % 2 == 0 { &one } else { &other };
        runs.push(start(&world, engine, &calling(json!({ "limit": 2 })), json!({ "n": n })).await);
    }
    for ended in 0..6 {
        soon(step.until_begun((ended + 2).min(6))).await;
        settle().await;
        assert_eq!(step.calls().len(), (ended + 2).min(6));
        step.release(1);
        soon(step.until_finished(ended + 1)).await;
        world.as_time_passes(settle()).await;
    }
    assert_eq!(numbers(&step), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_run_and_its_child_of_the_same_flow_dont_wait_for_each_other() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let flow_id = sub_flow(&world, &engine, &one_at_a_time_down()).await;
    let target = flow_engine::Target::Published(flow_id, flow_model::VersionSelector::Latest);
    let inputs = json!({ "n": 3, "itself": flow_id.to_string() });
    let call = Execute { target, ..world.call(&json!({}), inputs) };
    let reply = soon(engine.execute(call)).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "n": 3 }));
    let child = children(&world, reply.view.id()).await.remove(0);
    assert_eq!(child.slot, reply.view.record.slot);
}

/// Counts down by running itself, which only its caller knows, once at a time.
fn one_at_a_time_down() -> Value {
    let inputs = json!({ "n": "{{n - 1}}", "itself": "{{itself}}" });
    flow("down")
        .api("start", [required("n", "number"), required("itself", "string")])
        .setting("concurrency", json!({ "limit": 1 }))
        .condition("which", [("down", "n > 0", "call")], Some("end"))
        .step("call", "run-flow", json!({ "flowId": "{{itself}}", "inputs": inputs }))
        .done("end", [("n", "{{n}}")])
        .build()
}

#[tokio::test]
async fn a_key_that_has_no_value_refuses_the_call() {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let document = calling(json!({ "limit": 1, "key": "{{who.name.first}}" }));
    let refused = world.try_run(&engine, &document, json!({ "n": 1 })).await.unwrap_err();
    assert!(matches!(refused, EngineError::ConcurrencyKey(_)), "{refused}");
    let document = calling(json!({ "limit": 1, "key": "{{who}}" }));
    let run = |who: String| world.try_run(&engine, &document, json!({ "n": 1, "who": who }));
    let refused = run("ä".repeat(513)).await.unwrap_err();
    assert!(matches!(refused, EngineError::ConcurrencyKey(_)), "{refused}");
    assert_eq!(world.store.run_queued(10).await.unwrap(), 0);
    let long = run("ä".repeat(512)).await.unwrap().view;
    assert_eq!(long.status(), RunStatus::Completed);
    assert!(long.record.slot.unwrap().name.len() < 300, "an index holds it");
    let other = run("ä".repeat(511)).await.unwrap().view;
    assert_ne!(other.record.slot, run("ä".repeat(510)).await.unwrap().view.record.slot);
    assert_eq!(run(String::new()).await.unwrap().view.status(), RunStatus::Completed);
}

#[tokio::test]
async fn a_child_whose_key_has_no_value_fails_its_step() {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let child = sub_flow(&world, &engine, &calling(json!({ "limit": 1, "key": "{{who.a.b}}" }))).await;
    let data = json!({ "flowId": child.to_string(), "inputs": { "n": 1 } });
    let parent =
        flow("parent").api("start", []).step("call", "run-flow", data).done("end", [("n", 1)]).build();
    let view = world.run(&engine, &parent, json!({})).await;
    assert_eq!(error(&view).code, "concurrency_key_invalid");
    assert_eq!(children(&world, view.id()).await, []);
}

#[tokio::test]
async fn one_key_is_one_queued_run() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    let call = || {
        let expires_at = flow_engine::Clock::now(&world.clock).after(Duration::from_secs(3600));
        let key = IdempotencyKey { key: "k".to_owned(), body_hash: [1; 32], expires_at };
        let call = world.call(&one_at_a_time(), json!({ "n": 2 }));
        Execute { idempotency: Some(key), patience: Patience::UntilStored, ..call }
    };
    world.clock.advance(Duration::from_millis(1));
    let first = soon(engine.execute(call())).await.unwrap();
    let second = soon(engine.execute(call())).await.unwrap();
    assert_eq!(first.view.id(), second.view.id());
    assert_eq!(second.view.status(), RunStatus::Queued);
    step.release_all();
    until_it_is(&world, first.view.id(), RunStatus::Completed).await;
    assert_eq!(numbers(&step), [1, 2]);
}

#[tokio::test]
async fn a_retry_waits_for_its_turn_too() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let first = start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    step.release(1);
    until_it_is(&world, first, RunStatus::Completed).await;
    start(&world, &engine, &one_at_a_time(), json!({ "n": 2 })).await;
    soon(step.until_begun(2)).await;
    for from in [None, Some("end")] {
        world.clock.advance(Duration::from_millis(1));
        let retry = flow_engine::Retry {
            workspace: world.workspace,
            run: first,
            version: None,
            from: from.map(|step| step.parse().unwrap()),
            inputs: None,
            current_user: std::sync::Arc::new(json!({})),
            idempotency: None,
            patience: Patience::UntilStored,
        };
        let reply = soon(engine.retry(retry)).await.unwrap();
        settle().await;
        let begun = if from.is_some() { RunStatus::Running } else { RunStatus::Queued };
        assert_eq!(status(&world, reply.view.id()).await, begun, "it has the results before `end` already");
        assert_eq!(numbers(&step), [1, 2]);
    }
    step.release_all();
    soon(step.until_begun(3)).await;
    assert_eq!(numbers(&step), [1, 2, 1]);
}

#[tokio::test]
async fn queued_runs_hold_no_stop_up_and_outlive_it() {
    let (world, step) = (World::new(), held());
    let engine = world.engine(steps(&step)).await;
    let mut runs = Vec::new();
    for n in 1..=3 {
        runs.push(start(&world, &engine, &one_at_a_time(), json!({ "n": n })).await);
    }
    soon(step.until_begun(1)).await;
    let stop = engine.stop(Duration::from_secs(3600));
    let (_, ()) = soon(async { tokio::join!(stop, async { step.release(1) }) }).await;
    settle().await;
    assert_eq!(numbers(&step), [1]);
    step.release_all();
    let next = world.engine(steps(&step)).await;
    for run in runs {
        assert_eq!(world.until_ended(&next, run).await.status(), RunStatus::Completed);
    }
    assert_eq!(numbers(&step), [1, 2, 3]);
}

/// Clocks of their own don't matter: places go by leases, and those by the store.
#[tokio::test]
async fn a_process_that_stalls_keeps_its_place_until_it_is_taken() {
    let (world, step) = (World::new(), held());
    let stalled = ManualClock::default();
    let engine = world.engine_with_clock(world.store.clone(), steps(&step), &stalled).await;
    start(&world, &engine, &one_at_a_time(), json!({ "n": 1 })).await;
    soon(step.until_begun(1)).await;
    let next = world.engine(steps(&step)).await;
    start(&world, &next, &one_at_a_time(), json!({ "n": 2 })).await;
    settle().await;
    assert_eq!(numbers(&step), [1]);
    world.clock.advance(LEASE);
    soon(step.until_begun(2)).await;
    settle().await;
    assert_eq!(numbers(&step), [1, 1], "the run that holds the place goes before the one in line");
    step.release_all();
    soon(step.until_begun(3)).await;
}
