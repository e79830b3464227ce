//! Engines that stop, callers that go away, and steps that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{Clock, Effect, EngineError, Execute, Patience, Registry, Step, StepContext, StepError};
use flow_model::{Fields, RunStatus};
use flow_testkit::documents::flow;
use flow_testkit::{Fate, FaultyStore, ScriptedStep};
use serde_json::{Value, json};

use crate::world::{LEASE, LONG, World, approve, echo, error, output, soon, steps, until};

fn two_effects() -> Value {
    flow("two")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .step("two", "work", json!({ "n": 2 }))
        .done("end", [("a", "{{two.n}}")])
        .build()
}

#[tokio::test]
async fn a_step_under_way_comes_to_its_commit_and_no_new_one_begins() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    let stop = tokio::spawn({
        let engine = engine.clone();
        async move { engine.stop(Duration::from_secs(3600)).await }
    });
    until(|| futures_util::FutureExt::now_or_never(engine.ready()).is_some_and(|r| r.is_err())).await;
    step.release(1);
    soon(stop).await.unwrap();
    assert_eq!((step.calls().len(), step.finished(), step.dropped()), (1, 1, 0));
    let reply = soon(call).await.unwrap().unwrap();
    assert!(!reply.settled, "its caller is told that it goes on");
    let run = reply.view.id();
    assert!(reply.view.state.output("one").is_some(), "the result is committed");

    step.release_all();
    let next = world.engine(steps(&step)).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "a": 2 }));
    let visits: Vec<_> = step.calls().iter().map(|call| call.execution.visit.to_string()).collect();
    assert_eq!(visits, ["one", "two"], "nothing was done twice");
}

#[tokio::test]
async fn a_step_that_outlasts_the_lease_of_a_stopping_engine_is_nobody_elses() {
    let world = World::new();
    let (mine, theirs) = (echo().held(), echo());
    let engine = world.engine(steps(&mine)).await;
    let call = world.call(&two_effects(), json!({}));
    let run = engine.execute(Execute { patience: Patience::UntilStored, ..call }).await.unwrap().view.id();
    soon(mine.until_begun(1)).await;
    let next = world.engine(steps(&theirs)).await;
    let stop = tokio::spawn(async move { engine.stop(Duration::from_secs(3600)).await });
    let start = world.clock.now();
    world
        .as_time_passes(async {
            while world.clock.now().since(start) < LEASE * 3 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    assert_eq!(theirs.calls().len(), 0, "it is still under way where it began");
    mine.release(1);
    soon(stop).await.unwrap();
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "a": 2 }));
    assert_eq!((mine.calls().len(), theirs.calls().len()), (1, 1), "nothing was done twice");
}

#[tokio::test]
async fn a_step_that_outlasts_the_patience_is_left_to_the_next_start() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    soon(engine.stop(Duration::ZERO)).await;
    soon(step.until_dropped(1)).await;
    let reply = soon(call).await.unwrap().unwrap();
    assert!(!reply.settled);
    step.release_all();
    let next = world.engine(steps(&step)).await;
    assert_eq!(output(&world.until_ended(&next, reply.view.id()).await), json!({ "a": 2 }));
    let keys: Vec<_> = step.calls().iter().map(|call| call.execution.visit.to_string()).collect();
    assert_eq!(keys, ["one", "one", "two"]);
}

#[tokio::test]
async fn an_engine_whose_store_is_away_stops_within_its_patience() {
    let world = World::new();
    let step = echo().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
        async move { engine.execute(call).await }
    });
    soon(step.until_begun(1)).await;
    store.set_rule(|_| Fate::Fail);
    step.release_all();
    until(|| store.commits().len() > 1).await;
    soon(engine.stop(Duration::from_millis(10))).await;
    assert!(soon(call).await.unwrap().is_err(), "nothing can be said of the run");
}

#[tokio::test]
async fn a_step_that_may_not_begin_any_more_takes_no_other_one_with_it() {
    let world = World::new();
    let slow = echo().held();
    let quick = ScriptedStep::new("quick").answers(|call| Ok((*call.input).clone())).held();
    let types = || steps(&slow).with(quick.clone());
    let engine = world.engine(types()).await;
    let step = |id, kind| json!({ "id": id, "type": kind, "data": {} });
    let mut first = step("first", "quick");
    first["nextStepId"] = json!("second");
    let branches = json!([
        { "name": "left", "steps": [step("long", "work")] },
        { "name": "right", "steps": [first, step("second", "quick")] },
    ]);
    let document = flow("both")
        .api("start", [])
        .step("fan", "parallel", json!({ "branches": branches }))
        .done("end", [("n", 1)])
        .build();
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
    let run = engine.execute(call).await.unwrap().view.id();
    soon(async { tokio::join!(slow.until_begun(1), quick.until_begun(1)) }).await;
    let stop = tokio::spawn(async move { engine.stop(Duration::from_secs(3600)).await });
    tokio::task::yield_now().await;
    quick.release_all();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((quick.calls().len(), slow.dropped()), (1, 0), "the one doesn't begin, the other goes on");
    slow.release_all();
    soon(stop).await.unwrap();
    let next = world.engine(types()).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "n": 1 }));
    assert_eq!((quick.calls().len(), slow.calls().len()), (2, 1), "nothing was done twice");
}

#[tokio::test]
async fn an_engine_that_has_left_takes_no_run() {
    let world = World::new();
    let store = FaultyStore::with_clock(world.store.clone(), world.clock.clone());
    let engine = world.engine_on(Arc::new(store.clone()), Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("n", 1)]).build();
    let run = world.run(&engine, &document, json!({})).await.id();
    store.set_rule(|call| match call.name {
        "wait_resolve" => Fate::Late(Duration::from_secs(1)),
        _ => Fate::Pass,
    });
    let resume = tokio::spawn({
        let (engine, workspace) = (engine.clone(), world.workspace);
        async move { engine.resume(workspace, run, Only, approve(), Patience::UpTo(Duration::ZERO)).await }
    });
    until(|| store.calls().contains(&"wait_resolve")).await;
    soon(engine.stop(Duration::from_secs(5))).await;
    let reply = world.as_time_passes(resume).await.unwrap().unwrap();
    assert!(!reply.settled, "the answer counts, and another server goes on with it");
    let calls = store.calls();
    let after = calls.iter().skip_while(|call| **call != "node_leave");
    assert!(!after.clone().any(|call| *call == "run_claim"), "{calls:?}");
    let next = world.engine(Registry::new()).await;
    assert_eq!(output(&world.until_ended(&next, run).await), json!({ "n": 1 }));
}

#[tokio::test]
async fn a_stopping_engine_takes_no_new_work() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]).build();
    let run = world.run(&engine, &document, json!({})).await.id();
    soon(engine.stop(Duration::from_secs(5))).await;
    let refused = world.try_run(&engine, &document, json!({})).await;
    assert!(matches!(refused, Err(EngineError::Stopping)), "{refused:?}");
    let refused = world.resume(&engine, run, Only, approve()).await;
    assert!(matches!(refused, Err(EngineError::Stopping)), "{refused:?}");
    let next = world.engine(Registry::new()).await;
    assert!(world.resume(&next, run, Only, approve()).await.unwrap().settled, "nothing was changed");
}

#[tokio::test]
async fn a_poll_ends_when_the_engine_drains() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]).build();
    let view = world.run(&engine, &document, json!({})).await;
    let (run, seq) = (view.id(), view.state.seq());
    let poll = || engine.poll(world.workspace, run, seq, Duration::from_secs(3600));
    let mut held = Box::pin(poll());
    for _ in 0..50 {
        assert!(futures_util::poll!(&mut held).is_pending());
        tokio::task::yield_now().await;
    }
    engine.drain();
    assert_eq!(soon(held).await.unwrap().events, []);
    assert_eq!(soon(poll()).await.unwrap().events, [], "nor is a later one held");
    assert!(world.resume(&engine, run, Only, approve()).await.unwrap().settled, "other calls are taken");
}

#[tokio::test]
async fn a_poll_ends_when_the_engine_stops() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]).build();
    let view = world.run(&engine, &document, json!({})).await;
    let poll = tokio::spawn({
        let (engine, workspace, run, seq) = (engine.clone(), world.workspace, view.id(), view.state.seq());
        async move { engine.poll(workspace, run, seq, Duration::from_secs(3600)).await }
    });
    tokio::task::yield_now().await;
    soon(engine.stop(Duration::from_secs(5))).await;
    assert_eq!(soon(poll).await.unwrap().unwrap().events, []);
}

#[tokio::test]
async fn a_caller_that_goes_away_doesnt_stop_its_run() {
    for polls in 0..30 {
        let world = World::new();
        let step = echo();
        let (engine, store) = world.faulty_engine(steps(&step)).await;
        let mut call = Box::pin(engine.execute(world.call(&two_effects(), json!({}))));
        for _ in 0..polls {
            if futures_util::poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(call);
        // Dropped before anything was decided: there is no run, and nobody was told of one.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let Some(run) = store.commits().first().map(|commit| commit.run) else { continue };
        assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "a": 2 }));
        assert_eq!(step.calls().len(), 2);
    }
}

#[tokio::test]
async fn the_wait_bound_ends_a_call_and_not_its_run() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let patience = Patience::UpTo(Duration::from_secs(60));
    let call = Execute { patience, ..world.call(&two_effects(), json!({})) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert!(!reply.settled);
    assert_eq!(reply.view.status(), RunStatus::Running);
    step.release_all();
    assert_eq!(output(&world.until_ended(&engine, reply.view.id()).await), json!({ "a": 2 }));
}

/// A step with a fault.
#[derive(Default)]
struct Faulty {
    at: &'static str,
    /// The registry asks for the effect first, for the catalogue.
    is_listed: AtomicBool,
}

impl Step for Faulty {
    fn kind(&self) -> &'static str {
        "work"
    }

    fn effect(&self) -> Effect {
        let is_listed = self.is_listed.swap(true, Ordering::Relaxed);
        assert!(self.at != "effect" || !is_listed, "a fault in `effect`");
        Effect::World
    }

    fn check(&self, _: &Fields<'_>) {}

    fn run<'s, 'f>(
        &'s self,
        _: StepContext,
        _: Arc<Value>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Value, StepError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        assert!(self.at != "call", "a fault before the future is made");
        Box::pin(async { panic!("a fault in the future") })
    }
}

#[tokio::test]
async fn a_step_that_panics_fails_and_nothing_else_does() {
    for at in ["call", "future"] {
        let world = World::new();
        let engine = world.engine(Registry::new().with(Faulty { at, ..Faulty::default() })).await;
        for _ in 0..2 {
            let view = world.run(&engine, &two_effects(), json!({})).await;
            let error = error(&view);
            assert_eq!(
                (error.code.as_str(), error.step_id.as_deref()),
                ("step_panicked", Some("one")),
                "{at}"
            );
        }
    }
}

#[tokio::test]
async fn a_fault_in_the_driver_sets_the_run_aside_and_strands_nobody() {
    let world = World::new();
    let engine = world.engine(Registry::new().with(Faulty { at: "effect", ..Faulty::default() })).await;
    let refused = world.try_run(&engine, &two_effects(), json!({})).await;
    assert!(refused.is_err(), "an unstored run doesn't exist: {refused:?}");
    let call = Execute { patience: Patience::UntilStored, ..world.call(&two_effects(), json!({})) };
    let reply = soon(engine.execute(call)).await.unwrap();
    let view = world.until_ended(&engine, reply.view.id()).await;
    assert_eq!(error(&view).code, "run_quarantined");
    let fine = flow("fine").api("start", []).done("end", [("a", 1)]).build();
    assert_eq!(output(&world.run(&engine, &fine, json!({})).await), json!({ "a": 1 }));
    soon(engine.stop(Duration::from_secs(3600))).await;
}

#[test]
fn a_run_outlives_the_runtime_of_its_caller() {
    let engines = tokio::runtime::Runtime::new().unwrap();
    let world = World::new();
    let step = echo().held();
    let engine = engines.block_on(world.engine(steps(&step)));
    let callers = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = callers.block_on(async {
        let call = tokio::spawn({
            let (engine, call) = (engine.clone(), world.call(&two_effects(), json!({})));
            async move { engine.execute(Execute { patience: LONG, ..call }).await }
        });
        soon(step.until_begun(1)).await;
        // Long enough for the drive to have left its caller's thread.
        assert!(!call.is_finished());
        step.calls()[0].execution.run
    });
    drop(callers);
    step.release_all();
    let view = engines.block_on(async {
        soon(async {
            loop {
                let view = world.inspect(&engine, run).await;
                if view.record.status.is_finished() {
                    return view;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    });
    assert_eq!(output(&view), json!({ "a": 2 }));
}
