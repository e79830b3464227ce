//! `parallel`: branches at the same time, and the three ways to join them.

use flow_engine::{
    EngineError, Execute, Patience, Registry, StepError, Store, StoredWait, WaitChoice, WaitState,
};
use flow_model::{ExecutionId, RunStatus, VisitPath};
use flow_testkit::ScriptedStep;
use flow_testkit::documents::{Builder, flow};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::world::{LONG, World, approve, as_time_passes, error, output, steps, until};

fn fan(join: &str, branches: Value) -> Builder {
    flow("fan")
        .api("start", [])
        .step("fan", "parallel", json!({ "join": join, "branches": branches }))
        .done("end", [("fan", "{{fan}}")])
}

fn call(id: &str, how: &str) -> Value {
    json!({ "id": id, "type": "work", "data": { "how": how } })
}

fn ask(id: &str) -> Value {
    json!({ "id": id, "type": "user-approval", "data": { "message": id } })
}

fn work() -> Registry {
    steps(&ScriptedStep::new("work").answers(|call| match call.input["how"].as_str() {
        Some("fail") => Err(StepError::new("asked", "it was asked to fail")),
        how => Ok(json!(how)),
    }))
}

async fn run(document: &Builder) -> flow_engine::RunView {
    let world = World::new();
    let engine = world.engine(work()).await;
    world.run(&engine, &document.clone().build(), json!({})).await
}

#[tokio::test]
async fn all_branches_are_joined_with_the_output_of_their_last_steps() {
    let branches = json!([
        { "name": "left", "steps": [{ "id": "a", "type": "work", "data": { "how": "one" }, "nextStepId": "b" }, call("b", "two")] },
        { "name": "right", "steps": [call("c", "three")] },
    ]);
    let view = run(&fan("all", branches)).await;
    assert_eq!(output(&view)["fan"], json!({ "left": "two", "right": "three" }));
}

#[tokio::test]
async fn the_first_failure_fails_all_and_names_the_step() {
    let branches =
        json!([{ "name": "good", "steps": [ask("wait")] }, { "name": "bad", "steps": [call("c", "fail")] }]);
    let view = run(&fan("all", branches)).await;
    let error = error(&view);
    assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("asked", Some("c")));
    assert_eq!(view.state.visit("fan:good/wait").unwrap().status.as_str(), "cancelled");
}

#[tokio::test]
async fn any_is_the_first_success_and_closes_the_others() {
    let branches = json!([
        { "name": "ask", "steps": [ask("wait")] },
        { "name": "bad", "steps": [call("b", "fail")] },
        { "name": "good", "steps": [call("c", "fine")] },
    ]);
    let world = World::new();
    let engine = world.engine(work()).await;
    let view = world.run(&engine, &fan("any", branches).build(), json!({})).await;
    assert_eq!(output(&view)["fan"], json!({ "good": "fine" }));
    let execution = ExecutionId { run: view.id(), visit: VisitPath::from_stored("fan:ask/wait") };
    let late = world.resume(&engine, view.id(), WaitChoice::Named(execution.to_string()), approve()).await;
    assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "{late:?}");
}

#[tokio::test]
async fn any_fails_when_all_fail_and_settled_never_does() {
    let branches =
        json!([{ "name": "a", "steps": [call("x", "fail")] }, { "name": "b", "steps": [call("y", "fail")] }]);
    let error = error(&run(&fan("any", branches.clone())).await);
    assert_eq!(error.code, "all_branches_failed");
    assert_eq!(error.details.unwrap()["a"]["code"], json!("asked"));
    let mut mixed = branches;
    mixed[1]["steps"][0]["data"]["how"] = json!("fine");
    let settled = output(&run(&fan("settled", mixed)).await)["fan"].clone();
    assert_eq!(settled["b"], json!({ "status": "completed", "value": "fine" }));
    assert_eq!(
        (&settled["a"]["status"], &settled["a"]["error"]["code"]),
        (&json!("failed"), &json!("asked"))
    );
}

#[tokio::test]
async fn waits_of_several_branches_are_answered_in_any_order() {
    let branches = json!([{ "name": "a", "steps": [ask("x")] }, { "name": "b", "steps": [ask("y")] }]);
    for order in [["fan:a/x", "fan:b/y"], ["fan:b/y", "fan:a/x"]] {
        let world = World::new();
        let engine = world.engine(work()).await;
        let document = fan("all", branches.clone()).build();
        let view = world.run(&engine, &document, json!({})).await;
        assert_eq!(view.status(), RunStatus::Waiting);
        assert_eq!(view.open_waits().len(), 2);
        let ambiguous = world.resume(&engine, view.id(), WaitChoice::Only, approve()).await;
        assert!(matches!(ambiguous, Err(EngineError::WaitAmbiguous(_))), "{ambiguous:?}");
        for visit in order {
            let execution = ExecutionId { run: view.id(), visit: VisitPath::from_stored(visit) };
            world
                .resume(&engine, view.id(), WaitChoice::Named(execution.to_string()), approve())
                .await
                .unwrap();
        }
        let view = world.inspect(&engine, view.id()).await;
        assert_eq!(output(&view)["fan"]["a"]["decision"], json!("approve"));
        assert_eq!(output(&view)["fan"]["b"]["decision"], json!("approve"));
    }
}

#[tokio::test]
async fn an_answer_that_a_commit_tells_of_leads_on_when_it_closes_what_was_to_begin() {
    let world = World::new();
    let work = ScriptedStep::new("work").answers(|_| Ok(json!(1))).held();
    let engine = world.engine(steps(&work)).await;
    let elsewhere = world.engine(steps(&work)).await;
    let branches = json!([
        { "name": "left", "steps": [{ "id": "a", "type": "work", "data": {}, "nextStepId": "b" }, call("b", "two")] },
        { "name": "right", "steps": [ask("ask")] },
    ]);
    let document = fan("any", branches).build();
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
    let run = engine.execute(call).await.unwrap().view.id();
    until(|| work.calls().len() == 1).await;
    // Stored by another server, so that this one hears of it with its next commit.
    let (workspace, choice) = (world.workspace, WaitChoice::Only);
    let resume =
        tokio::spawn(async move { elsewhere.resume(workspace, run, choice, approve(), LONG).await.unwrap() });
    until(|| !world.store.wait_list(run).now_or_never().unwrap().unwrap().iter().any(is_open)).await;
    work.release_all();
    let reply = as_time_passes(&world.clock, resume).await.unwrap();
    assert_eq!(output(&reply.view)["fan"]["right"]["decision"], "approve");
    assert_eq!(work.calls().len(), 1, "the closed branch goes no further");
}

fn is_open(wait: &StoredWait) -> bool {
    wait.state == WaitState::Open
}
