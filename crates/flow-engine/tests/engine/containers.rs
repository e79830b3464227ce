//! What any step can have, on loops and branches and inside of them: conditions, care for failures, bounds.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{Clock, Engine, EngineError, Execute, Limits, RunView, Target};
use flow_model::{RunStatus, Timestamp, VersionSelector};
use flow_testkit::ManualClock;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::run_flow::sub_flow;
use crate::world::{World, echo, error, output, soon, steps};

fn transform(id: &str, expression: &str) -> Value {
    json!({ "id": id, "type": "transform", "data": { "expression": expression } })
}

fn fail(id: &str) -> Value {
    json!({ "id": id, "type": "fail", "data": { "message": "no", "code": "refused", "httpStatus": 418, "details": { "why": id } } })
}

fn with(mut step: Value, key: &str, value: Value) -> Value {
    step[key] = value;
    step
}

fn to(step: Value, next: &str) -> Value {
    with(step, "nextStepId", json!(next))
}

/// A container of each kind, round those steps.
fn containers(inside: &Value) -> [Value; 3] {
    [
        json!({ "id": "it", "type": "each", "data": { "arrayVariable": [1, 2], "steps": inside } }),
        json!({ "id": "it", "type": "while", "data": { "condition": "iteration < 2", "steps": inside } }),
        json!({ "id": "it", "type": "parallel", "data": { "branches": [{ "name": "one", "steps": inside }] } }),
    ]
}

/// A flow of that step, whose output is the step's.
fn around(step: Value) -> Value {
    let mut document = flow("around").api("start", []).next("it").done("end", [("it", "{{it}}")]).build();
    let all = document["definition"]["steps"].as_array_mut().unwrap();
    all.insert(1, to(step, "end"));
    document
}

async fn run(step: Value) -> RunView {
    World::new().run_alone(&around(step), json!({})).await
}

async fn limited(world: &World, limits: Limits) -> Engine {
    let builder = Engine::builder().store(world.store.clone()).steps(steps(&echo())).limits(limits);
    builder.clock(Arc::new(world.clock.clone())).entropy(world.entropy.clone()).build().await.unwrap()
}

#[tokio::test]
async fn a_container_that_is_passed_over_has_no_result_and_nothing_of_it_runs() {
    for (key, value) in [("disabled", json!(true)), ("when", json!("1 > 2"))] {
        for container in containers(&json!([transform("t", "1")])) {
            let view = run(with(container, key, value.clone())).await;
            assert_eq!(output(&view), json!({ "it": null }), "{key}");
            assert_eq!(view.state.visits_started(), 2);
        }
    }
}

#[tokio::test]
async fn a_pinned_container_takes_what_is_pinned_and_goes_on() {
    for container in containers(&json!([fail("t")])) {
        let view = run(with(container, "pinnedOutput", json!({ "as": "pinned" }))).await;
        assert_eq!(output(&view), json!({ "it": { "as": "pinned" } }));
    }
    for container in containers(&json!([with(fail("t"), "pinnedOutput", json!(7))])) {
        let view = run(container).await;
        assert!(output(&view)["it"].to_string().contains('7'), "{view:?}");
    }
}

#[tokio::test]
async fn a_failure_inside_is_the_loop_s_own_and_a_branch_fails_all() {
    let [each, round, fan] = containers(&json!([fail("t")]));
    let result = output(&run(each).await)["it"].clone();
    assert_eq!((&result["failedItems"], &result["processedItems"]), (&json!(1), &json!(1)));
    let failure = json!({ "code": "refused", "message": "no", "stepId": "t", "stepName": "t", "attempt": 1, "details": { "why": "t" } });
    let same = |shown: &Value| {
        for key in failure.as_object().unwrap().keys() {
            assert_eq!(shown[key], failure[key], "{key}: {shown}");
        }
    };
    same(&result["errors"][0]["error"]);
    same(&result["results"][0]["error"]);
    let result = output(&run(round).await)["it"].clone();
    assert_eq!((&result["iterations"], &result["errors"][0]["iteration"]), (&json!(1), &json!(0)));
    same(&result["errors"][0]["error"]);
    same(&result["lastIteration"]["error"]);
    let error = error(&run(fan).await);
    assert_eq!(
        (error.code.as_str(), error.step_id.as_deref(), error.http_status),
        ("refused", Some("t"), Some(418))
    );
}

#[tokio::test]
async fn a_container_that_fails_is_taken_care_of_like_any_step() {
    let failing = || {
        let [each, round, fan] = containers(&json!([fail("t")]));
        let each =
            with(each, "data", json!({ "arrayVariable": "'no list'", "steps": [transform("t", "1")] }));
        let round = with(round, "data", json!({ "condition": "[][0].at", "steps": [transform("t", "1")] }));
        [(each, "not_a_list", "it"), (round, "type_error", "it"), (fan, "refused", "t")]
    };
    for (step, code, at) in failing() {
        let mut document = around(step.clone());
        document["definition"]["steps"][2]["data"]["outputs"] =
            json!([{ "name": "code", "output": "{{steps.it.error.code}}" }]);
        let view = World::new().run_alone(&document, json!({})).await;
        assert_eq!((error(&view).code.as_str(), error(&view).step_id.as_deref()), (code, Some(at)));
        document["definition"]["steps"][1]["onError"] = json!("continue");
        assert_eq!(output(&World::new().run_alone(&document, json!({})).await), json!({ "code": code }));
        document["definition"]["steps"][1]["onError"] = json!({ "stepId": "help" });
        let help = json!({ "id": "help", "type": "final", "data": { "outputs": [{ "name": "at", "output": "{{error.stepId}}" }] } });
        document["definition"]["steps"].as_array_mut().unwrap().push(help.clone());
        assert_eq!(output(&World::new().run_alone(&document, json!({})).await), json!({ "at": at }));
        document["definition"]["steps"][1].as_object_mut().unwrap().remove("onError");
        document["settings"]["onError"] = json!({ "stepId": "help" });
        assert_eq!(output(&World::new().run_alone(&document, json!({})).await), json!({ "at": at }));
    }
}

#[tokio::test]
async fn a_failure_inside_is_taken_care_of_inside() {
    for (care, expected) in [
        (json!([with(fail("t"), "onError", json!("continue"))]), "error"),
        (
            json!([with(fail("t"), "onError", json!({ "stepId": "help" })), transform("help", "error.code")]),
            "refused",
        ),
    ] {
        for container in containers(&care) {
            let view = run(container.clone()).await;
            let shown = output(&view)["it"].clone();
            assert!(shown.to_string().contains(expected), "{shown}");
            if container["type"] != "parallel" {
                assert_eq!(shown["errors"], json!([]), "the item didn't fail");
            }
        }
    }
}

#[tokio::test]
async fn conditions_inside_choose_where_an_item_ends() {
    let inside = json!([
        { "id": "which", "type": "condition", "data": { "branches": [
            { "name": "even", "condition": "item % 2 == 0", "nextStepId": "even" }, { "name": "three", "condition": "item == 3" }], "elseStepId": "odd" } },
        transform("even", "'even'"),
        transform("odd", "'odd'"),
    ]);
    let step = json!({ "id": "it", "type": "each", "data": { "arrayVariable": [1, 2, 3], "steps": inside } });
    let rows = output(&run(step).await)["it"]["results"].clone();
    assert_eq!(rows[0], json!({ "index": 0, "item": 1, "which": { "branch": null }, "odd": "odd" }));
    assert_eq!(rows[1], json!({ "index": 1, "item": 2, "which": { "branch": "even" }, "even": "even" }));
    assert_eq!(rows[2], json!({ "index": 2, "item": 3, "which": { "branch": "three" } }));
}

#[tokio::test]
async fn max_items_bounds_what_is_gone_through_and_not_what_is_counted() {
    let step = json!({ "id": "it", "type": "each", "data": { "arrayVariable": "[1, 2, 3]", "maxItems": 2, "steps": [transform("t", "_each.total")] } });
    let result = output(&run(step).await)["it"].clone();
    assert_eq!((&result["totalItems"], &result["processedItems"]), (&json!(3), &json!(2)));
    assert_eq!(result["items"], json!([1, 2]));
    assert_eq!(result["results"][1]["t"], json!(2));
}

#[tokio::test]
async fn branches_of_an_empty_kind_end_with_nothing() {
    let step = json!({ "id": "it", "type": "parallel", "data": { "join": "settled", "branches": [
        { "name": "off", "steps": [with(transform("a", "1"), "disabled", json!(true))] },
        { "steps": [transform("b", "null")] },
    ] } });
    let expected = json!({ "off": { "status": "completed", "value": null }, "branch_2": { "status": "completed", "value": null } });
    assert_eq!(output(&run(step).await)["it"], expected);
}

#[tokio::test]
async fn a_run_takes_no_more_steps_than_it_may_however_many_are_ready() {
    for (kind, data) in [
        ("each", json!({ "arrayVariable": "list", "steps": [transform("t", "item")] })),
        ("each", json!({ "arrayVariable": "list", "concurrency": 10, "steps": [transform("t", "item")] })),
        (
            "each",
            json!({ "arrayVariable": "list", "concurrency": 10, "steps": [{ "id": "t", "type": "work", "data": {} }] }),
        ),
        ("while", json!({ "condition": "true", "steps": [transform("t", "iteration")] })),
    ] {
        let world = World::new();
        let engine = limited(&world, Limits { run_steps: 25, ..Limits::default() }).await;
        let document = flow("many")
            .api("start", [])
            .step("list", "transform", json!({ "expression": "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]" }))
            .step("it", kind, data.clone())
            .done("end", [("a", 1)])
            .build();
        let view = world.run(&engine, &document, json!({})).await;
        assert_eq!(error(&view).code, "too_many_steps", "{data}");
        assert_eq!(view.state.visits_started(), 25);
        assert_eq!(view.damage, None);
    }
}

#[tokio::test]
async fn a_list_may_have_so_many_items_and_no_more() {
    let world = World::new();
    let engine = limited(&world, Limits { loop_items: 3, ..Limits::default() }).await;
    let each = |list: Value, most: Option<u64>| {
        let mut data = json!({ "arrayVariable": list, "steps": [transform("t", "item")] });
        data["maxItems"] = json!(most);
        around(json!({ "id": "it", "type": "each", "data": data }))
    };
    let view = world.run(&engine, &each(json!([1, 2, 3, 4]), None), json!({})).await;
    assert_eq!(error(&view).code, "too_many_items");
    assert!(error(&view).message.contains("maxItems"), "{:?}", error(&view));
    for document in [each(json!([1, 2, 3]), None), each(json!([1, 2, 3, 4]), Some(3))] {
        assert_eq!(output(&world.run(&engine, &document, json!({})).await)["it"]["processedItems"], json!(3));
    }
}

/// A limit that was lowered refuses what is new, and strands nothing that is stored.
#[tokio::test]
async fn a_stored_flow_beyond_lower_limits_still_runs() {
    let world = World::new();
    let pass = json!({ "id": "deep", "type": "each",
                       "data": { "arrayVariable": "[iteration]", "steps": [transform("t", "item")] } });
    let data = json!({ "condition": "true", "maxIterations": 5, "steps": [pass] });
    let document = around(json!({ "id": "it", "type": "while", "data": data }));
    let usual = world.engine(steps(&echo())).await;
    let stored = sub_flow(&world, &usual, &document).await;
    let low = Limits { loop_passes: 3, nesting_depth: 1, ..Limits::default() };
    let engine = limited(&world, low).await;
    let faults = engine.flows().validate(&document);
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["out_of_range", "nested_too_deep"]);
    let refused = world.try_run(&engine, &document, json!({})).await;
    assert!(matches!(refused, Err(EngineError::InvalidDefinition(_))), "{refused:?}");
    for (engine, passes, bound) in [(&usual, 5, "`maxIterations`"), (&engine, 3, "`loop_passes`")] {
        let target = Target::Published(stored, VersionSelector::Latest);
        let reply = soon(engine.execute(Execute { target, ..world.call(&Value::Null, json!({})) })).await;
        let looped = output(&reply.unwrap().view)["it"].clone();
        assert_eq!(looped["iterations"], json!(passes));
        let error = &looped["errors"][0]["error"];
        assert_eq!(error["code"], json!("max_iterations"));
        assert!(error["message"].as_str().unwrap().contains(bound), "{error}");
    }
}

/// A flow of containers inside of each other, of these types in turn.
fn nested(levels: usize, kinds: &[&str], innermost: Value) -> Value {
    let mut inside = innermost;
    for level in (0..levels).rev() {
        let data = match kinds[level % kinds.len()] {
            "each" => json!({ "arrayVariable": [1], "steps": [inside] }),
            "while" => json!({ "condition": "iteration < 1", "steps": [inside] }),
            _ => json!({ "branches": [{ "name": "b", "steps": [inside] }] }),
        };
        let id = if level == 0 { "it".to_owned() } else { format!("s{level}") };
        inside = json!({ "id": id, "type": kinds[level % kinds.len()], "data": data });
    }
    around(inside)
}

#[tokio::test]
async fn a_flow_runs_as_deep_as_the_highest_limit_lets_steps_stand() {
    let world = World::new();
    let limits = Limits { nesting_depth: 64, ..Limits::default() };
    let engine = limited(&world, limits).await;
    let document = nested(64, &["each", "parallel"], transform("t", "1"));
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(view.status(), RunStatus::Completed);
    assert_eq!(view.state.visits_started(), 66);
}

/// Each `while` shows its last pass twice, so that what stands innermost is there a million times in the outermost.
#[tokio::test]
async fn loops_inside_of_each_other_double_their_results_up_to_the_limit_only() {
    let world = World::new();
    let limits = Limits { collected_bytes: 100_000, nesting_depth: 20, ..Limits::default() };
    let engine = limited(&world, limits).await;
    let text = "x".repeat(1_000);
    let document = nested(20, &["while"], transform("t", &format!("'{text}'")));
    let view = world.run(&engine, &document, json!({})).await;
    assert!(view.state.collected_bytes() < 1_000_000, "{}", view.state.collected_bytes());
    assert!(format!("{:?}", view.state).contains("collected_too_large"));
}

#[tokio::test]
async fn what_loops_collect_is_bounded_whatever_it_is_made_of() {
    let text = "x".repeat(100);
    let work = |data: Value| json!({ "id": "t", "type": "work", "data": data });
    let inner = |list: &str, step: Value| json!({ "id": "inner", "type": "each", "data": { "arrayVariable": list, "steps": [step] } });
    let cases = [
        ("outputs", transform("t", &format!("'{text}'"))),
        ("inputs", work(json!({ "text": text, "fail": true }))),
        ("lists", inner(&format!("['{text}']"), with(transform("t", "1"), "disabled", json!(true)))),
        ("errors", json!({ "id": "t", "type": "fail", "data": { "message": text } })),
    ];
    for (what, step) in cases {
        for onward in ["stop", "continue"] {
            let world = World::new();
            let engine = limited(&world, Limits { collected_bytes: 2_000, ..Limits::default() }).await;
            let list: Vec<_> = (0..200).collect();
            let data = json!({ "arrayVariable": list, "onItemError": "continue", "concurrency": 2, "steps": [step] });
            let mut it = json!({ "id": "it", "type": "each", "data": data });
            if onward == "continue" {
                it = with(it, "onError", json!("continue"));
            }
            let view = world.run(&engine, &around(it), json!({})).await;
            if onward == "stop" {
                assert_eq!(error(&view).code, "collected_too_large", "{what}");
                assert_eq!(error(&view).step_id.as_deref(), Some("it"));
            } else {
                assert_eq!(output(&view)["it"]["error"]["code"], json!("collected_too_large"), "{what}");
            }
            let visits = view.state.visits_started();
            assert!(visits < 60, "{what}: {visits} steps were taken");
            assert!(view.state.collected_bytes() < 4_000, "{what}: {}", view.state.collected_bytes());
        }
    }
}

#[tokio::test]
async fn a_list_that_is_too_large_to_be_recorded_fails_the_loop() {
    let world = World::new();
    let engine = limited(&world, Limits { output_bytes: 100, ..Limits::default() }).await;
    let list: Vec<_> = (0..50).collect();
    let document = around(
        json!({ "id": "it", "type": "each", "data": { "arrayVariable": list, "steps": [transform("t", "item")] } }),
    );
    assert_eq!(error(&world.run(&engine, &document, json!({})).await).code, "output_too_large");
}

#[tokio::test]
async fn a_condition_that_fails_behind_a_pass_fails_the_loop() {
    let inside = json!([{ "id": "s", "type": "set-variables", "data": { "variables": [{ "name": "at", "value": null }] } }]);
    let step = json!({ "id": "it", "type": "while", "data": { "condition": "iteration == 0 || at.nothing", "steps": inside } });
    let view = run(step).await;
    assert_eq!((error(&view).code.as_str(), error(&view).step_id.as_deref()), ("type_error", Some("it")));
}

/// A clock on which every look takes a millisecond.
struct Ticking(ManualClock);

#[async_trait::async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(1));
        self.0.now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep_until(at).await;
    }
}

#[tokio::test]
async fn a_pure_loop_ends_when_its_run_s_time_is_over() {
    let world = World::new();
    let clock = Arc::new(Ticking(world.clock.clone()));
    let builder = Engine::builder().store(world.store.clone()).clock(clock).entropy(world.entropy.clone());
    let engine = builder.build().await.unwrap();
    let list: Vec<_> = (0..20_000).collect();
    let data = json!({ "arrayVariable": list, "steps": [transform("t", "item")] });
    let mut document = around(json!({ "id": "it", "type": "each", "data": data }));
    document["settings"]["timeoutMs"] = json!(1_000);
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(error(&view).code, "run_timeout");
    assert!(view.state.visits_started() < 1_100, "{} steps", view.state.visits_started());
}
