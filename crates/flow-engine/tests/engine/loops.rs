//! `each` and `while`: what they come to, and what the steps inside of them see.

use flow_engine::{Registry, StepError};
use flow_testkit::ScriptedStep;
use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::world::{World, echo, error, output, steps};

/// A flow that goes through the input `list`.
fn each(data: Value, inside: Value) -> Builder {
    let mut data = data;
    data["arrayVariable"] = json!("list");
    data["steps"] = inside;
    flow("each")
        .api("start", [])
        .data("fields", Value::Null)
        .step("loop", "each", data)
        .done("end", [("loop", "{{loop}}")])
}

fn transform(id: &str, expression: &str) -> Value {
    json!({ "id": id, "type": "transform", "data": { "expression": expression } })
}

async fn looped(document: Builder, list: Value) -> Value {
    output(&World::new().run_alone(&document.build(), json!({ "list": list })).await)["loop"].clone()
}

#[tokio::test]
async fn each_goes_through_a_list_and_collects_what_every_item_comes_to() {
    let inside = json!([
        { "id": "double", "type": "transform", "data": { "expression": "item * 2" }, "nextStepId": "note" },
        { "id": "note", "type": "transform", "output": "seen", "data": { "expression": "`${index}: ${double}`" } },
    ]);
    let result = looped(each(json!({}), inside), json!([5, 7])).await;
    let expected = json!({
        "item": 7, "items": [5, 7],
        "results": [
            { "index": 0, "item": 5, "double": 10, "seen": "0: 10" },
            { "index": 1, "item": 7, "double": 14, "seen": "1: 14" },
        ],
        "errors": [], "successfulItems": 2, "failedItems": 0, "totalItems": 2, "processedItems": 2,
    });
    assert_eq!(result, expected);
}

#[tokio::test]
async fn an_empty_list_is_a_loop_without_results() {
    let result = looped(each(json!({}), json!([transform("t", "item")])), json!([])).await;
    assert_eq!(result["results"], json!([]));
    assert_eq!(result["totalItems"], json!(0));
    assert_eq!(result["item"], json!(null));
}

#[tokio::test]
async fn a_list_may_be_json_text_and_anything_else_fails_the_step() {
    let result = looped(each(json!({}), json!([transform("t", "item")])), json!("[1, [2]]")).await;
    assert_eq!(result["items"], json!([1, [2]]));
    for odd in [json!("no list"), json!({ "a": 1 }), json!(7), json!(null)] {
        let document = each(json!({}), json!([transform("t", "item")])).build();
        let view = World::new().run_alone(&document, json!({ "list": odd.clone() })).await;
        assert_eq!(error(&view).code, "not_a_list", "{odd}");
    }
}

#[tokio::test]
async fn a_loop_inside_of_another_one_sees_both_items() {
    let inner = json!([{ "id": "inner", "type": "each", "data": {
        "arrayVariable": "item.rows",
        "steps": [transform("sum", "item + _each.total")],
    } }]);
    let result = looped(each(json!({}), inner), json!([{ "rows": [1, 2] }, { "rows": [3] }])).await;
    assert_eq!(result["results"][0]["inner"]["results"][1]["sum"], json!(4));
    assert_eq!(result["results"][1]["inner"]["results"][0]["sum"], json!(4));
}

#[tokio::test]
async fn what_is_set_in_a_loop_is_seen_behind_it_and_the_names_of_the_loop_are_not() {
    let inside = json!([{ "id": "add", "type": "set-variables", "data": { "variables": [
        { "name": "total", "value": "{{(total ?? 0) + item}}" },
    ] } }]);
    let document = flow("sum")
        .api("start", [json!({ "name": "list", "type": "array" })])
        .step("loop", "each", json!({ "arrayVariable": "list", "steps": inside }))
        .done(
            "end",
            [("total", "{{total}}"), ("item", "{{item ?? 'gone'}}"), ("last", "{{steps.add.total}}")],
        )
        .build();
    let view = World::new().run_alone(&document, json!({ "list": [1, 2, 3] })).await;
    assert_eq!(output(&view), json!({ "total": 6, "item": "gone", "last": 6 }));
}

#[tokio::test]
async fn items_at_the_same_time_don_t_see_each_other() {
    let inside = json!([
        { "id": "call", "type": "work", "data": { "n": "{{item}}" }, "nextStepId": "use" },
        { "id": "use", "type": "transform", "data": { "expression": "call.n * 10" } },
    ]);
    let document = flow("concurrent")
        .api("start", [json!({ "name": "list", "type": "array" })])
        .step("loop", "each", json!({ "arrayVariable": "list", "concurrency": 3, "steps": inside }))
        .done(
            "end",
            [
                ("results", "{{loop.results}}"),
                ("outside", "{{call ?? 'unset'}}"),
                ("step", "{{steps.use ?? 'unset'}}"),
            ],
        )
        .build();
    let world = World::new();
    let work = echo();
    let engine = world.engine(steps(&work)).await;
    let view = world.run(&engine, &document, json!({ "list": [1, 2, 3, 4, 5, 6, 7] })).await;
    let output = output(&view);
    for index in 0..7_usize {
        assert_eq!(output["results"][index]["use"], json!((index + 1) * 10));
    }
    assert_eq!((&output["outside"], &output["step"]), (&json!("unset"), &json!("unset")));
    let mut keys: Vec<_> = work.calls().iter().map(|call| call.execution.visit.to_string()).collect();
    keys.sort();
    assert_eq!(keys[0], "loop[0]/call");
    assert_eq!(keys.len(), 7);
}

/// A step that fails for the item 2.
fn picky() -> Registry {
    let work = ScriptedStep::new("work").answers(|call| match call.input["n"].as_i64() {
        Some(2) => Err(StepError::new("two", "it doesn't like 2")),
        _ => Ok((*call.input).clone()),
    });
    steps(&work)
}

#[tokio::test]
async fn an_item_that_fails_ends_the_loop_or_is_passed_over() {
    let inside = json!([{ "id": "call", "type": "work", "data": { "n": "{{item}}" } }]);
    for (way, processed, failed) in [("stop", 2, 1), ("continue", 3, 1)] {
        let document = each(json!({ "onItemError": way }), inside.clone()).build();
        let world = World::new();
        let engine = world.engine(picky()).await;
        let view = world.run(&engine, &document, json!({ "list": [1, 2, 3] })).await;
        let result = &output(&view)["loop"];
        assert_eq!(result["processedItems"], json!(processed), "{way}");
        assert_eq!(result["failedItems"], json!(failed), "{way}");
        assert_eq!(result["errors"][0]["index"], json!(1), "{way}");
        assert_eq!(result["errors"][0]["error"]["code"], json!("two"), "{way}");
        assert_eq!(result["errors"][0]["error"]["stepId"], json!("call"), "{way}");
    }
}

#[tokio::test]
async fn a_while_goes_round_as_long_as_its_condition_holds() {
    let inside = json!([{ "id": "add", "type": "set-variables", "data": { "variables": [
        { "name": "n", "value": "{{n + 1}}" },
    ] } }]);
    let document = flow("while")
        .api("start", [])
        .set("init", [("n", json!(0))])
        .step("loop", "while", json!({ "condition": "n < 3", "steps": inside }))
        .done("end", [("n", "{{n}}"), ("loop", "{{loop}}")])
        .build();
    let output = output(&World::new().run_alone(&document, json!({})).await);
    assert_eq!(output["n"], json!(3));
    assert_eq!(output["loop"]["iterations"], json!(3));
    assert_eq!(output["loop"]["lastIteration"], json!({ "iteration": 2, "add": { "n": 3 } }));
    assert_eq!(output["loop"]["errors"], json!([]));
}

#[tokio::test]
async fn a_while_that_never_ends_is_ended_and_says_so() {
    let document = flow("while")
        .api("start", [])
        .step(
            "loop",
            "while",
            json!({ "condition": "true", "maxIterations": 5, "steps": [transform("t", "_while.run")] }),
        )
        .done("end", [("loop", "{{loop}}")])
        .build();
    let output = output(&World::new().run_alone(&document, json!({})).await);
    assert_eq!(output["loop"]["iterations"], json!(5));
    assert_eq!(output["loop"]["results"][4]["t"], json!(5));
    assert_eq!(output["loop"]["errors"][0]["error"]["code"], json!("max_iterations"));
}
