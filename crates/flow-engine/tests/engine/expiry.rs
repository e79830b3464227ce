//! Waits that nobody answers in time.

use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{EngineError, Registry, RunView, Store};
use flow_model::RunStatus;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{World, approve, error, output, soon, tool};

const MINUTE: u64 = 60_000;

fn expiring(on_expire: Option<&str>) -> Value {
    let document = flow("expiring").api("start", []).approval("ask", "Go on?").expires_in(MINUTE);
    let document = match on_expire {
        Some(way) => document.data("onExpire", way),
        None => document,
    };
    document
        .next("yes")
        .reject_next("no")
        .done("yes", [("approved", true)])
        .done(
            "no",
            [("decision", "{{approval.decision}}"), ("by", "{{ask.decidedBy}}"), ("at", "{{ask.decidedAt}}")],
        )
        .build()
}

fn elsewhere() -> Value {
    flow("elsewhere")
        .api("start", [])
        .approval("ask", "Go on?")
        .expires_in(MINUTE)
        .data("onExpire", "late")
        .next("yes")
        .set("late", [("x", json!("{{ask.decision ?? 'nobody'}}"))])
        .next("end")
        .done("yes", [("approved", true)])
        .done("end", [("who", "{{x}}"), ("approval", "{{approval.decision}}")])
        .build()
}

/// Starts a run that waits, lets its time pass, and returns it as it ended.
async fn expired(document: &Value) -> (World, flow_engine::Engine, RunView) {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, document, json!({})).await;
    assert_eq!(view.status(), RunStatus::Waiting);
    let view = world.until_ended(&engine, view.id()).await;
    (world, engine, view)
}

#[tokio::test]
async fn by_default_the_step_fails() {
    for on_expire in [None, Some("fail")] {
        let (_, _, view) = expired(&expiring(on_expire)).await;
        let error = error(&view);
        assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("wait_expired", Some("ask")));
    }
}

#[tokio::test]
async fn it_can_count_as_a_rejection() {
    let (_, _, view) = expired(&expiring(Some("reject"))).await;
    assert_eq!(
        output(&view),
        json!({ "decision": "reject", "by": null, "at": "2026-01-01T00:01:00.000Z" }),
        "`approval` too says how the last approval ended"
    );
}

#[tokio::test]
async fn it_can_lead_elsewhere() {
    let (_, _, view) = expired(&elsewhere()).await;
    assert_eq!(output(&view), json!({ "who": "nobody", "approval": null }));
}

#[tokio::test]
async fn a_tool_that_never_answers_fails_its_step() {
    let document = flow("tool").api("start", []).tool("look", "look-up", json!({})).expires_in(MINUTE);
    let (_, _, view) = expired(&document.done("end", [("a", 1)]).build()).await;
    assert_eq!(error(&view).code, "wait_expired");
}

#[tokio::test]
async fn an_answer_in_time_counts_and_the_timer_does_nothing_later() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &expiring(None), json!({})).await;
    world.clock.advance(Duration::from_millis(MINUTE - 1));
    let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "approved": true }));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    world.clock.advance(Duration::from_secs(3600));
    let after = world.inspect(&engine, view.id()).await;
    assert_eq!(after.state, reply.view.state);
}

#[tokio::test]
async fn an_answer_in_the_very_millisecond_comes_too_late() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    for _ in 0..20 {
        let view = world.run(&engine, &expiring(None), json!({})).await;
        let execution = view.open_waits()[0].execution.to_string();
        // No other task gets a turn between the two, so the timer hasn't fired.
        world.clock.advance(Duration::from_millis(MINUTE));
        let late = world.resume(&engine, view.id(), Named(execution), approve()).await;
        assert!(matches!(late, Err(EngineError::WaitExpired(_))), "{late:?}");
        assert_eq!(error(&world.until_ended(&engine, view.id()).await).code, "wait_expired");
    }
}

#[tokio::test]
async fn a_late_answer_is_told_that_the_wait_expired_whatever_the_run_did_then() {
    for document in [expiring(None), expiring(Some("reject")), elsewhere()] {
        let (world, engine, view) = expired(&document).await;
        let execution = view.execution(&flow_model::VisitPath::from_stored("ask")).to_string();
        for _ in 0..2 {
            let late = world.resume(&engine, view.id(), Named(execution.clone()), approve()).await;
            assert!(matches!(late, Err(EngineError::WaitExpired(_))), "{late:?}");
        }
        let late = world.resume(&engine, view.id(), Only, tool(json!(1))).await;
        assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "{late:?}");
        assert_eq!(world.inspect(&engine, view.id()).await.state, view.state);
    }
}

#[tokio::test]
async fn an_expiry_fires_although_the_process_that_set_it_is_gone() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &expiring(Some("reject")), json!({})).await;
    soon(engine.stop(Duration::from_secs(5))).await;
    world.clock.advance(Duration::from_millis(10 * MINUTE));
    let next = world.engine(Registry::new()).await;
    let view = world.until_ended(&next, view.id()).await;
    assert_eq!(output(&view)["at"], json!("2026-01-01T00:10:00.000Z"));
}

#[tokio::test]
async fn many_that_expire_at_once_all_end() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let mut runs = Vec::new();
    for _ in 0..350 {
        runs.push(world.run(&engine, &expiring(None), json!({})).await.id());
    }
    world.clock.advance(Duration::from_millis(MINUTE));
    for run in runs {
        assert_eq!(error(&world.until_ended(&engine, run).await).code, "wait_expired");
    }
}
