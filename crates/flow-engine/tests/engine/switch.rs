//! Steps that choose by a value, transform one, or note one.

use flow_engine::Store;
use flow_model::EventKind;
use flow_testkit::documents::{Builder, flow};
use serde_json::{Value, json};

use crate::world::{World, error, output};

/// A switch on the input `v` with these cases, numbered from 0 by where they lead.
fn switch(cases: &[Value], default: bool) -> Builder {
    let rows = cases.iter().enumerate();
    let rows = rows.map(|(number, equals)| json!({ "equals": equals, "nextStepId": format!("end{number}") }));
    let rows: Vec<Value> = rows.collect();
    let document = flow("switch").api("start", []).data("fields", Value::Null);
    let document = document.step("which", "switch", json!({ "value": "{{inputs.v}}", "cases": rows }));
    let document =
        if default { document.data("defaultStepId", "other") } else { document }.with("nextStepId", "own");
    let mut document = document.done("own", [("way", "own")]);
    for number in 0..cases.len() {
        document = document
            .done(&format!("end{number}"), [("way", json!(number)), ("case", json!("{{which.case}}"))]);
    }
    if default {
        document.done("other", [("way", json!("default")), ("case", json!("{{which.case}}"))])
    } else {
        document
    }
}

async fn way(document: Builder, value: Value) -> Value {
    output(&World::new().run_alone(&document.build(), json!({ "v": value })).await)
}

#[tokio::test]
async fn the_first_case_that_equals_the_value_is_taken() {
    let cases = [
        json!("a"),
        json!(1),
        json!("1"),
        json!(null),
        json!({ "x": [1, { "y": 2.0 }] }),
        json!(true),
        json!(1.0),
    ];
    let values = [
        (json!("a"), json!(0)),
        (json!(1), json!(1)),
        (json!(1.0), json!(1)),
        (json!("1"), json!(2)),
        (json!(null), json!(3)),
        (json!({ "x": [1.0, { "y": 2 }] }), json!(4)),
        (json!(true), json!(5)),
    ];
    for (value, expected) in values {
        let taken = way(switch(&cases, true), value.clone()).await;
        assert_eq!(taken["way"], expected, "{value}");
    }
}

#[tokio::test]
async fn what_equals_no_case_goes_the_default_way_or_on() {
    for value in [json!("A"), json!("a "), json!(0), json!(false), json!([]), json!({ "x": 1, "y": 2 })] {
        let cases = [json!("a"), json!({ "x": 1 })];
        let taken = way(switch(&cases, true), value.clone()).await;
        assert_eq!(taken, json!({ "way": "default", "case": null }), "{value}");
        assert_eq!(way(switch(&cases, false), value).await, json!({ "way": "own" }));
    }
}

#[tokio::test]
async fn cases_are_templates_and_the_output_says_which_was_taken() {
    let document = flow("templates")
        .api("start", [flow_testkit::documents::required("n", "number")])
        .step(
            "which",
            "switch",
            json!({ "value": "v{{n}}", "cases": [
            { "equals": "v{{n + 1}}", "nextStepId": "no" },
            { "equals": "v{{n}}", "nextStepId": "yes" },
        ] }),
        )
        .next("no")
        .done("yes", [("case", "{{which.case}}")])
        .done("no", [("case", "none")])
        .build();
    let view = World::new().run_alone(&document, json!({ "n": 7 })).await;
    assert_eq!(output(&view), json!({ "case": "v7" }));
}

#[tokio::test]
async fn a_transform_is_the_value_of_its_expression() {
    for (expression, expected) in [
        ("n + 1", json!(8)),
        ("{ a: [n, null], b: 'x' }", json!({ "a": [7, null], "b": "x" })),
        ("n > 5 ? 'big' : 'small'", json!("big")),
        ("undefined", json!(null)),
    ] {
        let document = flow("transform").api("start", [flow_testkit::documents::required("n", "number")]);
        let document = document.step("t", "transform", json!({ "expression": expression })).output("result");
        let document = document.done("end", [("result", "{{result}}")]).build();
        let view = World::new().run_alone(&document, json!({ "n": 7 })).await;
        assert_eq!(output(&view), json!({ "result": expected }), "{expression}");
    }
}

#[tokio::test]
async fn a_log_is_noted_in_the_events_and_has_no_result() {
    for (data, expected) in [
        (json!({ "message": "n is {{n}}" }), json!({ "level": "info", "message": "n is 7" })),
        (
            json!({ "level": "error", "message": "m", "data": { "n": ["{{n}}"] } }),
            json!({ "level": "error", "message": "m", "data": { "n": [7] } }),
        ),
    ] {
        let world = World::new();
        let document = flow("log").api("start", [flow_testkit::documents::required("n", "number")]);
        let document = document.step("note", "log", data).done("end", [("note", "{{note}}")]).build();
        let view = world.run_alone(&document, json!({ "n": 7 })).await;
        assert_eq!(output(&view), json!({ "note": null }));
        let events = world.store.run_events(view.id(), 0).await.unwrap();
        let noted = events.iter().find_map(|event| match &event.kind {
            EventKind::StepLogged { visit, lines } if visit.as_str() == "note" => Some(lines),
            _ => None,
        });
        assert_eq!(serde_json::to_value(noted.unwrap()).unwrap(), json!([expected]));
    }
}

#[tokio::test]
async fn what_is_too_large_to_be_noted_fails_its_step() {
    let large = "x".repeat(1_100_000);
    for (kind, data) in [
        ("log", json!({ "message": "m", "data": "{{big}}" })),
        ("transform", json!({ "expression": "[big]" })),
        ("switch", json!({ "value": "{{big}}", "cases": [{ "equals": "{{big}}" }] })),
    ] {
        let document = flow("large").api("start", [flow_testkit::documents::required("big", "string")]);
        let document =
            document.step("it", kind, data).with("nextStepId", "end").done("end", [("a", 1)]).build();
        let view = World::new().run_alone(&document, json!({ "big": large })).await;
        assert_eq!(error(&view).code, "output_too_large", "{kind}");
    }
}
