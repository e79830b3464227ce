//! A run's events as a stream.

use std::time::Duration;

use flow_engine::{EngineError, Registry, Store, WaitChoice};
use flow_model::{Timestamp, WorkspaceId};
use flow_testkit::documents::flow;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;

use crate::world::{World, approve, soon};

fn asks() -> serde_json::Value {
    flow("asks").api("start", []).approval("ask", "?").done("end", [("d", "{{ask.decision}}")]).build()
}

#[tokio::test]
async fn events_come_as_they_are_committed_and_end_with_the_run() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &asks(), json!({})).await;
    let mut events = Box::pin(engine.events(world.workspace, view.id(), 0));
    for expected in ["run.started", "step.started", "wait.opened"] {
        let event = soon(events.next()).await.unwrap().unwrap();
        assert_eq!(event.kind.name(), expected);
    }
    let (_, rest) = tokio::join!(
        world.resume(&engine, view.id(), WaitChoice::Only, approve()),
        soon(events.try_collect::<Vec<_>>())
    );
    let names: Vec<_> = rest.unwrap().iter().map(|event| event.kind.name()).collect();
    assert_eq!(names, ["wait.resolved", "step.completed", "step.started", "step.completed", "run.completed"]);
}

#[tokio::test]
async fn a_reader_goes_on_after_the_event_that_it_read_last() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("short").api("start", []).done("end", [("x", json!(1))]).build();
    let view = world.run(&engine, &document, json!({})).await;
    let all = world.store.run_events(view.id(), 0).await.unwrap();
    for since in 0..=all.len() {
        let events = engine.events(world.workspace, view.id(), since as u64);
        assert_eq!(soon(events.try_collect::<Vec<_>>()).await.unwrap(), all[since..]);
    }
}

#[tokio::test]
async fn a_reader_is_told_why_no_more_events_come() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, &asks(), json!({})).await;
    let other = WorkspaceId::new(Timestamp::from_millis(7), [7; 10]);
    let stranger = soon(engine.events(other, view.id(), 0).try_collect::<Vec<_>>()).await;
    assert!(matches!(stranger, Err(EngineError::RunNotFound(_))), "{stranger:?}");
    let reading = engine.events(world.workspace, view.id(), view.record.seq);
    engine.drain();
    assert!(matches!(soon(reading.try_collect::<Vec<_>>()).await, Err(EngineError::Stopping)));
    engine.stop(Duration::from_secs(1)).await;
}
