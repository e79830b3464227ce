//! Steps that let time pass.

use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{Clock, Engine, EngineError, Execute, Patience, Registry, RunView, Store};
use flow_model::RunStatus;
use flow_testkit::documents::{Builder, flow, optional};
use serde_json::{Value, json};

use crate::world::{LONG, World, approve, error, output, soon};

fn waiting(data: Value) -> Builder {
    let document = flow("waiting").api("start", [optional("n", "number"), optional("at", "string")]);
    document.step("pause", "wait", data)
}

fn end(document: Builder) -> Value {
    document.done("end", [("until", "{{pause.until}}")]).build()
}

/// Runs it to its end as time passes; how long that took, in milliseconds.
async fn played(data: Value, inputs: Value) -> (RunView, u128) {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let start = world.clock.now();
    let call = world.call(&end(waiting(data)), inputs);
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert!(reply.settled);
    (reply.view, world.clock.now().since(start).as_millis())
}

#[tokio::test]
async fn it_ends_on_the_millisecond_and_says_when_that_was() {
    let cases = [
        (json!({ "durationMs": 90_001 }), json!({}), 90_001),
        (json!({ "durationMs": "{{n * 1000}}" }), json!({ "n": 2.5 }), 2_500),
        (json!({ "durationMs": "1500" }), json!({}), 1_500),
        (json!({ "durationMs": "{{at}}" }), json!({ "at": "12" }), 12),
        (json!({ "durationMs": 0 }), json!({}), 0),
        (json!({ "until": "2026-01-01T00:01:00Z" }), json!({}), 60_000),
        (json!({ "until": "{{at}}" }), json!({ "at": "2026-01-01T01:00:07.5+01:00" }), 7_500),
        (json!({ "until": "2025-12-31T23:59:59Z" }), json!({}), 0),
        (json!({ "until": "1900-01-01T00:00:00Z" }), json!({}), 0),
    ];
    for (data, inputs, expected) in cases {
        let (view, took) = played(data.clone(), inputs).await;
        assert_eq!(took, expected, "{data}");
        let (ended_at, _) = view.state.end().unwrap();
        assert_eq!(output(&view), json!({ "until": ended_at.to_string() }), "{data}");
    }
}

#[tokio::test]
async fn what_is_no_time_fails_the_step() {
    let cases = [
        (json!({ "durationMs": "{{at}}" }), json!({ "at": "soon" })),
        (json!({ "durationMs": "{{n}}" }), json!({ "n": -1 })),
        (json!({ "durationMs": "{{n}}" }), json!({})),
        (json!({ "durationMs": "{{n * 1e300}}" }), json!({ "n": 1e10 })),
        (json!({ "until": "{{at}}" }), json!({ "at": "tomorrow" })),
        (json!({ "until": "{{n}}" }), json!({ "n": 5 })),
        (json!({ "until": "{{at}}" }), json!({})),
    ];
    for (data, inputs) in cases {
        let (view, _) = played(data.clone(), inputs.clone()).await;
        let error = error(&view);
        assert_eq!(
            (error.code.as_str(), error.step_id.as_deref()),
            ("settings_invalid", Some("pause")),
            "{data}"
        );
    }
}

#[tokio::test]
async fn a_wait_for_ever_is_a_wait() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let patience = Patience::UpTo(Duration::from_secs(10));
    let call =
        Execute { patience, ..world.call(&end(waiting(json!({ "durationMs": u64::MAX }))), json!({})) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (false, RunStatus::Waiting));
    soon(engine.cancel(world.workspace, reply.view.id())).await.unwrap();
}

#[tokio::test]
async fn it_holds_a_call_up_to_its_bound_and_goes_on_without_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = end(waiting(json!({ "durationMs": 10_000 })));
    let start = world.clock.now();
    let patience = Patience::UpTo(Duration::from_millis(9_999));
    let call = Execute { patience, ..world.call(&document, json!({})) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (false, RunStatus::Waiting));
    assert_eq!(world.clock.now().since(start).as_millis(), 9_999);
    let view = world.until_ended(&engine, reply.view.id()).await;
    assert_eq!(output(&view), json!({ "until": "2026-01-01T00:00:10.000Z" }));
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
    assert!(!soon(engine.execute(call)).await.unwrap().settled);
}

/// A run that waits for the clock, and then for someone.
fn both() -> Value {
    let document = flow("both").api("start", []).approval("first", "?");
    let document = document.step("pause", "wait", json!({ "durationMs": 10_000 })).approval("second", "?");
    document.done("end", [("a", "{{second.decision}}")]).build()
}

async fn in_the_pause(world: &World, engine: &Engine) -> RunView {
    let view = world.run(engine, &both(), json!({})).await;
    let patience = Patience::UpTo(Duration::from_secs(1));
    let resume = engine.resume(world.workspace, view.id(), Only, approve(), patience);
    let reply = world.as_time_passes(resume).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (false, RunStatus::Waiting));
    reply.view
}

#[tokio::test]
async fn nobody_can_answer_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = in_the_pause(&world, &engine).await;
    let execution = view.open_waits()[0].execution.to_string();
    for choice in [Only, Named(view.id().to_string()), Named(execution)] {
        let refused = world.resume(&engine, view.id(), choice, approve()).await;
        assert!(matches!(refused, Err(EngineError::RunNotWaiting { .. })), "{refused:?}");
    }
    let view = world.inspect(&engine, view.id()).await;
    assert_eq!(view.open_waits().len(), 1, "nothing was changed");
}

#[tokio::test]
async fn an_answer_that_leads_into_it_is_held_until_someone_is_asked() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &both(), json!({})).await;
    let start = world.clock.now();
    let resume = engine.resume(world.workspace, view.id(), Only, approve(), LONG);
    let reply = world.as_time_passes(resume).await.unwrap();
    assert!(reply.settled);
    assert_eq!(reply.view.open_waits()[0].step_id, "second");
    assert_eq!(world.clock.now().since(start).as_millis(), 10_000);
    let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "a": "approve" }));
}

#[tokio::test]
async fn it_outlives_the_process_and_rests_meanwhile() {
    let world = World::new();
    let (engine, dying) = world.faulty_engine(Registry::new()).await;
    let view = in_the_pause(&world, &engine).await;
    assert_eq!(world.store.timer_next().await.unwrap(), Some(view.open_waits()[0].wait.expires_at.unwrap()));
    soon(engine.stop(Duration::from_secs(3600))).await;
    dying.die();
    world.clock.advance(Duration::from_secs(60));
    let next = world.engine(Registry::new()).await;
    let asked = world.as_time_passes(async {
        loop {
            let view = world.inspect(&next, view.id()).await;
            if view.open_waits().iter().any(|open| open.step_id == "second") {
                return view;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(asked.await.status(), RunStatus::Waiting);
}

#[tokio::test]
async fn a_cancel_ends_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = in_the_pause(&world, &engine).await;
    let reply = soon(engine.cancel(world.workspace, view.id())).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Cancelled);
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}
