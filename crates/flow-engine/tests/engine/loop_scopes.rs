//! What is seen where: the scopes of items, passes and branches, inside of each other and behind.

use flow_engine::WaitChoice;
use flow_model::{ExecutionId, RunStatus, VisitPath};
use serde_json::{Value, json};

use crate::world::{World, approve, echo, output, reject, steps};

fn transform(id: &str, expression: &str) -> Value {
    json!({ "id": id, "type": "transform", "data": { "expression": expression } })
}

fn set(id: &str, name: &str, value: &str) -> Value {
    json!({ "id": id, "type": "set-variables", "data": { "variables": [{ "name": name, "value": format!("{{{{{value}}}}}") }] } })
}

fn each(id: &str, list: &str, concurrency: u64, inside: Value) -> Value {
    json!({ "id": id, "type": "each", "data": { "arrayVariable": list, "concurrency": concurrency, "steps": inside } })
}

fn again(id: &str, condition: &str, inside: Value) -> Value {
    json!({ "id": id, "type": "while", "data": { "condition": condition, "steps": inside } })
}

fn fan(id: &str, branches: &[(&str, Value)]) -> Value {
    let branches = branches.iter().map(|(name, steps)| json!({ "name": name, "steps": steps }));
    json!({ "id": id, "type": "parallel", "data": { "branches": branches.collect::<Vec<_>>() } })
}

/// Steps one after the other.
fn chain(steps: &[Value]) -> Value {
    let mut steps = steps.to_vec();
    for index in 1..steps.len() {
        steps[index - 1]["nextStepId"] = steps[index]["id"].clone();
    }
    json!(steps)
}

/// A flow of those steps, whose output has those expressions.
fn document(fields: &[Value], steps: &[Value], outputs: &[(&str, &str)]) -> Value {
    let outputs: Vec<_> =
        outputs.iter().map(|(name, it)| json!({ "name": name, "output": format!("{{{{{it}}}}}") })).collect();
    let start = json!({ "id": "start", "type": "api", "data": { "fields": fields } });
    let end = json!({ "id": "end", "type": "final", "data": { "outputs": outputs } });
    let steps = chain(&[&[start], steps, &[end]].concat());
    json!({ "name": "scopes", "definition": { "steps": steps } })
}

async fn run(steps: &[Value], outputs: &[(&str, &str)]) -> Value {
    output(&World::new().run_alone(&document(&[], steps, outputs), json!({})).await)
}

#[tokio::test]
async fn a_branch_sees_what_was_set_outside_and_what_it_set_itself() {
    let branch = |id: &str| {
        chain(&[
            transform(&format!("{id}_before"), "mine ?? 'unset'"),
            set(&format!("{id}_set"), "mine", &format!("outer + '{id}'")),
            transform(&format!("{id}_after"), &format!("[{id}_before, mine, steps.{id}_set.mine]")),
        ])
    };
    let steps = [set("init", "outer", "'o'"), fan("fan", &[("a", branch("a")), ("b", branch("b"))])];
    let outputs = [("fan", "fan"), ("mine", "mine ?? 'unset'"), ("step", "steps.a_set ?? 'unset'")];
    let expected = json!({
        "fan": { "a": ["unset", "oa", "oa"], "b": ["unset", "ob", "ob"] },
        "mine": "unset",
        "step": "unset",
    });
    assert_eq!(run(&steps, &outputs).await, expected);
}

#[tokio::test]
async fn a_loop_in_a_branch_writes_into_the_branch_and_no_further() {
    let sum = || each("sum", "[1, 2, 3]", 1, json!([set("add", "total", "(total ?? 0) + item")]));
    let left =
        chain(&[sum(), transform("left_total", "[total, add.total, steps.add.total, sum.processedItems]")]);
    let right = json!([transform("right_total", "total ?? 'unset'")]);
    let inner = fan("fan", &[("left", left), ("right", right)]);
    let steps = [each("outer", "[10, 20]", 2, json!([inner]))];
    let out = run(&steps, &[("rows", "outer.results"), ("total", "total ?? 'unset'")]).await;
    for row in 0..2 {
        assert_eq!(out["rows"][row]["fan"], json!({ "left": [6, 6, 6, 3], "right": "unset" }), "{out}");
    }
    assert_eq!(out["total"], json!("unset"));
}

#[tokio::test]
async fn an_isolated_item_sees_what_it_did_and_not_what_another_did() {
    let inside = chain(&[
        transform("before", "[seen ?? 'unset', steps.mark ?? 'unset']"),
        set("mark", "seen", "item"),
        transform("after", "[seen, steps.mark.seen, before[0]]"),
    ]);
    let out = run(&[each("loop", "[1, 2, 3]", 2, inside)], &[("rows", "loop.results")]).await;
    for (row, item) in [1, 2, 3].into_iter().enumerate() {
        assert_eq!(out["rows"][row]["before"], json!(["unset", "unset"]), "{out}");
        assert_eq!(out["rows"][row]["after"], json!([item, item, "unset"]), "{out}");
    }
}

#[tokio::test]
async fn the_names_of_a_loop_come_back_behind_a_loop_inside_of_it() {
    let inner =
        each("inner", "['x', 'y']", 1, json!([transform("deep", "`${item}${index}${_each.isLast}`")]));
    let inside = chain(&[inner, transform("behind", "[item, index, _each.total, inner.results[1].deep]")]);
    let out = run(
        &[each("outer", "['a', 'b']", 1, inside)],
        &[("rows", "outer.results"), ("item", "item ?? 'gone'")],
    )
    .await;
    assert_eq!(out["rows"][0]["behind"], json!(["a", 0, 2, "y1true"]));
    assert_eq!(out["rows"][1]["behind"], json!(["b", 1, 2, "y1true"]));
    assert_eq!(out["item"], json!("gone"));
}

#[tokio::test]
async fn items_and_passes_inside_of_each_other_are_all_seen() {
    let pass = chain(&[
        transform("in_pass", "[item, index, iteration, _while.run, _while.isFirst]"),
        set("count", "k", "k + 1"),
    ]);
    let inside = chain(&[
        set("zero", "k", "0"),
        again("round", "k < 2 && iteration < 5 && item != 'b'", pass),
        transform("behind", "[item, iteration ?? 'gone', round.iterations]"),
    ]);
    let steps = [each("loop", "['a', 'b']", 1, inside)];
    let out = run(&steps, &[("rows", "loop.results")]).await;
    assert_eq!(out["rows"][0]["round"]["results"][1]["in_pass"], json!(["a", 0, 1, 2, false]), "{out}");
    assert_eq!(out["rows"][0]["behind"], json!(["a", "gone", 2]));
    assert_eq!(out["rows"][1]["behind"], json!(["b", "gone", 0]));

    let inside = json!([each(
        "items",
        "[iteration, iteration + 10]",
        1,
        json!([transform("both", "[iteration, item]")])
    )]);
    let out = run(&[again("loop", "iteration < 2", inside)], &[("rows", "loop.results")]).await;
    assert_eq!(out["rows"][1]["items"]["results"][1]["both"], json!([1, 11]), "{out}");
}

#[tokio::test]
async fn a_loop_s_own_pass_is_for_its_condition_and_what_is_around_it_for_the_rest() {
    let mut inner = again("inner", "iteration < 1", json!([transform("t", "iteration")]));
    inner["when"] = json!("iteration == 1");
    let out = run(&[again("outer", "iteration < 3", json!([inner]))], &[("rows", "outer.results")]).await;
    let ran: Vec<_> = (0..3).map(|pass| out["rows"][pass]["inner"].is_object()).collect();
    assert_eq!(ran, [false, true, false], "{out}");
}

#[tokio::test]
async fn the_names_of_a_loop_win_over_inputs_and_variables_and_give_them_back() {
    let fields = [json!({ "name": "item", "type": "string" })];
    let steps = [
        set("init", "index", "'mine'"),
        each("loop", "[7]", 1, json!([transform("seen", "[item, index, inputs.item]")])),
    ];
    let outputs = [("seen", "loop.results[0].seen"), ("item", "item"), ("index", "index")];
    let out = output(
        &World::new().run_alone(&document(&fields, &steps, &outputs), json!({ "item": "given" })).await,
    );
    assert_eq!(out, json!({ "seen": [7, 0, "given"], "item": "given", "index": "mine" }));
}

#[tokio::test]
async fn a_step_that_was_passed_over_or_not_reached_in_this_pass_shows_what_the_last_one_left() {
    let inside = json!([
        { "id": "odd", "type": "condition", "data": { "branches": [{ "condition": "item == 1", "nextStepId": "one" }], "elseStepId": "look" } },
        { "id": "one", "type": "transform", "data": { "expression": "'set'" }, "nextStepId": "look" },
        transform("look", "one ?? 'unset'"),
    ]);
    for (concurrency, expected) in [(1, ["unset", "set", "set"]), (2, ["unset", "set", "unset"])] {
        let out =
            run(&[each("loop", "[0, 1, 2]", concurrency, inside.clone())], &[("rows", "loop.results")]).await;
        let seen: Vec<_> = (0..3).map(|row| out["rows"][row]["look"].clone()).collect();
        assert_eq!(seen, expected, "{concurrency} at a time");
    }
}

#[tokio::test]
async fn an_error_that_a_branch_took_care_of_is_its_own() {
    let handled = |id: &str| {
        json!([
            { "id": id, "type": "fail", "data": { "message": id }, "onError": { "stepId": format!("{id}_help") } },
            transform(&format!("{id}_help"), "error.message"),
        ])
    };
    let branches =
        [("a", handled("a")), ("b", handled("b")), ("c", json!([transform("c", "error ?? 'none'")]))];
    let steps =
        [fan("fan", &branches), each("loop", "[1]", 1, handled("d")), transform("behind", "error.message")];
    let out = run(&steps[..1], &[("fan", "fan"), ("error", "error ?? 'none'")]).await;
    assert_eq!(out, json!({ "fan": { "a": "a", "b": "b", "c": "none" }, "error": "none" }));
    // One after the other, a loop's items write around themselves.
    assert_eq!(run(&steps, &[("behind", "behind")]).await, json!({ "behind": "d" }));
}

#[tokio::test]
async fn an_approval_in_a_branch_is_the_branch_s_own() {
    let ask = |id: &str| json!({ "id": id, "type": "user-approval", "data": { "message": "?" } });
    let branch = |id: &str| {
        chain(&[
            transform(&format!("{id}_before"), "approval.decision"),
            ask(id),
            transform(&format!("{id}_after"), &format!("[{id}_before, approval.decision]")),
        ])
    };
    let steps_of = [ask("first"), fan("fan", &[("a", branch("a")), ("b", branch("b"))])];
    let document = document(&[], &steps_of, &[("fan", "fan"), ("approval", "approval.decision")]);
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let view = world.run(&engine, &document, json!({})).await;
    world.resume(&engine, view.id(), WaitChoice::Only, approve()).await.unwrap();
    for (visit, answer) in [("fan:b/b", reject()), ("fan:a/a", approve())] {
        let execution = ExecutionId { run: view.id(), visit: VisitPath::from_stored(visit) };
        world.resume(&engine, view.id(), WaitChoice::Named(execution.to_string()), answer).await.unwrap();
    }
    let view = world.inspect(&engine, view.id()).await;
    assert_eq!(view.status(), RunStatus::Completed);
    let expected =
        json!({ "fan": { "a": ["approve", "approve"], "b": ["approve", "reject"] }, "approval": "approve" });
    assert_eq!(output(&view), expected);
}

#[tokio::test]
async fn the_step_before_is_the_one_on_the_same_path() {
    let names =
        |id: &str| transform(id, "[step.previousName ?? 'none', step.currentName, step.nextName ?? 'none']");
    let branch = |id: &str| {
        chain(&[
            names(&format!("{id}1")),
            names(&format!("{id}2")),
            transform(&format!("{id}3"), &format!("[{id}1, {id}2]")),
        ])
    };
    let steps = [names("first"), fan("fan", &[("a", branch("a")), ("b", branch("b"))]), names("behind")];
    let out = run(&steps, &[("first", "first"), ("fan", "fan"), ("behind", "behind")]).await;
    assert_eq!(out["first"], json!(["none", "first", "fan"]));
    assert_eq!(out["fan"]["a"], json!([["fan", "a1", "a2"], ["a1", "a2", "a3"]]));
    assert_eq!(out["fan"]["b"], json!([["fan", "b1", "b2"], ["b1", "b2", "b3"]]));
    assert_eq!(out["behind"], json!(["fan", "behind", "end"]));
}

#[tokio::test]
async fn results_keep_what_every_step_of_an_item_came_to() {
    let inside = chain(&[
        json!({ "id": "off", "type": "transform", "disabled": true, "data": { "expression": "1" } }),
        set("vars", "a", "item"),
        json!({ "id": "named", "type": "transform", "output": "shown", "data": { "expression": "item + 1" } }),
        json!({ "id": "bad", "type": "fail", "data": { "message": "no" }, "onError": "continue" }),
    ]);
    let out = run(&[each("loop", "[5]", 1, inside)], &[("row", "loop.results[0]")]).await;
    let row = &out["row"];
    assert_eq!(row["off"], json!(null));
    assert_eq!(row["vars"], json!({ "a": 5 }));
    assert_eq!(row["shown"], json!(6));
    assert_eq!(row["bad"]["error"]["message"], json!("no"));
    let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["index", "item", "off", "vars", "shown", "bad"]);
}
