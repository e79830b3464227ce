//! People's answers in loops, branches and retries: each counts once, for what was asked, and none is passed by.

use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{Engine, EngineError, Registry, RunView, Store};
use flow_model::{EventKind, RunId, RunStatus};
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{World, approve, output, reject, soon, tool};

fn ask(id: &str) -> Value {
    json!({ "id": id, "type": "user-approval", "data": { "message": id } })
}

async fn answer(world: &World, engine: &Engine, run: RunId, visit: &str, approves: bool) -> RunView {
    let answer = if approves { approve() } else { reject() };
    let choice = Named(format!("{run}:{visit}"));
    world.resume(engine, run, choice, answer).await.unwrap().view
}

#[tokio::test]
async fn an_approval_in_a_branch_is_neither_passed_by_nor_taken_for_anothers() {
    let gate = json!([
        { "id": "ask", "type": "user-approval", "data": { "message": "?" }, "nextStepId": "pay" },
        { "id": "pay", "type": "transform", "data": { "expression": "approval.decision" } },
    ]);
    let document = flow("gate")
        .api("start", [])
        .step(
            "fan",
            "parallel",
            json!({ "branches": [
                { "name": "guarded", "steps": gate },
                { "name": "other", "steps": [
                    { "id": "other", "type": "user-approval", "data": { "message": "?" }, "nextStepId": "seen" },
                    { "id": "seen", "type": "transform", "data": { "expression": "approval.decision" } } ] },
            ] }),
        )
        .done("end", [("guarded", "{{fan.guarded}}"), ("other", "{{fan.other}}"), ("outside", "{{approval ?? 'none'}}")])
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let run = world.run(&engine, &document, json!({})).await.id();
    let view = answer(&world, &engine, run, "fan:other/other", true).await;
    assert!(view.state.visit("fan:guarded/pay").is_none(), "the other's approval opens no gate here");
    let view = answer(&world, &engine, run, "fan:guarded/ask", false).await;
    let expected = json!({ "guarded": "reject", "other": "approve", "outside": "none" });
    assert_eq!(output(&view), expected);
}

#[tokio::test]
async fn the_same_step_asks_in_every_pass_and_each_answer_is_its_own() {
    let document = flow("each asks")
        .api("start", [])
        .step("list", "transform", json!({ "expression": "['a', 'b', 'c']" }))
        .step("each", "each", json!({ "arrayVariable": "list", "concurrency": 3, "steps": [ask("ask")] }))
        .done(
            "end",
            [(
                "decisions",
                json!([
                    "{{each.results[0].ask.decision}}",
                    "{{each.results[1].ask.decision}}",
                    "{{each.results[2].ask.decision}}"
                ]),
            )],
        )
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let run = world.run(&engine, &document, json!({})).await.id();
    answer(&world, &engine, run, "each[2]/ask", false).await;
    answer(&world, &engine, run, "each[0]/ask", true).await;
    let again = world.resume(&engine, run, Named(format!("{run}:each[0]/ask")), reject()).await;
    assert!(matches!(again, Err(EngineError::RunNotWaiting { .. })), "{again:?}");
    let view = answer(&world, &engine, run, "each[1]/ask", true).await;
    assert_eq!(output(&view)["decisions"], json!(["approve", "approve", "reject"]));
}

#[tokio::test]
async fn a_leftover_timer_resumes_nothing_a_second_time_and_wipes_no_answer() {
    let document = flow("leftover")
        .api("start", [])
        .tool("look", "look-up", json!({}))
        .expires_in(60_000)
        .tool("again", "look-up", json!({}))
        .done("end", [("look", "{{look.found}}"), ("again", "{{again.found}}")])
        .build();
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let run = world.run(&engine, &document, json!({})).await.id();
    world.resume(&engine, run, Only, tool(json!({ "found": 1 }))).await.unwrap();
    world.clock.advance(Duration::from_secs(3_600));
    let reply = world.resume(&engine, run, Only, tool(json!({ "found": 2 }))).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "look": 1, "again": 2 }));
    let events = world.store.run_events(run, 0).await.unwrap();
    let resolved = events.iter().filter(|event| matches!(event.kind, EventKind::WaitResolved { .. }));
    assert_eq!(resolved.count(), 2);
}

#[tokio::test]
async fn an_approve_goes_on_with_the_run_however_late_and_in_which_process_it_comes() {
    let document = flow("late")
        .api("start", [])
        .step("loop", "while", json!({ "condition": "iteration < 2", "steps": [ask("ask")] }))
        .done("end", [("passes", "{{loop.iterations}}")])
        .build();
    let world = World::new();
    let mut engine = world.engine(Registry::new()).await;
    let run = world.run(&engine, &document, json!({})).await.id();
    for pass in 0..2 {
        soon(engine.stop(Duration::from_secs(5))).await;
        world.clock.advance(Duration::from_secs(24 * 3_600));
        engine = world.engine(Registry::new()).await;
        let view = answer(&world, &engine, run, &format!("loop#{pass}/ask"), true).await;
        assert_ne!(view.status(), RunStatus::Running, "it isn't left behind");
    }
    assert_eq!(output(&world.inspect(&engine, run).await), json!({ "passes": 2 }));
}
