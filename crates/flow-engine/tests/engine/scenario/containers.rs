//! Loops and branches, whose results tell a mix-up between items.

use flow_testkit::documents::{flow, required};
use serde_json::{Value, json};

use super::settings::Row;

fn work(id: &str, data: Value) -> Value {
    json!({ "id": id, "type": "work", "data": data })
}

pub(super) fn all() -> impl Iterator<Item = Row> {
    let start = |name| {
        let document = flow(name).api("start", [required("n", "number")]);
        document.step("list", "transform", json!({ "expression": "[3, 4, 5]" }))
    };
    let call = json!([
        { "id": "call", "type": "work", "data": { "n": "{{item * 10 + index}}" }, "nextStepId": "use" },
        { "id": "use", "type": "transform", "data": { "expression": "call.n" } },
    ]);
    let sum = "{{each.results[0].use + each.results[1].use * 100 + each.results[2].use * 10000}}";
    let each = start("each")
        .step("each", "each", json!({ "arrayVariable": "list", "steps": call }))
        .done("end", [("sum", sum), ("last", "{{call.n}}")])
        .build();
    let at_once = start("each at once")
        .step("each", "each", json!({ "arrayVariable": "list", "concurrency": 2, "steps": call }))
        .done("end", [("sum", sum), ("last", "{{call ?? 'none'}}")])
        .build();
    let failing = start("each that goes on")
        .step(
            "each",
            "each",
            json!({ "arrayVariable": "list", "onItemError": "continue", "steps": [
            { "id": "odd", "type": "condition", "data": {
                "branches": [{ "name": "four", "condition": "item == 4", "nextStepId": "bad" }], "elseStepId": "good" } },
            work("bad", json!({ "fail": true, "n": "{{item}}" })),
            work("good", json!({ "n": "{{item}}" })),
        ] }),
        )
        .done("end", [("failed", "{{each.failedItems}}"), ("code", "{{each.errors[0].error.code}}")])
        .build();
    let round = start("while")
        .set("init", [("k", json!(0))])
        .step(
            "loop",
            "while",
            json!({ "condition": "k < 3", "steps": [
            { "id": "call", "type": "work", "data": { "k": "{{k}}", "pass": "{{iteration}}" }, "nextStepId": "count" },
            { "id": "count", "type": "set-variables", "data": { "variables": [
                { "name": "k", "value": "{{call.k + 1}}" }] } },
        ] }),
        )
        .done("end", [("k", "{{k}}"), ("passes", "{{loop.iterations}}")])
        .build();
    let ask = |id: &str| json!({ "id": id, "type": "user-approval", "data": { "message": "?" }, "nextStepId": format!("{id}_done") });
    let fan = start("parallel")
        .step(
            "fan",
            "parallel",
            json!({ "branches": [
            { "name": "one", "steps": [ask("a"), work("a_done", json!({ "by": "{{a.decidedBy}}" }))] },
            { "name": "two", "steps": [work("b", json!({ "n": 2 }))] },
            { "name": "three", "steps": [
                { "id": "c", "type": "wait", "data": { "durationMs": 5 }, "nextStepId": "d" }, work("d", json!({ "n": 4 })) ] },
        ] }),
        )
        .done("end", [("by", "{{fan.one.by}}"), ("b", "{{fan.two.n}}"), ("d", "{{fan.three.n}}")])
        .build();
    let any = start("any")
        .step(
            "fan",
            "parallel",
            json!({ "join": "any", "branches": [
            { "name": "bad", "steps": [work("a", json!({ "fail": true }))] },
            { "name": "never", "steps": [
                { "id": "b", "type": "client-tool", "data": { "toolName": "look-up" }, "nextStepId": "c" },
                { "id": "c", "type": "fail", "data": { "message": "found" } } ] },
            { "name": "good", "steps": [
                { "id": "d", "type": "wait", "data": { "durationMs": 5 }, "nextStepId": "e" }, work("e", json!({ "n": 5 })) ] },
        ] }),
        )
        .done("end", [("n", "{{fan.good.n}}")])
        .build();
    let nested = start("nested")
        .step(
            "each",
            "each",
            json!({ "arrayVariable": "list", "concurrency": 2, "steps": [
            { "id": "fan", "type": "parallel", "data": { "join": "settled", "branches": [
                { "name": "one", "steps": [work("a", json!({ "n": "{{item}}" }))] },
                { "name": "two", "steps": [
                    { "id": "inner", "type": "each", "data": { "arrayVariable": "[item, index]", "steps": [
                        work("b", json!({ "n": "{{item + 1}}" })) ] } } ] },
            ] } },
        ] }),
        )
        .done(
            "end",
            [
                ("a", "{{each.results[2].fan.one.value.n}}"),
                ("b", "{{each.results[1].fan.two.value.results[0].b.n}}"),
            ],
        )
        .build();
    let rows = [
        ("each", each, Ok(json!({ "sum": 30 + 41 * 100 + 52 * 10_000, "last": 52 })), 3),
        ("each at once", at_once, Ok(json!({ "sum": 30 + 41 * 100 + 52 * 10_000, "last": "none" })), 3),
        ("each that goes on", failing, Ok(json!({ "failed": 1, "code": "on_request" })), 3),
        ("while", round, Ok(json!({ "k": 3, "passes": 3 })), 3),
        ("parallel", fan, Ok(json!({ "by": "Ada", "b": 2, "d": 4 })), 3),
        ("any", any, Ok(json!({ "n": 5 })), 2),
        ("nested", nested, Ok(json!({ "a": 5, "b": 5 })), 9),
    ];
    rows.into_iter()
}
