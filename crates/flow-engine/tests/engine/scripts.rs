//! Expressions and code that a script engine evaluates.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::WaitChoice::Only;
use flow_engine::{
    ChanceSource, Clock, Engine, Execute, Patience, Registry, Script, ScriptCode, ScriptFailureKind,
    ScriptLog, ScriptLogLevel, ScriptOutcome, Store,
};
use flow_model::{EventKind, LogLevel, RunStatus};
use flow_testkit::documents::{Builder, flow, required};
use flow_testkit::{FaultyStore, ScriptedEngine, script_failure, script_values};
use serde_json::{Value, json};

use crate::publish_faults::{around, faults};
use crate::scenario::check_log;
use crate::world::{World, approve, echo, error, output, soon, steps, until};

fn sources(script: &Script) -> Vec<String> {
    match &script.code {
        ScriptCode::Expressions(expressions) => {
            expressions.iter().map(|one| one.source.to_string()).collect()
        }
        ScriptCode::Function(code) => vec![code.to_string()],
    }
}

fn given(script: &Script) -> Value {
    script.names.iter().map(|(name, value)| (name.to_string(), (**value).clone())).collect()
}

/// Answers each expression with its own text.
fn echoing(script: &Script) -> ScriptOutcome {
    script_values(sources(script).into_iter().map(Value::from))
}

fn document(build: impl FnOnce(Builder) -> Builder) -> Value {
    build(flow("scripts").api("start", [required("list", "array")])).build()
}

fn mapped() -> Value {
    document(|flow| {
        flow.step("sum", "transform", json!({ "expression": "list.map(x => x)" }))
            .done("end", [("a", "{{sum}}")])
    })
}

#[tokio::test]
async fn a_script_gets_what_it_names_and_its_value_is_the_steps() {
    let world = World::new();
    let scripts = ScriptedEngine::new(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let view = world.run(&engine, &mapped(), json!({ "list": [1, 2] })).await;
    assert_eq!(output(&view), json!({ "a": "list.map(x => x)" }));
    let [script] = &scripts.calls()[..] else { panic!("one script") };
    assert_eq!(given(script), json!({ "list": [1, 2] }));
    let seed = view.state.start().unwrap().1.seed;
    assert_eq!(script.chance, ChanceSource { seed, place: "sum".to_owned() });
    assert_eq!(script.now_ms, world.clock.now().millis());
    assert_eq!(script.owner.workspace, world.workspace.to_string());
    assert_eq!(script.owner.flow, view.record.definition.to_string(), "of a document that is no flow");
    check_log(&world.store, view.id()).await;
}

#[tokio::test]
async fn without_a_script_engine_the_step_fails_and_says_what_to_do() {
    let world = World::new();
    let view = world.run_alone(&mapped(), json!({ "list": [] })).await;
    let error = error(&view);
    assert_eq!((&*error.code, error.step_id.as_deref()), ("scripts_unavailable", Some("sum")));
    assert!(error.message.contains("EngineBuilder::scripts"), "{error:?}");
}

#[tokio::test]
async fn the_templates_of_a_step_are_asked_for_together_and_sent_as_its_input() {
    let world = World::new();
    let scripts = ScriptedEngine::new(echoing);
    let step = echo();
    let builder =
        Engine::builder().store(world.store.clone()).steps(steps(&step)).clock(Arc::new(world.clock.clone()));
    let engine = builder.scripts(Arc::new(scripts.clone())).build().await.unwrap();
    let data = json!({ "a": "{{list.map(a => a)}}", "b": ["x {{list.map(b => b)}}"], "c": "{{list}}" });
    let document = document(|flow| flow.step("send", "work", data).done("end", [("a", "{{send}}")]));
    let view = world.run(&engine, &document, json!({ "list": [1] })).await;
    let sent = json!({ "a": "list.map(a => a)", "b": ["x list.map(b => b)"], "c": [1] });
    assert_eq!(output(&view), json!({ "a": sent }));
    assert_eq!(
        scripts.calls().iter().map(sources).collect::<Vec<_>>(),
        [["list.map(a => a)", "list.map(b => b)"]]
    );
}

#[tokio::test]
async fn a_variable_sees_those_before_it_and_what_is_of_the_step() {
    let world = World::new();
    let scripts = ScriptedEngine::new(|script| script_values([given(script)]));
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let variables =
        [("a", json!("{{uuid()}}")), ("b", json!("{{[1].map(x => a)}}")), ("c", json!("{{getDate()}}"))];
    let document = document(|flow| {
        flow.set("set", variables).done("end", [("a", "{{a}}"), ("b", "{{b}}"), ("c", "{{c}}")])
    });
    let output = output(&world.run(&engine, &document, json!({ "list": [] })).await);
    assert_eq!(
        output["b"],
        json!({ "a": output["a"] }),
        "its chance is the same before and after the script"
    );
    assert_eq!(output["c"], json!(world.clock.now().to_string()));
}

#[tokio::test]
async fn branches_are_asked_for_one_after_the_other_until_one_holds() {
    let world = World::new();
    let scripts = ScriptedEngine::new(|script| script_values([json!(sources(script)[0].contains("second"))]));
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let branch = |name: &str| json!({ "name": name, "condition": format!("list.some(x => x === '{name}')"), "nextStepId": "end" });
    let branches = json!([branch("first"), branch("second"), branch("third")]);
    let document = document(|flow| {
        flow.step("which", "condition", json!({ "branches": branches }))
            .done("end", [("a", "{{which.branch}}")])
    });
    let view = world.run(&engine, &document, json!({ "list": [] })).await;
    assert_eq!(output(&view), json!({ "a": "second" }));
    assert_eq!(scripts.calls().len(), 2);
}

#[tokio::test]
async fn a_script_that_fails_fails_its_step_under_its_own_code() {
    for (kind, code) in [
        (ScriptFailureKind::Threw, "script_error"),
        (ScriptFailureKind::TimedOut, "script_timeout"),
        (ScriptFailureKind::Busy, "scripts_busy"),
    ] {
        let world = World::new();
        let scripts = ScriptedEngine::new(move |_| script_failure(kind, "TypeError: x is undefined"));
        let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
        let view = world.run(&engine, &mapped(), json!({ "list": [1] })).await;
        let error = error(&view);
        assert_eq!((&*error.code, error.step_id.as_deref()), (code, Some("sum")));
        assert_eq!(error.message, "TypeError: x is undefined (line 1, column 1)");
    }
}

#[tokio::test]
async fn a_script_engine_that_panics_fails_the_step_alone() {
    let world = World::new();
    let scripts = ScriptedEngine::new(|_| panic!("a fault"));
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let view = world.run(&engine, &mapped(), json!({ "list": [1] })).await;
    assert_eq!(error(&view).code, "script_crashed");
}

#[tokio::test]
async fn other_branches_go_on_while_a_script_runs() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let branches = json!([
        { "name": "slow", "steps": [{ "id": "slow", "type": "transform", "data": { "expression": "list.map(x => x)" } }] },
        { "name": "ask", "steps": [{ "id": "ask", "type": "user-approval", "data": { "message": "?" } }] },
    ]);
    let document = document(|flow| {
        flow.step("fan", "parallel", json!({ "branches": branches }))
            .done("end", [("a", "{{fan.ask.decision}}")])
    });
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({ "list": [1] })) };
    let run = world.as_time_passes(engine.execute(call)).await.unwrap().view.id();
    soon(scripts.until_begun(1)).await;
    let answer = || engine.resume(world.workspace, run, Only, approve(), Patience::UpTo(Duration::ZERO));
    // The wait is there to be answered once it is committed.
    world
        .as_time_passes(async {
            while answer().await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    assert!(!world.inspect(&engine, run).await.record.status.is_finished());
    scripts.release_all();
    assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "a": "approve" }));
    assert_eq!(scripts.calls().len(), 1);
    check_log(&world.store, run).await;
}

#[tokio::test]
async fn a_cancel_drops_the_script() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&mapped(), json!({ "list": [1] })) };
    let run = world.as_time_passes(engine.execute(call)).await.unwrap().view.id();
    soon(scripts.until_begun(1)).await;
    soon(engine.cancel(world.workspace, run)).await.unwrap();
    soon(scripts.until_dropped(1)).await;
    assert_eq!(world.until_ended(&engine, run).await.status(), RunStatus::Cancelled);
}

#[tokio::test]
async fn a_branch_that_is_closed_drops_its_script() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let step = echo().held();
    let engine = world.engine_with_scripts(steps(&step), &scripts).await;
    let slow = json!({ "id": "slow", "type": "transform", "data": { "expression": "list.map(x => x)" } });
    let quick = json!({ "id": "quick", "type": "work", "data": { "n": 7 } });
    let branches = json!([{ "name": "slow", "steps": [slow] }, { "name": "quick", "steps": [quick] }]);
    let document = document(|flow| {
        flow.step("fan", "parallel", json!({ "branches": branches, "join": "any" }))
            .done("end", [("a", "{{fan.quick.n}}")])
    });
    let call = world.call(&document, json!({ "list": [1] }));
    let reply = tokio::spawn(async move { engine.execute(call).await });
    soon(async { tokio::join!(scripts.until_begun(1), step.until_begun(1)) }).await;
    step.release_all();
    assert_eq!(output(&soon(reply).await.unwrap().unwrap().view), json!({ "a": 7 }));
    soon(scripts.until_dropped(1)).await;
}

#[tokio::test]
async fn after_a_crash_the_same_script_is_evaluated_again() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let first = world.engine_with_scripts(Registry::new(), &scripts).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&mapped(), json!({ "list": [1] })) };
    let run = world.as_time_passes(first.execute(call)).await.unwrap().view.id();
    soon(scripts.until_begun(1)).await;
    soon(first.stop(Duration::ZERO)).await;
    let again = ScriptedEngine::new(echoing);
    let second = world.engine_with_scripts(Registry::new(), &again).await;
    assert_eq!(world.until_ended(&second, run).await.status(), RunStatus::Completed);
    let (before, after) = (&scripts.calls()[0], &again.calls()[0]);
    assert_eq!((&before.code, &before.names, &before.chance), (&after.code, &after.names, &after.chance));
    check_log(&world.store, run).await;
}

#[tokio::test]
async fn a_stopping_engine_lets_a_script_come_to_its_commit() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let call = Execute { patience: Patience::UntilStored, ..world.call(&mapped(), json!({ "list": [1] })) };
    let run = world.as_time_passes(engine.execute(call)).await.unwrap().view.id();
    soon(scripts.until_begun(1)).await;
    let stop = tokio::spawn({
        let engine = engine.clone();
        async move { engine.stop(Duration::from_secs(3600)).await }
    });
    until(|| futures_util::FutureExt::now_or_never(engine.ready()).is_some_and(|r| r.is_err())).await;
    scripts.release_all();
    soon(stop).await.unwrap();
    let view = engine.inspect(world.workspace, run).await.unwrap();
    assert_eq!(output(&view), json!({ "a": "list.map(x => x)" }));
}

#[tokio::test]
async fn a_run_is_stored_while_its_script_takes_long() {
    let world = World::new();
    let scripts = ScriptedEngine::held(echoing);
    let store = FaultyStore::new(world.store.clone());
    let builder = Engine::builder().store(Arc::new(store.clone())).clock(Arc::new(world.clock.clone()));
    let engine = builder.scripts(Arc::new(scripts.clone())).build().await.unwrap();
    let call = world.call(&mapped(), json!({ "list": [1] }));
    let reply = tokio::spawn(async move { engine.execute(call).await });
    soon(scripts.until_begun(1)).await;
    assert!(store.commits().is_empty());
    world
        .as_time_passes(async {
            while store.commits().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    scripts.release_all();
    assert_eq!(output(&soon(reply).await.unwrap().unwrap().view), json!({ "a": "list.map(x => x)" }));
}

#[tokio::test]
async fn each_pass_of_a_loop_has_a_chance_of_its_own() {
    let world = World::new();
    let scripts = ScriptedEngine::new(|script| script_values([json!(!script.chance.place.ends_with("#2"))]));
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let step = json!([{ "id": "inner", "type": "transform", "data": { "expression": "1" } }]);
    let data = json!({ "condition": "list.some(x => Math.random() > x)", "steps": step });
    let document =
        document(|flow| flow.step("loop", "while", data).done("end", [("a", "{{loop.iterations}}")]));
    let view = world.run(&engine, &document, json!({ "list": [1] })).await;
    assert_eq!(output(&view), json!({ "a": 2 }));
    let places: Vec<_> = scripts.calls().into_iter().map(|script| script.chance.place).collect();
    assert_eq!(places, ["loop#0", "loop#1", "loop#2"]);
}

fn code(text: &str, more: Value) -> Value {
    let mut data = json!({ "code": text });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document(|flow| flow.step("code", "nodejs", data).done("end", [("a", "{{code}}")]))
}

#[tokio::test]
async fn code_gets_its_inputs_and_returns_the_result() {
    let world = World::new();
    let scripts = ScriptedEngine::new(|script| script_values([json!({ "given": given(script) })]));
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let document =
        code("return inputs.n + 1", json!({ "inputs": { "n": "{{list[0]}}", "text": "n: {{list[0]}}" } }));
    let view = world.run(&engine, &document, json!({ "list": [41] })).await;
    let inputs = json!({ "n": 41, "text": "n: 41" });
    assert_eq!(output(&view), json!({ "a": { "given": { "inputs": inputs } } }));
    assert_eq!(scripts.calls()[0].code, ScriptCode::Function("return inputs.n + 1".into()));
    let document = code("return 1", json!({}));
    let view = world.run(&engine, &document, json!({ "list": [] })).await;
    assert_eq!(output(&view), json!({ "a": { "given": { "inputs": {} } } }));
}

#[tokio::test]
async fn inputs_may_be_scripts_themselves() {
    let world = World::new();
    let scripts = ScriptedEngine::new(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let document = code("return inputs", json!({ "inputs": { "n": "{{list.map(x => x)}}" } }));
    world.run(&engine, &document, json!({ "list": [41] })).await;
    let calls = scripts.calls();
    assert_eq!(calls.iter().map(sources).collect::<Vec<_>>(), [["list.map(x => x)"], ["return inputs"]]);
    assert_eq!(given(&calls[1]), json!({ "inputs": { "n": "list.map(x => x)" } }));
}

#[tokio::test]
async fn what_code_writes_is_in_the_runs_events_also_when_it_fails() {
    let line = |level, message: &str| ScriptLog { level, message: message.to_owned() };
    let lines = vec![line(ScriptLogLevel::Info, "one"), line(ScriptLogLevel::Error, "two")];
    for fails in [false, true] {
        let world = World::new();
        let lines = lines.clone();
        let scripts = ScriptedEngine::new(move |_| {
            let outcome = match fails {
                true => script_failure(ScriptFailureKind::Threw, "Error: no"),
                false => script_values([json!(1)]),
            };
            ScriptOutcome { logs: lines.clone(), ..outcome }
        });
        let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
        let view = world.run(&engine, &code("console.log('one')", json!({})), json!({ "list": [] })).await;
        let stored = world.store.run_load(view.id()).await.unwrap().unwrap();
        let kinds: Vec<_> = stored.events.iter().map(|event| event.kind.name()).collect();
        let end = if fails { ["step.failed", "run.failed"].to_vec() } else { ["step.completed"].to_vec() };
        let expected = [vec!["run.started", "step.started", "step.logged"], end].concat();
        assert_eq!(kinds[..expected.len()], expected);
        let EventKind::StepLogged { visit, lines } = &stored.events[2].kind else { panic!("lines") };
        assert_eq!(visit.as_str(), "code");
        let lines: Vec<_> = lines.iter().map(|line| (line.level, &*line.message)).collect();
        assert_eq!(lines, [(LogLevel::Info, "one"), (LogLevel::Error, "two")]);
    }
}

#[tokio::test]
async fn the_timeout_of_a_step_limits_its_code() {
    let world = World::new();
    let scripts = ScriptedEngine::new(echoing);
    let engine = world.engine_with_scripts(Registry::new(), &scripts).await;
    let document = document(|flow| {
        flow.step("code", "nodejs", json!({ "code": "return 1" }))
            .with("timeoutMs", 250)
            .done("end", [("a", "{{code}}")])
    });
    world.run(&engine, &document, json!({ "list": [] })).await;
    assert_eq!(scripts.calls()[0].time_limit_ms, Some(250));
}

#[tokio::test]
async fn faults_of_code_and_scripts_are_found_when_a_flow_is_published() {
    let nodejs = |data: Value| around(move |document| document.step("it", "nodejs", data));
    let at = "/definition/steps/1/data";
    for (data, expected) in [
        (json!({}), vec![format!("{at}/code required")]),
        (json!({ "code": "return 1" }), vec![]),
        (json!({ "code": "await 1; return inputs.n", "inputs": { "n": "{{n}}" } }), vec![]),
        (json!({ "code": "return" }), vec![]),
        (json!({ "code": "const a = ;" }), vec![format!("{at}/code expression_syntax")]),
        (json!({ "code": "return fetch('x')" }), vec![format!("{at}/code unknown_name")]),
        (json!({ "code": "return require('fs')" }), vec![format!("{at}/code unknown_name")]),
        (json!({ "code": "import fs from 'fs'" }), vec![format!("{at}/code expression_unsupported")]),
        (json!({ "code": "return n" }), vec![format!("{at}/code unknown_name")]),
        (json!({ "code": "return 1", "inputs": [1] }), vec![format!("{at}/inputs wrong_type")]),
        (
            json!({ "code": "return 1", "inputs": { "a": "{{nobody}}" } }),
            vec![format!("{at}/inputs/a unknown_name")],
        ),
        (json!({ "code": "return 1", "more": 1 }), vec![format!("{at}/more unknown_field")]),
        (json!({ "code": 5 }), vec![format!("{at}/code wrong_type")]),
    ] {
        assert_eq!(faults(&nodejs(data.clone())).await, expected, "{data}");
    }
    let transform = |expression: &str| {
        let data = json!({ "expression": expression });
        around(move |document| document.step("it", "transform", data))
    };
    for (expression, expected) in [
        ("[n].map(x => x + 1)", vec![]),
        ("[n].map(x => nobody)", vec![format!("{at}/expression unknown_name")]),
        ("[n].map(x => eval(x))", vec![format!("{at}/expression unknown_name")]),
        ("[n].map(x => )", vec![format!("{at}/expression expression_syntax")]),
        ("n = 1", vec![format!("{at}/expression expression_unsupported")]),
    ] {
        assert_eq!(faults(&transform(expression)).await, expected, "{expression}");
    }
}

#[tokio::test]
async fn the_place_of_a_fault_in_code_is_told() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    for (text, place) in
        [("const a = 1;\nreturn fetch(a)", "line 2, column 8"), ("let a;\n let a;", "line 1, column 5")]
    {
        let fault = world.try_run(&engine, &code(text, json!({})), json!({ "list": [] })).await.unwrap_err();
        let flow_engine::EngineError::InvalidDefinition(faults) = fault else { panic!("{fault}") };
        assert!(faults[0].message.contains(place), "{faults:?}");
    }
}
