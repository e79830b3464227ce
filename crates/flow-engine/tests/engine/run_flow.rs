//! `run-flow`: runs that steps start, what becomes of them, and what their ends become.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{Engine, Execute, Limits, Patience, Publish, Registry, RunRecord, RunView, Store};
use flow_model::{EventKind, FlowId, RunId, RunStatus};
use flow_testkit::ScriptedStep;
use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

use crate::flows::{created, edit, publish};
use crate::world::{World, approve, echo, error, output, soon, steps, until};

/// A flow of the workspace, published.
pub(crate) async fn sub_flow(world: &World, engine: &Engine, document: &Value) -> FlowId {
    let flow = created(world, engine, document).await;
    publish(world, engine, flow).await;
    flow
}

/// A flow that runs another one as its only step, `call`.
fn calling(data: Value) -> Value {
    flow("parent").api("start", []).step("call", "run-flow", data).done("end", [("out", "{{call}}")]).build()
}

fn doubling() -> Value {
    flow("doubling").api("start", [required("n", "number")]).done("end", [("n", "{{n * 2}}")]).build()
}

fn asking() -> Value {
    flow("asking")
        .api("start", [])
        .approval("ask", "Go on?")
        .done("end", [("by", "{{ask.decidedBy}}")])
        .build()
}

fn failing() -> Value {
    flow("failing")
        .api("start", [])
        .condition("which", [("never", "1 > 2", "end")], Some("no"))
        .fail("no", "There is no more")
        .done("end", [("n", 1)])
        .build()
}

pub(crate) async fn children(world: &World, run: RunId) -> Vec<RunRecord> {
    world.store.run_children(run).await.unwrap()
}

async fn only_child(world: &World, run: RunId) -> RunRecord {
    let children = children(world, run).await;
    assert_eq!(children.len(), 1, "{children:?}");
    children.into_iter().next().unwrap()
}

/// Starts a run and returns once every path of it waits.
async fn until_waiting(world: &World, engine: &Engine, document: &Value) -> RunView {
    let call = Execute { patience: Patience::UntilStored, ..world.call(document, json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(async {
        loop {
            let view = world.inspect(engine, run).await;
            if view.status() == RunStatus::Waiting {
                return view;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Waits for a run's end, with the clock standing still.
async fn ended(world: &World, engine: &Engine, run: RunId) -> RunView {
    soon(async {
        loop {
            let view = world.inspect(engine, run).await;
            if view.status().is_finished() {
                return view;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn the_other_flows_output_is_the_result() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = flow("inner")
        .api("start", [required("n", "number")])
        .done(
            "end",
            [("n", "{{n + 1}}"), ("by", "{{currentUser.name}}"), ("from", "{{_trigger.data.parentRunId}}")],
        )
        .build();
    let inner = sub_flow(&world, &engine, &inner).await;
    let document = flow("parent")
        .api("start", [required("n", "number")])
        .step("call", "run-flow", json!({ "flowId": "{{inputs.which ?? ''}}", "inputs": { "n": "{{n}}" } }))
        .done("end", [("out", "{{call}}")])
        .build();
    let mut call = world.call(&document, json!({ "n": 41, "which": inner.to_string() }));
    call.current_user = Arc::new(json!({ "name": "Ada" }));
    let view = soon(engine.execute(call)).await.unwrap().view;
    let expected = json!({ "out": { "n": 42, "by": "Ada", "from": view.id().to_string() } });
    assert_eq!(output(&view), expected);
    let child = only_child(&world, view.id()).await;
    let parent = child.parent.clone().unwrap();
    assert_eq!((parent.run, parent.visit.as_str(), parent.waits, parent.depth), (view.id(), "call", true, 1));
    assert_eq!((child.flow, child.version, child.workspace), (Some(inner), Some(1), world.workspace));
    let events = world.store.run_events(view.id(), 0).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.kind.name()).collect();
    let expected = [
        "run.started",
        "step.started",
        "child.started",
        "child.finished",
        "step.completed",
        "step.started",
        "step.completed",
        "run.completed",
    ];
    assert_eq!(names, expected);
    let EventKind::ChildStarted { run, waits: true, .. } = &events[2].kind else { panic!("{events:?}") };
    assert_eq!(*run, child.id);
}

#[tokio::test]
async fn its_failure_is_the_steps_failure() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &failing()).await;
    let view = world.run(&engine, &calling(json!({ "flowId": inner.to_string() })), json!({})).await;
    let error = error(&view);
    assert_eq!((error.code.as_str(), error.message.as_str()), ("flow_failed", "There is no more"));
    assert_eq!((error.step_id.as_deref(), error.attempt), (Some("call"), Some(1)));
    let child = only_child(&world, view.id()).await;
    assert_eq!(error.details.as_deref(), Some(&json!({ "runId": child.id.to_string() })));
    assert_eq!(child.status, RunStatus::Failed);

    let cared_for = flow("cared for")
        .api("start", [])
        .step("call", "run-flow", json!({ "flowId": inner.to_string() }))
        .with("onError", "continue")
        .done("end", [("why", "{{call.error.message}}")])
        .build();
    let view = world.run(&engine, &cared_for, json!({})).await;
    assert_eq!(output(&view), json!({ "why": "There is no more" }));
}

#[tokio::test]
async fn what_cant_be_started_fails_the_step() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &doubling()).await.to_string();
    let draft = created(&world, &engine, &doubling()).await.to_string();
    let nowhere = FlowId::new(flow_model::Timestamp::from_millis(9), [9; 10]).to_string();
    let stranger = World { workspace: flow_model::WorkspaceId::from_bytes([7; 16]), ..world.clone() };
    let strange = sub_flow(&stranger, &engine, &doubling()).await.to_string();
    for (data, code) in [
        (json!({ "flowId": inner, "inputs": { "n": "many" } }), "inputs_invalid"),
        (json!({ "flowId": inner }), "inputs_invalid"),
        (json!({ "flowId": inner, "inputs": "{{1 + 1}}" }), "settings_invalid"),
        (json!({ "flowId": nowhere, "inputs": { "n": 1 } }), "flow_not_found"),
        (json!({ "flowId": strange, "inputs": { "n": 1 } }), "flow_not_found"),
        (json!({ "flowId": "{{'no' + 'where'}}" }), "flow_not_found"),
        (json!({ "flowId": draft, "inputs": { "n": 1 } }), "no_published_version"),
        (json!({ "flowId": inner, "version": 7, "inputs": { "n": 1 } }), "version_not_found"),
        (json!({ "flowId": inner, "version": "^9", "inputs": { "n": 1 } }), "version_not_found"),
        (json!({ "flowId": inner, "version": "{{'x' + 1}}", "inputs": { "n": 1 } }), "settings_invalid"),
    ] {
        let view = world.run(&engine, &calling(data.clone()), json!({})).await;
        assert_eq!(error(&view).code, code, "{data}");
        assert_eq!(children(&world, view.id()).await, [], "{data}");
    }
    let view = world.run(&engine, &calling(json!({ "flowId": inner })), json!({})).await;
    let error = error(&view);
    assert_eq!(error.details.unwrap()["errors"][0]["pointer"], "/n");
}

#[tokio::test]
async fn the_version_can_be_chosen() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let answering = |n: i64| flow("numbers").api("start", []).done("end", [("n", n)]).build();
    let inner = sub_flow(&world, &engine, &answering(1)).await;
    edit(&world, inner, &answering(2)).await;
    publish(&world, &engine, inner).await;
    // Neither the caller's draft nor its own is a reason to run a draft.
    edit(&world, inner, &answering(3)).await;
    for (version, n) in [
        (Value::Null, 2),
        (json!("latest"), 2),
        (json!(1), 1),
        (json!("1.0.0"), 1),
        (json!("{{1}}"), 1),
        (json!("~{{'1.0'}}.0"), 2),
        (json!("{{undefined}}"), 2),
    ] {
        let data = json!({ "flowId": inner.to_string(), "version": version });
        let view = world.run(&engine, &calling(data), json!({})).await;
        assert_eq!(output(&view), json!({ "out": { "n": n } }), "{version}");
    }
}

#[tokio::test]
async fn flows_that_run_themselves_end() {
    let world = World::new();
    let limits = Limits { subflow_depth: 3, ..Limits::default() };
    let engine = Engine::builder().store(world.store.clone()).clock(Arc::new(world.clock.clone()));
    let engine = engine.entropy(world.entropy.clone()).limits(limits).build().await.unwrap();
    let inner = sub_flow(&world, &engine, &doubling()).await;
    // An id that an expression makes is nobody's before it runs.
    let endless = calling(json!({ "flowId": format!("{{{{'{inner}'}}}}") }));
    edit(&world, inner, &endless).await;
    publish(&world, &engine, inner).await;
    let view = world.run(&engine, &endless, json!({})).await;
    assert_eq!(error(&view).code, "subflow_too_deep");
    let (mut run, mut depth) = (view.id(), 0);
    while let Some(child) = children(&world, run).await.pop() {
        depth += 1;
        assert_eq!((child.parent.unwrap().depth, child.status), (depth, RunStatus::Failed));
        run = child.id;
    }
    assert_eq!(depth, 3);
}

#[tokio::test]
async fn a_run_need_not_be_waited_for() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let view =
        world.run(&engine, &calling(json!({ "flowId": inner.to_string(), "wait": false })), json!({})).await;
    let child = only_child(&world, view.id()).await;
    assert_eq!(output(&view), json!({ "out": { "runId": child.id.to_string() } }));
    assert!(!child.parent.unwrap().waits);
    // It outlives the run that started it, and is taken up without time passing.
    soon(async {
        while world.inspect(&engine, child.id).await.status() != RunStatus::Waiting {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reply = world.resume(&engine, child.id, Only, approve()).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "by": "Ada" }));
}

#[tokio::test]
async fn a_caller_learns_what_a_run_below_asks() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let middle = sub_flow(&world, &engine, &calling(json!({ "flowId": inner.to_string() }))).await;
    let document = calling(json!({ "flowId": middle.to_string() }));
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&document, json!({})));
        async move { engine.execute(call).await }
    });
    let reply = soon(call).await.unwrap().unwrap();
    assert!(reply.settled, "the clock stands, so it was answered at once");
    assert_eq!(reply.view.status(), RunStatus::Waiting);
    let asked = &reply.view.children[0].children[0];
    assert_eq!(asked.open_waits()[0].step_id, "ask");
    // The parent can't be answered in its place.
    let refused = world.resume(&engine, reply.view.id(), Only, approve()).await.unwrap_err();
    assert!(matches!(refused, flow_engine::EngineError::RunNotWaiting { .. }), "{refused:?}");
    world.resume(&engine, asked.id(), Only, approve()).await.unwrap();
    let view = ended(&world, &engine, reply.view.id()).await;
    assert_eq!(output(&view), json!({ "out": { "out": { "by": "Ada" } } }));
    assert!(view.children.is_empty());
}

#[tokio::test]
async fn a_cancel_reaches_whatever_is_below() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let working =
        flow("working").api("start", []).step("one", "work", json!({})).done("end", [("n", 1)]).build();
    let working = sub_flow(&world, &engine, &working).await;
    let asking = sub_flow(&world, &engine, &asking()).await;
    let loose = json!({ "flowId": asking.to_string(), "wait": false });
    let document = flow("parent")
        .api("start", [])
        .step("loose", "run-flow", loose)
        .step("both", "parallel", json!({ "branches": [
            { "name": "a", "steps": [{ "id": "ask", "type": "run-flow", "data": { "flowId": asking.to_string() } }] },
            { "name": "b", "steps": [{ "id": "work", "type": "run-flow", "data": { "flowId": working.to_string() } }] },
        ] }))
        .done("end", [("n", 1)])
        .build();
    let view = until_waiting(&world, &engine, &document).await;
    soon(step.until_begun(1)).await;
    let reply = soon(engine.cancel(world.workspace, view.id())).await.unwrap();
    assert_eq!(reply.view.status(), RunStatus::Cancelled);
    soon(step.until_dropped(1)).await;
    let children = children(&world, view.id()).await;
    assert_eq!(children.len(), 3);
    for child in children {
        assert_eq!(ended(&world, &engine, child.id).await.status(), RunStatus::Cancelled);
    }
}

#[tokio::test]
async fn a_cancelled_run_fails_the_step_that_waits_for_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let view = until_waiting(&world, &engine, &calling(json!({ "flowId": inner.to_string() }))).await;
    let child = only_child(&world, view.id()).await;
    soon(engine.cancel(world.workspace, child.id)).await.unwrap();
    let error = error(&ended(&world, &engine, view.id()).await);
    assert_eq!(error.code, "child_cancelled");
    assert_eq!(error.details.as_deref(), Some(&json!({ "runId": child.id.to_string() })));
}

#[tokio::test]
async fn a_branch_that_is_closed_takes_its_run_with_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let document = flow("parent")
        .api("start", [])
        .step("both", "parallel", json!({ "join": "any", "branches": [
            { "name": "slow", "steps": [{ "id": "ask", "type": "run-flow", "data": { "flowId": inner.to_string() } }] },
            { "name": "fast", "steps": [
                { "id": "nap", "type": "wait", "data": { "durationMs": 1000 } },
            ] },
        ] }))
        .done("end", [("which", "{{both.fast.until != null}}")])
        .build();
    let view = until_waiting(&world, &engine, &document).await;
    let child = only_child(&world, view.id()).await;
    soon(async {
        while world.inspect(&engine, child.id).await.status() != RunStatus::Waiting {
            tokio::task::yield_now().await;
        }
    })
    .await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(output(&ended(&world, &engine, view.id()).await), json!({ "which": true }));
    assert_eq!(ended(&world, &engine, child.id).await.status(), RunStatus::Cancelled);
}

#[tokio::test]
async fn another_attempt_starts_another_run() {
    let world = World::new();
    let step = ScriptedStep::new("work");
    let engine = world.engine(steps(&step)).await;
    let inner = flow("inner")
        .api("start", [])
        .step("one", "work", json!({}))
        .done("end", [("n", "{{one.n}}")])
        .build();
    let inner = sub_flow(&world, &engine, &inner).await;
    for delay in [0, 1_000] {
        step.push(Err(flow_engine::StepError::new("network", "nobody was there")));
        let document = flow("parent")
            .api("start", [])
            .step("call", "run-flow", json!({ "flowId": inner.to_string() }))
            .with("retry", json!({ "maxAttempts": 3, "initialDelayMs": delay }))
            .done("end", [("out", "{{call}}")])
            .build();
        step.push(Ok(json!({ "n": 7 })));
        let view = world.as_time_passes(engine.execute(world.call(&document, json!({})))).await.unwrap().view;
        assert_eq!(output(&view), json!({ "out": { "n": 7 } }));
        let ends: Vec<_> = children(&world, view.id()).await.iter().map(|child| child.status).collect();
        assert_eq!(ends, [RunStatus::Failed, RunStatus::Completed]);
        assert_eq!(view.state.visit("call").unwrap().attempt, 2);
    }
}

#[tokio::test]
async fn items_of_a_loop_run_flows_at_a_time() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &doubling()).await;
    let document = flow("parent")
        .api("start", [])
        .step("loop", "each", json!({ "arrayVariable": "[1, 2, 3, 4, 5]", "concurrency": 3, "steps": [
            { "id": "call", "type": "run-flow", "data": { "flowId": inner.to_string(), "inputs": { "n": "{{item}}" } } },
        ] }))
        .done("end", [("n", "{{loop.results[4].call.n}}"), ("done", "{{loop.successfulItems}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 10, "done": 5 }));
    assert_eq!(children(&world, view.id()).await.len(), 5);
}

#[tokio::test]
async fn a_run_that_ends_while_the_other_server_is_dead_is_heard() {
    let world = World::new();
    let (engine, dying) = world.faulty_engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let view = until_waiting(&world, &engine, &calling(json!({ "flowId": inner.to_string() }))).await;
    let child = only_child(&world, view.id()).await;
    soon(async {
        while world.store.run_record(child.id).await.unwrap().unwrap().status != RunStatus::Waiting {
            tokio::task::yield_now().await;
        }
    })
    .await;
    dying.die();
    let next = world.engine(Registry::new()).await;
    world.resume(&next, child.id, Only, approve()).await.unwrap();
    assert_eq!(output(&ended(&world, &next, view.id()).await), json!({ "out": { "by": "Ada" } }));
}

#[tokio::test]
async fn the_time_of_a_flow_stands_while_it_waits_for_another() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let inner = sub_flow(&world, &engine, &asking()).await;
    let document = flow("parent")
        .api("start", [])
        .step("call", "run-flow", json!({ "flowId": inner.to_string() }))
        .done("end", [("out", "{{call.by}}")])
        .setting("timeoutMs", 1_000)
        .build();
    let view = until_waiting(&world, &engine, &document).await;
    let child = only_child(&world, view.id()).await;
    world.clock.advance(Duration::from_secs(3600));
    world.resume(&engine, child.id, Only, approve()).await.unwrap();
    assert_eq!(output(&ended(&world, &engine, view.id()).await), json!({ "out": "Ada" }));
}

#[tokio::test]
async fn a_stop_leaves_the_rest_to_the_next_start() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let inner = flow("inner")
        .api("start", [])
        .step("one", "work", json!({ "n": 1 }))
        .done("end", [("n", "{{one.n}}")])
        .build();
    let inner = sub_flow(&world, &engine, &inner).await;
    let view = until_waiting(&world, &engine, &calling(json!({ "flowId": inner.to_string() }))).await;
    soon(step.until_begun(1)).await;
    let stop = tokio::spawn({
        let engine = engine.clone();
        async move { engine.stop(Duration::from_secs(3600)).await }
    });
    until(|| futures_util::FutureExt::now_or_never(engine.ready()).is_some_and(|r| r.is_err())).await;
    step.release_all();
    soon(stop).await.unwrap();
    let next = world.engine(steps(&step)).await;
    assert_eq!(output(&world.until_ended(&next, view.id()).await), json!({ "out": { "n": 1 } }));
    assert_eq!(step.calls().len(), 1, "nothing was done twice");
}

#[tokio::test]
async fn flows_that_arent_there_or_lead_back_cant_be_published() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let faults = async |flow: FlowId| {
        let view = engine.flows().get(world.workspace, flow).await.unwrap();
        let faults = view.faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code));
        let published = engine.flows().publish(world.workspace, None, flow, Publish::default()).await;
        (faults.collect::<Vec<_>>(), published.is_ok())
    };
    let nowhere = FlowId::new(flow_model::Timestamp::from_millis(9), [9; 10]);
    let call = |flow: FlowId| calling(json!({ "flowId": flow.to_string() }));
    let at = "/definition/steps/1/data/flowId";
    let one = created(&world, &engine, &call(nowhere)).await;
    assert_eq!(faults(one).await, (vec![format!("{at} flow_not_found")], false));
    let two = created(&world, &engine, &call(one)).await;
    assert_eq!(
        faults(two).await,
        (vec![format!("{at} flow_unpublished")], true),
        "it may be published first"
    );
    let three = sub_flow(&world, &engine, &call(two)).await;
    for back in [one, two, three] {
        edit(&world, one, &call(back)).await;
        assert_eq!(faults(one).await, (vec![format!("{at} flow_recursion")], false), "{back:?}");
    }
    let inner = sub_flow(&world, &engine, &doubling()).await;
    edit(&world, one, &call(inner)).await;
    assert_eq!(faults(one).await, (vec![], true));
    // Inside of a loop too.
    let step = json!({ "id": "call", "type": "run-flow", "data": { "flowId": nowhere.to_string() } });
    let looping = flow("looping")
        .api("start", [])
        .step("all", "each", json!({ "arrayVariable": "[1]", "steps": [step] }))
        .done("end", [("n", 1)])
        .build();
    let looping = created(&world, &engine, &looping).await;
    let at = "/definition/steps/1/data/steps/0/data/flowId";
    assert_eq!(faults(looping).await, (vec![format!("{at} flow_not_found")], false));
}
