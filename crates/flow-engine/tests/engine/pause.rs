//! Runs that wait for people and client tools, and the rules of answering them.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{Answer, Engine, EngineError, Patience, Registry, RunView};
use flow_model::{Decision, RunStatus, WaitRequest, WorkspaceId};
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{World, approve, echo, error, output, reject, soon, steps, tool};

fn ask() -> Value {
    flow("ask")
        .api("start", [])
        .approval("ask", "Go on?")
        .next("yes")
        .reject_next("no")
        .done("yes", [("approval", "{{approval}}"), ("step", "{{ask}}")])
        .done("no", [("decision", "{{approval.decision}}"), ("message", "{{ask.message}}")])
        .build()
}

fn look_up() -> Value {
    flow("look up")
        .api("start", [])
        .tool("look", "look-up", json!([{ "key": "id", "value": 7 }]))
        .done("end", [("found", "{{look}}")])
        .build()
}

async fn waiting(world: &World, document: &Value) -> (Engine, RunView) {
    let engine = world.engine(Registry::new()).await;
    let view = world.run(&engine, document, json!({})).await;
    assert_eq!(view.status(), RunStatus::Waiting);
    (engine, view)
}

#[tokio::test]
async fn an_approved_run_goes_on_with_who_decided_and_when() {
    let world = World::new();
    let (engine, view) = waiting(&world, &ask()).await;
    let open = view.open_waits();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].step_id.as_str(), open[0].step_name.as_str()), ("ask", "ask"));
    assert_eq!(
        open[0].wait.request,
        WaitRequest::UserApproval { message: "Go on?".into(), approvers: Vec::new() }
    );
    world.clock.advance(Duration::from_millis(1500));
    let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
    assert!(reply.settled);
    let approval = json!({
        "decision": "approve", "decidedAt": "2026-01-01T00:00:01.500Z", "decidedBy": "Ada", "message": "as agreed",
    });
    assert_eq!(output(&reply.view), json!({ "approval": approval, "step": approval }));
}

#[tokio::test]
async fn a_rejected_run_takes_the_other_way() {
    let world = World::new();
    let (engine, view) = waiting(&world, &ask()).await;
    let reply = world.resume(&engine, view.id(), Only, reject()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "decision": "reject", "message": "as agreed" }));
}

#[tokio::test]
async fn a_rejection_without_a_way_of_its_own_takes_the_same_one() {
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("d", "{{ask.decision}}")]);
    let world = World::new();
    let (engine, view) = waiting(&world, &document.build()).await;
    let reply = world.resume(&engine, view.id(), Only, reject()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "d": "reject" }));
}

#[tokio::test]
async fn a_client_tool_gets_its_arguments_and_gives_its_output() {
    for result in [json!({ "x": [1, null] }), json!(null), json!("text"), json!(0)] {
        let world = World::new();
        let (engine, view) = waiting(&world, &look_up()).await;
        let open = view.open_waits().remove(0);
        let args = Arc::new(json!({ "id": 7 }));
        assert_eq!(open.wait.request, WaitRequest::ClientTool { tool_name: "look-up".into(), args });
        let choice = Named(open.execution.to_string());
        let reply = world.resume(&engine, view.id(), choice, tool(result.clone())).await.unwrap();
        assert_eq!(output(&reply.view), json!({ "found": result }));
    }
}

#[tokio::test]
async fn a_tool_that_fails_fails_its_step() {
    let world = World::new();
    let (engine, view) = waiting(&world, &look_up()).await;
    let answer = Answer::Tool(Err("the camera is off".into()));
    let reply = world.resume(&engine, view.id(), Only, answer).await.unwrap();
    let error = error(&reply.view);
    assert_eq!((error.code.as_str(), error.message.as_str()), ("tool_failed", "the camera is off"));
    assert_eq!(error.step_id.as_deref(), Some("look"));
}

#[tokio::test]
async fn an_answer_that_cant_be_recorded_is_refused_and_the_wait_stays_open() {
    let world = World::new();
    let (engine, view) = waiting(&world, &look_up()).await;
    let huge = Value::String("x".repeat(2 * 1024 * 1024));
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    for refused in [huge, deep] {
        let refused = world.resume(&engine, view.id(), Only, tool(refused)).await;
        assert!(matches!(refused, Err(EngineError::AnswerTooLarge(_))), "{refused:?}");
    }
    let reply = world.resume(&engine, view.id(), Only, tool(json!("small"))).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Completed);
}

#[tokio::test]
async fn an_execution_id_is_checked_whenever_it_is_given() {
    let world = World::new();
    let (engine, view) = waiting(&world, &ask()).await;
    let (_, other) = waiting(&world, &ask()).await;
    let run = view.id();
    let right = view.open_waits()[0].execution.to_string();
    let wrong = [
        other.open_waits()[0].execution.to_string(),
        other.id().to_string(),
        format!("{run}:"),
        format!("{run}:other"),
        format!("{right}/more"),
        format!("{right} "),
        right.to_uppercase(),
        String::new(),
        ":".to_owned(),
        "x".repeat(100_000),
    ];
    for given in wrong {
        let refused = world.resume(&engine, run, Named(given.clone()), approve()).await;
        let Err(EngineError::ExecutionMismatch { given: shown, .. }) = refused else {
            panic!("{given:.80}: {refused:?}")
        };
        assert!(shown.len() <= 128, "an error quotes a part of it");
    }
    assert_eq!(world.inspect(&engine, run).await.status(), RunStatus::Waiting, "nothing was changed");
    assert!(world.resume(&engine, run, Named(right.clone()), approve()).await.unwrap().settled);
    let again = world.resume(&engine, run, Named(right), approve()).await;
    assert!(matches!(again, Err(EngineError::RunNotWaiting { .. })), "{again:?}");
    let own = world.resume(&engine, other.id(), Named(other.id().to_string()), approve()).await;
    assert!(own.unwrap().settled, "the run's own id stands for its only wait");
}

#[tokio::test]
async fn an_answer_must_fit_the_kind_of_wait() {
    let world = World::new();
    let (engine, view) = waiting(&world, &ask()).await;
    let refused = world.resume(&engine, view.id(), Only, tool(json!(1))).await;
    assert!(matches!(refused, Err(EngineError::AnswerMismatch { wanted: "user-approval", .. })));
    let (_, view) = waiting(&world, &look_up()).await;
    let refused = world.resume(&engine, view.id(), Only, approve()).await;
    assert!(matches!(refused, Err(EngineError::AnswerMismatch { wanted: "client-tool", .. })));
    assert_eq!(world.inspect(&engine, view.id()).await.status(), RunStatus::Waiting);
}

#[tokio::test]
async fn a_run_of_another_workspace_isnt_there() {
    let world = World::new();
    let (engine, view) = waiting(&world, &ask()).await;
    let elsewhere = WorkspaceId::from_bytes([9; 16]);
    let run = view.id();
    let refused = engine.resume(elsewhere, run, Only, approve(), Patience::UntilStored).await;
    assert!(matches!(refused, Err(EngineError::RunNotFound(_))), "{refused:?}");
    assert!(matches!(engine.cancel(elsewhere, run).await, Err(EngineError::RunNotFound(_))));
    assert!(matches!(engine.inspect(elsewhere, run).await, Err(EngineError::RunNotFound(_))));
    let poll = engine.poll(elsewhere, run, 0, Duration::ZERO).await;
    assert!(matches!(poll, Err(EngineError::RunNotFound(_))));
    assert_eq!(world.inspect(&engine, run).await.status(), RunStatus::Waiting);
}

#[tokio::test]
async fn two_waits_one_after_the_other_take_an_answer_each() {
    let document = flow("two")
        .api("start", [])
        .approval("first", "One?")
        .approval("second", "Two?")
        .done("end", [("a", "{{first.decision}}"), ("b", "{{second.decision}}")])
        .build();
    let world = World::new();
    let (engine, view) = waiting(&world, &document).await;
    let first = view.open_waits()[0].execution.to_string();
    let reply = world.resume(&engine, view.id(), Named(first.clone()), approve()).await.unwrap();
    assert!(reply.settled && reply.view.status() == RunStatus::Waiting);
    let second = reply.view.open_waits()[0].execution.to_string();
    assert_ne!(first, second);
    let late = world.resume(&engine, view.id(), Named(first), reject()).await;
    assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "an old answer opens nothing: {late:?}");
    let reply = world.resume(&engine, view.id(), Named(second), reject()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "a": "approve", "b": "reject" }));
}

#[tokio::test]
async fn a_caller_that_drops_its_resume_doesnt_stop_the_run() {
    // At every point where the call may be dropped.
    for polls in 0..40 {
        let world = World::new();
        let work = echo();
        let (engine, _store) = world.faulty_engine(steps(&work)).await;
        let document = flow("drop").api("start", []).approval("ask", "?").step("one", "work", json!({}));
        let document = document.done("end", [("a", 1)]).build();
        let view = world.run(&engine, &document, json!({})).await;
        let mut resume =
            Box::pin(engine.resume(world.workspace, view.id(), Only, approve(), crate::world::LONG));
        for _ in 0..polls {
            if futures_util::poll!(&mut resume).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(resume);
        let view = world.inspect(&engine, view.id()).await;
        let waits = flow_engine::Store::wait_list(&*world.store, view.id()).await.unwrap();
        if waits[0].state == flow_engine::WaitState::Open {
            continue; // it was dropped before it was acknowledged
        }
        assert_eq!(output(&world.until_ended(&engine, view.id()).await), json!({ "a": 1 }), "{polls} polls");
        assert_eq!(work.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_resume_without_patience_is_answered_at_once_and_the_run_goes_on() {
    let world = World::new();
    let work = echo().held();
    let engine = world.engine(steps(&work)).await;
    let document = flow("slow").api("start", []).approval("ask", "?").step("one", "work", json!({}));
    let document = document.done("end", [("a", 1)]).build();
    let view = world.run(&engine, &document, json!({})).await;
    let reply = engine.resume(world.workspace, view.id(), Only, approve(), Patience::UntilStored);
    assert!(!soon(reply).await.unwrap().settled);
    work.release_all();
    assert_eq!(output(&world.until_ended(&engine, view.id()).await), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_remark_or_an_error_that_cannot_be_recorded_is_refused_and_the_wait_stays_open() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let long = "x".repeat(1024 * 1024 + 1);
    let approval = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]).build();
    let run = world.run(&engine, &approval, json!({})).await.id();
    let remark = Some(long.clone());
    let decision = Answer::Decision { decision: Decision::Approve, message: remark, decided_by: None };
    let refused = world.resume(&engine, run, Only, decision).await;
    assert!(matches!(refused, Err(EngineError::AnswerTooLarge(_))), "{refused:?}");
    assert!(world.resume(&engine, run, Only, approve()).await.unwrap().settled);
}
