//! What publishing refuses about the steps inside of loops and branches: each mistake with its place, its code and
//! what to do.

use flow_engine::{Limits, Registry};
use flow_model::Fault;
use flow_testkit::documents::{flow, optional, required};
use serde_json::{Value, json};

use crate::publish_faults::{around, faults, one};
use crate::world::{World, echo, soon, steps};

const IT: &str = "/definition/steps/1";

fn transform(id: &str) -> Value {
    json!({ "id": id, "type": "transform", "data": { "expression": "1" } })
}

fn to(mut step: Value, next: &str) -> Value {
    step["nextStepId"] = json!(next);
    step
}

fn set(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "set-variables", "data": { "variables": [{ "name": name, "value": 1 }] } })
}

/// An `each` over a literal list.
fn each(inside: Value) -> Value {
    json!({ "arrayVariable": [1, 2], "steps": inside })
}

fn branches(left: Value, right: Value) -> Value {
    json!({ "branches": [{ "name": "left", "steps": left }, { "name": "right", "steps": right }] })
}

fn containers(inside: Value) -> [(&'static str, Value, &'static str); 3] {
    [
        ("each", each(inside.clone()), "/data/steps"),
        ("while", json!({ "condition": "false", "steps": inside }), "/data/steps"),
        ("parallel", branches(inside, json!([transform("other")])), "/data/branches/0/steps"),
    ]
}

fn at_it(expected: &[&str]) -> Vec<String> {
    expected.iter().map(|fault| format!("{IT}{fault}")).collect()
}

async fn explained(document: &Value) -> Vec<Fault> {
    explained_within(Limits::default(), document).await
}

async fn explained_within(limits: Limits, document: &Value) -> Vec<Fault> {
    let world = World { limits, ..World::new() };
    let engine = world.engine(steps(&echo())).await;
    engine.flows().validate(document)
}

#[tokio::test]
async fn what_is_wrong_with_a_graph_inside_is_found_in_every_kind_of_container() {
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (json!([transform("a")]), vec![]),
        (json!([]), vec![" steps_missing"]),
        (json!(null), vec![" required"]),
        (json!({}), vec![" wrong_type"]),
        (json!(["a"]), vec!["/0 wrong_type"]),
        (json!([{ "type": "transform" }]), vec!["/0/id required"]),
        (json!([{ "id": "a" }]), vec!["/0/type required"]),
        (json!([{ "id": "a", "type": "wrok" }]), vec!["/0/type step_type_unknown"]),
        (json!([{ "id": "a", "type": "transform" }]), vec!["/0/data/expression required"]),
        (json!([transform("a"), transform("b")]), vec!["/1 step_unreachable"]),
        (json!([to(transform("a"), "b"), transform("b"), transform("b")]), vec!["/2/id step_duplicate"]),
        // The ids of other graphs are taken too.
        (json!([transform("end")]), vec!["TOP"]),
        (json!([transform("it")]), vec!["/0/id step_duplicate"]),
        (json!([to(transform("a"), "gone")]), vec!["/0/nextStepId step_unknown"]),
        // Out of the graph, into itself, and round in circles.
        (json!([to(transform("a"), "end")]), vec!["/0/nextStepId step_elsewhere"]),
        (json!([to(transform("a"), "it")]), vec!["/0/nextStepId step_elsewhere"]),
        (json!([to(transform("a"), "a")]), vec!["/0/nextStepId cycle"]),
        (json!([to(transform("a"), "b"), to(transform("b"), "a")]), vec!["/1/nextStepId cycle"]),
        (
            json!([{ "id": "a", "type": "transform", "data": { "expression": "1" }, "onError": { "stepId": "end" } }]),
            vec!["/0/onError/stepId step_elsewhere"],
        ),
        (
            json!([{ "id": "a", "type": "condition", "data": { "branches": [
            { "condition": "true", "nextStepId": "end" }], "elseStepId": "gone" } }]),
            vec!["/0/data/branches/0/nextStepId step_elsewhere", "/0/data/elseStepId step_unknown"],
        ),
        (
            json!([{ "id": "a", "type": "switch", "data": { "value": 1, "cases": [
            { "equals": 1, "nextStepId": "end" }], "defaultStepId": "it" } }]),
            vec!["/0/data/cases/0/nextStepId step_elsewhere", "/0/data/defaultStepId step_elsewhere"],
        ),
        (
            json!([{ "id": "a", "type": "user-approval", "data": { "message": "?", "expiresInMs": 5, "onExpire": "end" },
            "rejectNextStepId": "end" }]),
            vec!["/0/rejectNextStepId step_elsewhere", "/0/data/onExpire step_elsewhere"],
        ),
        (json!([{ "id": "a", "type": "final", "data": { "outputs": [] } }]), vec!["/0/type step_misplaced"]),
        (json!([{ "id": "a", "type": "api", "data": {} }]), vec!["/0/type step_misplaced"]),
        (
            json!([{ "id": "a", "type": "transform", "data": { "expression": "1 +" } }]),
            vec!["/0/data/expression expression_syntax"],
        ),
        (
            json!([{ "id": "a", "type": "transform", "data": { "expression": "custmer" } }]),
            vec!["/0/data/expression unknown_name"],
        ),
        (
            json!([{ "id": "a", "type": "transform", "data": { "expression": "1" }, "output": "flow" }]),
            vec!["/0/output name_reserved"],
        ),
        (
            json!([{ "id": "a", "type": "transform", "data": { "expression": "1" }, "when": "n >", "more": 1 }]),
            vec!["/0/more unknown_field", "/0/when expression_syntax"],
        ),
        (
            json!([{ "id": "a", "type": "user-approval", "data": { "message": "?" }, "timeoutMs": 5 }]),
            vec!["/0/timeoutMs setting_unsupported"],
        ),
    ];
    for (inside, expected) in cases {
        for (kind, data, at) in containers(inside.clone()) {
            let mut found = faults(&one(kind, data)).await;
            found.sort();
            let mut expected: Vec<_> = expected
                .iter()
                .map(|fault| match *fault {
                    "TOP" => "/definition/steps/2/id step_duplicate".to_owned(),
                    fault => format!("{IT}{at}{fault}"),
                })
                .collect();
            expected.sort();
            assert_eq!(found, expected, "{kind} {inside}");
        }
    }
}

#[tokio::test]
async fn nothing_leads_into_a_container_or_from_a_branch_to_another() {
    let inside = json!([to(transform("a"), "b"), transform("b")]);
    for (kind, data, _) in containers(inside.clone()) {
        let document = around(|document| document.step("it", kind, data).next("b"));
        let found = faults(&document).await;
        let expected =
            ["/definition/steps/1/nextStepId step_elsewhere", "/definition/steps/2 step_unreachable"];
        assert_eq!(found, expected, "{kind}");
    }
    let found =
        faults(&one("parallel", branches(json!([to(transform("a"), "b")]), json!([transform("b")])))).await;
    assert_eq!(found, at_it(&["/data/branches/0/steps/0/nextStepId step_elsewhere"]));
    let explained = explained(&one("each", each(json!([to(transform("a"), "end")])))).await;
    assert!(explained[0].message.contains("`end` stands in another graph"), "{explained:?}");
    assert!(explained[0].message.contains("leave it out to end here"), "{explained:?}");
}

#[tokio::test]
async fn a_handler_is_a_step_of_the_top_graph() {
    for (kind, data, _) in containers(json!([transform("a")])) {
        let document = flow("f")
            .api("start", [optional("customer", "object"), required("n", "number")])
            .step("it", kind, data)
            .done("end", [("a", 1)])
            .setting("onError", json!({ "stepId": "a" }))
            .build();
        assert_eq!(faults(&document).await, ["/settings/onError/stepId step_elsewhere"], "{kind}");
        let document = flow("f")
            .api("start", [optional("customer", "object"), required("n", "number")])
            .step("it", kind, document["definition"]["steps"][1]["data"].clone())
            .done("end", [("a", 1)])
            .setting("onError", json!({ "stepId": "it" }))
            .build();
        assert_eq!(faults(&document).await, ["/settings/onError/stepId handler_shares_step"], "{kind}");
    }
}

#[tokio::test]
async fn settings_of_each() {
    let some = json!([transform("a")]);
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (json!({ "steps": some }), vec!["/data/arrayVariable required"]),
        (json!({ "arrayVariable": 5, "steps": some }), vec!["/data/arrayVariable wrong_type"]),
        (json!({ "arrayVariable": "", "steps": some }), vec!["/data/arrayVariable expression_syntax"]),
        (json!({ "arrayVariable": "nobody", "steps": some }), vec!["/data/arrayVariable unknown_name"]),
        (json!({ "arrayVariable": "{{nobody}}", "steps": some }), vec!["/data/arrayVariable unknown_name"]),
        (
            json!({ "arrayVariable": ["{{nobody}}"], "steps": some }),
            vec!["/data/arrayVariable/0 unknown_name"],
        ),
        (
            json!({ "arrayVariable": [], "steps": some, "concurrency": 0 }),
            vec!["/data/concurrency out_of_range"],
        ),
        (
            json!({ "arrayVariable": [], "steps": some, "concurrency": 101 }),
            vec!["/data/concurrency out_of_range"],
        ),
        (
            json!({ "arrayVariable": [], "steps": some, "concurrency": "2" }),
            vec!["/data/concurrency wrong_type"],
        ),
        (json!({ "arrayVariable": [], "steps": some, "concurrency": 100 }), vec![]),
        (json!({ "arrayVariable": [], "steps": some, "maxItems": 0 }), vec!["/data/maxItems out_of_range"]),
        (json!({ "arrayVariable": [], "steps": some, "maxItems": -1 }), vec!["/data/maxItems wrong_type"]),
        (json!({ "arrayVariable": [], "steps": some, "maxItems": 1e300 }), vec!["/data/maxItems wrong_type"]),
        (
            json!({ "arrayVariable": [], "steps": some, "onItemError": "fail" }),
            vec!["/data/onItemError value_unknown"],
        ),
        (
            json!({ "arrayVariable": [], "steps": some, "onItemError": 1 }),
            vec!["/data/onItemError wrong_type"],
        ),
        (json!({ "arrayVariable": [], "steps": some, "more": 1 }), vec!["/data/more unknown_field"]),
    ];
    for (data, expected) in cases {
        assert_eq!(faults(&one("each", data.clone())).await, at_it(&expected), "{data}");
    }
    assert_eq!(
        faults(&one("each", json!({}))).await,
        at_it(&["/data/steps required", "/data/arrayVariable required"])
    );
}

#[tokio::test]
async fn settings_of_while() {
    let some = json!([transform("a")]);
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (json!({ "steps": some }), vec!["/data/condition required"]),
        (json!({ "condition": true, "steps": some }), vec!["/data/condition wrong_type"]),
        (json!({ "condition": "{{n}}", "steps": some }), vec!["/data/condition expression_syntax"]),
        (json!({ "condition": "nobody", "steps": some }), vec!["/data/condition unknown_name"]),
        (json!({ "condition": "iteration < 3", "steps": some }), vec![]),
        (json!({ "condition": "item < 3", "steps": some }), vec!["/data/condition unknown_name"]),
        (
            json!({ "condition": "n", "maxIterations": 0, "steps": some }),
            vec!["/data/maxIterations out_of_range"],
        ),
        (
            json!({ "condition": "n", "maxIterations": 2001, "steps": some }),
            vec!["/data/maxIterations out_of_range"],
        ),
        (json!({ "condition": "n", "maxIterations": 2000, "steps": some }), vec![]),
        (
            json!({ "condition": "n", "maxIterations": 1.5, "steps": some }),
            vec!["/data/maxIterations wrong_type"],
        ),
    ];
    for (data, expected) in cases {
        assert_eq!(faults(&one("while", data.clone())).await, at_it(&expected), "{data}");
    }
}

#[tokio::test]
async fn settings_of_parallel() {
    let a = || json!({ "name": "a", "steps": [transform("x")] });
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (json!({}), vec!["/data/branches required"]),
        (json!({ "branches": [] }), vec!["/data/branches branches_missing"]),
        (json!({ "branches": {} }), vec!["/data/branches wrong_type"]),
        (json!({ "branches": [5] }), vec!["/data/branches/0 wrong_type"]),
        (json!({ "branches": [{ "name": "a" }] }), vec!["/data/branches/0/steps required"]),
        (
            json!({ "branches": [{ "name": "a b", "steps": [transform("x")] }] }),
            vec!["/data/branches/0/name invalid_name"],
        ),
        (
            json!({ "branches": [{ "name": 5, "steps": [transform("x")] }] }),
            vec!["/data/branches/0/name wrong_type"],
        ),
        (json!({ "branches": [{ "steps": [transform("x")] }] }), vec![]),
        (
            json!({ "branches": [a(), { "name": "a", "steps": [transform("y")] }] }),
            vec!["/data/branches/1/name branch_duplicate"],
        ),
        // A name that stands for another's default one.
        (
            json!({ "branches": [{ "name": "branch_2", "steps": [transform("x")] }, { "steps": [transform("y")] }] }),
            vec!["/data/branches/1/name branch_duplicate"],
        ),
        (json!({ "branches": [a()], "join": "some" }), vec!["/data/join value_unknown"]),
        (json!({ "branches": [a()], "join": 1 }), vec!["/data/join wrong_type"]),
        (
            json!({ "branches": [{ "name": "a", "steps": [transform("x")], "more": 1 }] }),
            vec!["/data/branches/0/more unknown_field"],
        ),
    ];
    for (data, expected) in cases {
        assert_eq!(faults(&one("parallel", data.clone())).await, at_it(&expected), "{data}");
    }
}

#[tokio::test]
async fn settings_that_containers_make_no_use_of_are_warned_of() {
    for (kind, data, _) in containers(json!([transform("a")])) {
        let document = around(|document| {
            document.step("it", kind, data).with("timeoutMs", 5).with("retry", json!({})).next("end")
        });
        let expected = at_it(&["/timeoutMs setting_without_effect", "/retry setting_without_effect"]);
        assert_eq!(faults(&document).await, expected, "{kind}");
    }
}

#[tokio::test]
async fn what_several_paths_would_set_at_the_same_time_can_t_be_set() {
    let inside = |name: &str| json!([set("s", name)]);
    let concurrent = |name: &str| json!({ "arrayVariable": [1], "concurrency": 2, "steps": inside(name) });
    let cases: Vec<(Value, &str, Vec<&str>)> = vec![
        (concurrent("own"), "each", vec![]),
        (concurrent("outer"), "each", vec!["/data/steps/0/data/variables/0/name variable_outer"]),
        // A step's result and an input are outer names like any other.
        (concurrent("before"), "each", vec!["/data/steps/0/data/variables/0/name variable_outer"]),
        (concurrent("customer"), "each", vec!["/data/steps/0/data/variables/0/name variable_outer"]),
        (json!({ "arrayVariable": [1], "concurrency": 1, "steps": inside("outer") }), "each", vec![]),
        (json!({ "condition": "false", "steps": inside("outer") }), "while", vec![]),
        (
            branches(inside("outer"), json!([transform("x")])),
            "parallel",
            vec!["/data/branches/0/steps/0/data/variables/0/name variable_outer"],
        ),
        (branches(inside("own"), json!([set("t", "own")])), "parallel", vec![]),
        // Deeper inside it is the same.
        (
            branches(
                json!([{ "id": "loop", "type": "each", "data": each(inside("outer")) }]),
                json!([transform("x")]),
            ),
            "parallel",
            vec!["/data/branches/0/steps/0/data/steps/0/data/variables/0/name variable_outer"],
        ),
        // A branch may set what a loop in it sets, if its items come one after the other.
        (
            branches(
                json!([to(set("t", "own"), "loop"), { "id": "loop", "type": "each", "data": each(inside("own")) }]),
                json!([transform("x")]),
            ),
            "parallel",
            vec![],
        ),
        (
            branches(
                json!([to(set("t", "own"), "loop"), { "id": "loop", "type": "each", "data": concurrent("own") }]),
                json!([transform("x")]),
            ),
            "parallel",
            vec!["/data/branches/0/steps/1/data/steps/0/data/variables/0/name variable_outer"],
        ),
    ];
    for (data, kind, expected) in cases {
        let document = flow("f")
            .api("start", [optional("customer", "object"), required("n", "number")])
            .step("it", kind, data.clone())
            .set("before", [("outer", json!(1))])
            .done("end", [("a", 1)])
            .build();
        assert_eq!(faults(&document).await, at_it(&expected), "{kind} {data}");
    }
}

#[tokio::test]
async fn the_names_of_a_loop_can_t_be_set_inside_of_it() {
    let cases = [
        ("each", "item", vec![" name_reserved"]),
        ("each", "index", vec![" name_reserved"]),
        ("each", "_each", vec![" name_reserved"]),
        ("each", "iteration", vec![]),
        ("while", "iteration", vec![" name_reserved"]),
        ("while", "_while", vec![" name_reserved"]),
        ("while", "index", vec![]),
        ("parallel", "item", vec![]),
    ];
    for (kind, name, expected) in cases {
        for (step, place) in [
            (set("s", name), "/0/data/variables/0/name"),
            (
                json!({ "id": "s", "type": "transform", "data": { "expression": "1" }, "output": name }),
                "/0/output",
            ),
            (transform(name), "/0/id"),
        ] {
            let found = faults(&one(
                kind,
                containers(json!([step])).into_iter().find(|row| row.0 == kind).unwrap().1,
            ))
            .await;
            let at = if kind == "parallel" { "/data/branches/0/steps" } else { "/data/steps" };
            let expected: Vec<_> = expected.iter().map(|code| format!("{IT}{at}{place}{code}")).collect();
            assert_eq!(found, expected, "{kind} {name} {step}");
        }
    }
    // Deeper inside too, but not outside.
    let inner = json!([{ "id": "loop", "type": "while", "data": { "condition": "false", "steps": [set("s", "item")] } }]);
    let expected = at_it(&["/data/steps/0/data/steps/0/data/variables/0/name name_reserved"]);
    assert_eq!(faults(&one("each", each(inner))).await, expected);
    assert_eq!(
        faults(&one("set-variables", json!({ "variables": [{ "name": "item", "value": 1 }] }))).await,
        [""; 0]
    );
}

#[tokio::test]
async fn the_names_of_a_loop_mean_nothing_where_there_is_no_loop() {
    for name in ["item", "index", "_each", "iteration", "_while"] {
        let found = faults(&one("transform", json!({ "expression": name }))).await;
        assert_eq!(found, at_it(&["/data/expression unknown_name"]), "{name}");
    }
}

/// `levels` containers inside of each other.
fn nest(levels: usize, kinds: &[&str]) -> Value {
    let mut inside = transform("innermost");
    for level in (0..levels).rev() {
        let id = format!("level{level}");
        let data = match kinds[level % kinds.len()] {
            "each" => each(json!([inside])),
            "while" => json!({ "condition": "iteration < 1", "steps": [inside] }),
            _ => json!({ "branches": [{ "name": "only", "steps": [inside] }] }),
        };
        inside = json!({ "id": id, "type": kinds[level % kinds.len()], "data": data });
    }
    inside["data"].clone()
}

#[tokio::test]
async fn steps_stand_sixteen_levels_deep_at_the_most() {
    for kinds in [&["each"][..], &["while"], &["parallel"], &["each", "parallel", "while"]] {
        assert_eq!(faults(&one(kinds[0], nest(16, kinds))).await, [""; 0], "{kinds:?}");
        let found = explained(&one(kinds[0], nest(17, kinds))).await;
        assert_eq!(found.len(), 1, "{kinds:?}: {found:?}");
        assert_eq!(found[0].code, "nested_too_deep");
        assert!(found[0].message.contains("16 levels"), "{found:?}");
    }
}

#[tokio::test]
async fn the_limit_of_levels_may_be_another_one_up_to_what_the_stack_bears() {
    for (limit, most) in [(1, 1), (2, 2), (40, 40), (64, 64), (1_000, 64)] {
        let limits = Limits { nesting_depth: limit, ..Limits::default() };
        for kinds in [&["each"][..], &["while"], &["parallel"]] {
            let found = explained_within(limits.clone(), &one(kinds[0], nest(most, kinds))).await;
            assert_eq!(found, [], "{kinds:?}, {limit}");
            let found = explained_within(limits.clone(), &one(kinds[0], nest(most + 1, kinds))).await;
            let codes: Vec<_> = found.iter().map(|fault| fault.code).collect();
            assert_eq!(codes, ["nested_too_deep"], "{kinds:?}, {limit}");
            assert!(found[0].message.contains(&format!("{most} levels")), "{found:?}");
            assert!(limit >= 64 || found[0].message.contains("`nesting_depth`"), "{found:?}");
        }
    }
}

/// Every store has to find a visit by its path.
#[tokio::test]
async fn ids_inside_of_each_other_are_so_long_together_at_the_most() {
    let inside = |levels: usize| {
        let long = |prefix: &str, level: usize| format!("{prefix}{level:0>63}");
        let mut inside = transform("innermost");
        for level in 0..levels {
            let branches = json!([{ "name": long("b", level), "steps": [inside] }]);
            inside = json!({ "id": long("s", level), "type": "parallel", "data": { "branches": branches } });
        }
        json!({ "branches": [{ "name": "only", "steps": [inside] }] })
    };
    let limits = Limits { nesting_depth: 64, ..Limits::default() };
    assert_eq!(explained_within(limits.clone(), &one("parallel", inside(15))).await, []);
    let found = explained_within(limits, &one("parallel", inside(20))).await;
    assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["path_too_long"]);
    assert!(found[0].pointer.ends_with("/id"), "{found:?}");
}

#[tokio::test]
async fn the_limit_of_passes_may_be_another_one() {
    let some = || json!([transform("a")]);
    for limit in [3, 10_000] {
        let limits = Limits { loop_passes: limit, ..Limits::default() };
        let loops =
            |passes: u64| one("while", json!({ "condition": "n", "maxIterations": passes, "steps": some() }));
        assert_eq!(explained_within(limits.clone(), &loops(limit)).await, []);
        let found = explained_within(limits.clone(), &loops(limit + 1)).await;
        let places: Vec<_> = found.iter().map(|fault| (&*fault.pointer, fault.code)).collect();
        assert_eq!(places, [("/definition/steps/1/data/maxIterations", "out_of_range")]);
        let message = &found[0].message;
        assert!(message.contains("`loop_passes`") && message.contains(&limit.to_string()), "{message}");
    }
}

#[tokio::test]
async fn a_parallel_has_so_many_branches_at_the_most() {
    let parallel = |count: usize| {
        let branch =
            |index: usize| json!({ "name": format!("b{index}"), "steps": [transform(&format!("s{index}"))] });
        one("parallel", json!({ "branches": (0..count).map(branch).collect::<Vec<_>>() }))
    };
    for (limits, most) in
        [(Limits::default(), 1_000), (Limits { parallel_branches: 2, ..Limits::default() }, 2)]
    {
        assert_eq!(explained_within(limits.clone(), &parallel(most)).await, []);
        let found = explained_within(limits, &parallel(most + 1)).await;
        let places: Vec<_> = found.iter().map(|fault| (&*fault.pointer, fault.code)).collect();
        assert_eq!(places, [("/definition/steps/1/data/branches", "too_many_branches")]);
        assert!(found[0].message.contains("`parallel_branches`"), "{found:?}");
    }
}

/// An object of those members, without a copy of any: what is deep is copied by a stack as deep.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[tokio::test]
async fn any_depth_is_judged_without_an_overflow() {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    for kind in ["each", "while", "work"] {
        let mut inside = transform("innermost");
        for level in 0..10_000 {
            let data = object([("steps", Value::Array(vec![inside]))]);
            inside = object([("id", json!(format!("s{level}"))), ("type", json!(kind)), ("data", data)]);
        }
        let definition = object([("steps", Value::Array(vec![inside]))]);
        let document = std::sync::Arc::new(object([("name", json!("deep")), ("definition", definition)]));
        let faults = engine.flows().validate(&document);
        let codes: Vec<_> = faults.iter().map(|fault| (&*fault.pointer, fault.code)).collect();
        assert_eq!(codes, [("", "nested_too_deep")]);
        let target = flow_engine::Target::Document(document.clone());
        let call = flow_engine::Execute { target, ..world.call(&Value::Null, json!({})) };
        let refused = soon(engine.execute(call)).await;
        assert!(matches!(refused, Err(flow_engine::EngineError::InvalidDefinition(_))), "{refused:?}");
        // Even dropping it would take such a stack.
        std::mem::forget(document);
    }
}

#[tokio::test]
async fn huge_loops_and_branches_are_judged_in_time_that_grows_with_their_size() {
    const COUNT: usize = 5_000;
    let step = |index: usize| json!({ "id": format!("s{index}"), "type": "transform", "data": { "expression": "1" }, "nextStepId": format!("s{}", index + 1) });
    let chain: Vec<_> = (0..COUNT).map(step).chain([transform(&format!("s{COUNT}"))]).collect();
    let wide = (0..COUNT).map(|index| json!({ "name": format!("b{index}"), "steps": [set(&format!("s{index}"), &format!("v{index}"))] }));
    let wide = json!({ "branches": wide.collect::<Vec<_>>() });
    let twins = (0..COUNT).map(|index| json!({ "name": "same", "steps": [transform(&format!("s{index}"))] }));
    let twins = json!({ "branches": twins.collect::<Vec<_>>() });
    let loops = (0..COUNT).map(|index| {
        let inside = json!([set(&format!("s{index}"), &format!("v{index}"))]);
        json!({ "name": format!("b{index}"), "steps": [
            { "id": format!("l{index}"), "type": "each", "data": { "arrayVariable": [1], "concurrency": 2, "steps": inside } }] })
    });
    let loops = json!({ "branches": loops.collect::<Vec<_>>() });
    let limits = Limits { parallel_branches: COUNT, ..Limits::default() };
    let engine = World { limits, ..World::new() }.engine(Registry::new()).await;
    let judged = tokio::task::spawn_blocking(move || {
        let count = |kind: &str, data: Value| engine.flows().validate(&one(kind, data)).len();
        assert_eq!(count("each", each(json!(chain))), 0);
        assert_eq!(count("parallel", wide), 0);
        assert_eq!(count("parallel", twins), COUNT - 1);
        assert_eq!(count("parallel", loops), 0);
    });
    soon(judged).await.unwrap();
}
