//! What users of other engines suffer from, and must never happen here. What the other modules show already is
//! only named:
//!
//! | Complaint | Shown by |
//! |---|---|
//! | runs stuck in "running" that can't be cancelled | `a_running_run_can_be_cancelled…` and its like, here |
//! | runs lost, or marked failed though they succeeded, after a crash or a blip | `crash`, `outage`, `a_run_isnt_marked_failed…` |
//! | a recovery executes twice | `recovery_on_many_processes_at_once_executes_once`, `stall` |
//! | a double or racing resume; a leftover timer resumes again | `races`, `people::a_leftover_timer…` |
//! | an approval is consumed by the wrong step, or bypassed in a branch | `an_approval_is_consumed…`, `people::an_approval_in_a_branch…` |
//! | an approve ends or strands the run | `people::an_approve_goes_on…`, `pause` |
//! | waits are lost or begun again over a restart | `waits_outlive_restarts…` |
//! | a signal before its wait is lost; slow wake-ups | `event_wait::an_event_that_came_first…`, `a_watcher_hears…` |
//! | a human step without an API | `pause`, `forms` |
//! | large payloads; an oversized result is retried for ever | `retry::an_output_that_is_too_large…`, `in_flight` |
//! | the wrong version runs; pinned data leaks into production; no retry from a step | `flows::a_run_is_pinned…`, `skip::a_drafts_run…`, `retry_run` |

mod people;

use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{EngineError, Execute, Patience, Registry, Store};
use flow_model::RunStatus;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{LEASE, World, approve, as_time_passes, echo, output, soon, steps};

fn effect() -> Value {
    flow("effect").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build()
}

fn ask() -> Value {
    flow("ask").api("start", []).approval("ask", "Go on?").done("end", [("d", "{{ask.decision}}")]).build()
}

#[tokio::test]
async fn a_running_run_can_be_cancelled_and_its_step_is_dropped() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&effect(), json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(step.until_begun(1)).await;
    let reply = soon(engine.cancel(world.workspace, run)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (true, RunStatus::Cancelled));
    soon(step.until_dropped(1)).await;
    assert_eq!(world.inspect(&engine, run).await.record.status, RunStatus::Cancelled);
    let again = engine.cancel(world.workspace, run).await;
    assert!(matches!(again, Err(EngineError::RunFinished { status: RunStatus::Cancelled, .. })), "{again:?}");
}

#[tokio::test]
async fn a_waiting_run_can_be_cancelled_and_its_wait_is_closed() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &ask(), json!({})).await;
    let reply = soon(engine.cancel(world.workspace, view.id())).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Cancelled);
    assert!(reply.view.open_waits().is_empty());
    let late = world.resume(&engine, view.id(), Only, approve()).await;
    assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "{late:?}");
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}

#[tokio::test]
async fn a_run_whose_process_died_can_be_cancelled() {
    let world = World::new();
    let step = echo().held();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&effect(), json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(step.until_begun(1)).await;
    store.die();
    let next = world.engine(steps(&step)).await;
    // While the dead process's lease lasts, and after it.
    let cancel = as_time_passes(&world.clock, next.cancel(world.workspace, run)).await.unwrap();
    let view = world.until_ended(&next, run).await;
    assert_eq!(view.status(), RunStatus::Cancelled);
    assert!(cancel.view.record.cancel_requested_at.is_some());
    assert_eq!(step.calls().len(), 1, "a cancelled run's effect isn't repeated");
}

#[tokio::test]
async fn a_cancel_is_acknowledged_while_another_process_drives_the_run_and_holds() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let other = world.engine(steps(&step)).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&effect(), json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(step.until_begun(1)).await;
    let cancel = as_time_passes(&world.clock, other.cancel(world.workspace, run)).await.unwrap();
    assert!(cancel.view.record.cancel_requested_at.is_some());
    step.release_all();
    assert_eq!(world.until_ended(&engine, run).await.status(), RunStatus::Cancelled);
}

#[tokio::test]
async fn a_run_isnt_marked_failed_though_it_succeeded_when_the_last_reply_is_lost() {
    let world = World::new();
    let step = echo();
    let (engine, store) = world.faulty_engine(steps(&step)).await;
    let warm = world.run(&engine, &effect(), json!({})).await;
    assert_eq!(output(&warm), json!({ "a": 1 }));
    store.set_rule(|call| match (call.name, call.number) {
        ("run_append", 2..=3) => flow_testkit::Fate::LoseReply,
        _ => flow_testkit::Fate::Pass,
    });
    let reply = as_time_passes(&world.clock, engine.execute(world.call(&effect(), json!({})))).await;
    assert_eq!(output(&reply.unwrap().view), json!({ "a": 1 }));
    assert_eq!(step.calls().len(), 2);
}

#[tokio::test]
async fn recovery_on_many_processes_at_once_executes_once() {
    let world = World::new();
    let dying = echo().held();
    let (engine, store) = world.faulty_engine(steps(&dying)).await;
    let mut runs = Vec::new();
    for _ in 0..100 {
        let call = Execute { patience: Patience::UntilStored, ..world.call(&effect(), json!({})) };
        runs.push(soon(engine.execute(call)).await.unwrap().view.id());
    }
    soon(dying.until_begun(100)).await;
    store.die();
    world.clock.advance(LEASE);
    let step = echo();
    let mut engines = Vec::new();
    for _ in 0..4 {
        engines.push(world.faulty_engine(steps(&step)).await.0);
    }
    for run in runs {
        assert_eq!(output(&world.until_ended(&engines[0], run).await), json!({ "a": 1 }));
    }
    assert_eq!(step.calls().len(), 100);
}

#[tokio::test]
async fn an_approval_is_consumed_by_the_step_that_asked() {
    let document = flow("two")
        .api("start", [])
        .approval("first", "One?")
        .approval("second", "Two?")
        .done("end", [("first", "{{first.message}}"), ("second", "{{second.message}}")])
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let one = world.run(&engine, &document, json!({})).await;
    let other = world.run(&engine, &document, json!({})).await;
    world.resume(&engine, other.id(), Only, approve()).await.unwrap();
    let second = world.inspect(&engine, other.id()).await.open_waits()[0].execution.to_string();
    // The second step's id of the other run, in the run whose first step asks.
    for given in [second, format!("{}:second", one.id())] {
        let refused = world.resume(&engine, one.id(), Named(given), approve()).await;
        assert!(matches!(refused, Err(EngineError::ExecutionMismatch { .. })), "{refused:?}");
    }
    assert_eq!(world.inspect(&engine, one.id()).await.open_waits()[0].step_id, "first");
}

#[tokio::test]
async fn waits_outlive_restarts_and_upgrades_whatever_their_age() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &ask(), json!({})).await;
    let mut engine = engine;
    for _ in 0..5 {
        soon(engine.stop(Duration::from_secs(5))).await;
        world.clock.advance(Duration::from_secs(100 * 24 * 3600));
        engine = world.engine(Registry::new()).await;
        world.store.expired_purge(engine.clock().now()).await.unwrap();
        let seen = world.inspect(&engine, view.id()).await;
        assert_eq!(seen.state, view.state, "it isn't begun again");
    }
    let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "d": "approve" }));
}

#[tokio::test]
async fn a_watcher_hears_of_each_commit_without_waiting_for_a_clock() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&effect(), json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(step.until_begun(1)).await;
    let mut seen = Vec::new();
    let long = Duration::from_secs(3600);
    while seen.len() < 2 {
        let poll = soon(engine.poll(world.workspace, run, seen.len() as u64, long)).await.unwrap();
        seen.extend(poll.events);
    }
    let poll = tokio::spawn({
        let (engine, workspace) = (engine.clone(), world.workspace);
        async move { engine.poll(workspace, run, 2, long).await }
    });
    tokio::task::yield_now().await;
    step.release_all();
    seen.extend(soon(poll).await.unwrap().unwrap().events);
    let names: Vec<_> = seen.iter().map(|event| event.kind.name()).collect();
    let all =
        ["run.started", "step.started", "step.completed", "step.started", "step.completed", "run.completed"];
    assert_eq!(names, all);
    let poll = soon(engine.poll(world.workspace, run, 6, long)).await.unwrap();
    assert!(poll.events.is_empty(), "a finished run is answered at once");
    let poll = as_time_passes(&world.clock, engine.poll(world.workspace, run, 999, long)).await.unwrap();
    assert!(poll.events.is_empty());
}

#[tokio::test]
async fn a_thousand_waiting_runs_dont_slow_the_others() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    for _ in 0..1000 {
        world.run(&engine, &ask(), json!({})).await;
    }
    let document = flow("pure").api("start", []).done("end", [("a", 1)]).build();
    world.run(&engine, &document, json!({})).await;
    let before = store.calls().len();
    world.run(&engine, &document, json!({})).await;
    assert_eq!(store.calls().len() - before, 1);
}
