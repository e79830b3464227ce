//! The control steps: what each gives, and how each fails.

use flow_engine::{Engine, Limits, Registry};
use flow_model::{RunStatus, WaitRequest};
use flow_testkit::documents::{defaulted, flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, echo, error, output, steps};

/// The output of a flow whose `end` step returns these values.
async fn returned(outputs: &[(&str, Value)], inputs: Value) -> Value {
    let document = flow("values").api("start", [optional("x", "object"), optional("n", "number")]);
    let document = document.done("end", outputs.iter().cloned()).build();
    output(&World::new().run_alone(&document, inputs).await)
}

#[tokio::test]
async fn final_returns_its_outputs_in_order_and_with_their_types() {
    let given = json!({ "x": { "deep": [1, { "y": null }] }, "n": 9_007_199_254_740_993_i64 });
    let outputs = [
        ("z", json!("{{x.deep[1]}}")),
        ("a", json!("{{n}}")),
        ("text", json!("n is {{n}}, x is {{x.deep}}, nothing is {{x.gone}}")),
        ("nested", json!({ "list": ["{{x.deep[0] + 1}}", true], "plain": 1.5 })),
        ("missing", json!("{{x.gone}}")),
        ("literal", json!("\\{{ x }}")),
        ("none", Value::Null),
    ];
    let got = returned(&outputs, given).await;
    let expected = json!({
        "z": { "y": null }, "a": 9_007_199_254_740_993_i64,
        "text": "n is 9007199254740993, x is [1,{\"y\":null}], nothing is ",
        "nested": { "list": [2, true], "plain": 1.5 }, "missing": null, "literal": "{{ x }}", "none": null,
    });
    assert_eq!(got, expected);
    assert_eq!(got.to_string(), expected.to_string(), "members keep the author's order");
}

#[tokio::test]
async fn final_without_outputs_returns_an_empty_object() {
    let document = flow("empty").api("start", []).step("end", "final", json!({})).build();
    assert_eq!(output(&World::new().run_alone(&document, json!({})).await), json!({}));
}

#[tokio::test]
async fn a_path_that_ends_without_a_final_returns_an_empty_object() {
    let document = flow("open end")
        .api("start", [required("n", "number")])
        .condition("which", [("big", "n > 5", "end")], None)
        .done("end", [("n", "{{n}}")])
        .build();
    let world = World::new();
    assert_eq!(output(&world.run_alone(&document, json!({ "n": 1 })).await), json!({}));
    assert_eq!(output(&world.run_alone(&document, json!({ "n": 6 })).await), json!({ "n": 6 }));
}

#[tokio::test]
async fn set_variables_sees_the_rows_above_and_returns_all() {
    let document = flow("set")
        .api("start", [])
        .set(
            "vars",
            [("a", json!(1)), ("b", json!("{{a + 1}}")), ("a", json!("{{b + 1}}")), ("c", json!("{{a}}"))],
        )
        .done("end", [("a", "{{a}}"), ("b", "{{b}}"), ("c", "{{c}}"), ("whole", "{{vars}}")])
        .build();
    assert_eq!(
        output(&World::new().run_alone(&document, json!({})).await),
        json!({ "a": 3, "b": 2, "c": 3, "whole": { "a": 3, "b": 2, "c": 3 } })
    );
}

#[tokio::test]
async fn condition_takes_the_first_branch_that_holds() {
    let document = |otherwise| {
        flow("condition")
            .api("start", [optional("n", "number"), defaulted("s", "string", "")])
            .condition(
                "which",
                [("one", "n == 1", "one"), ("also one", "n === 1", "two"), ("text", "s", "two")],
                otherwise,
            )
            .with("nextStepId", "after")
            .done("one", [("way", "one {{which.branch}}")])
            .done("two", [("way", "two {{which.branch}}")])
            .done("other", [("way", "other {{which.branch}}")])
            .done("after", [("way", "after {{which.branch}}")])
            .build()
    };
    let cases = [
        (json!({ "n": 1, "s": "x" }), Some("other"), "one one"),
        (json!({ "n": 2, "s": "x" }), Some("other"), "two text"),
        (json!({ "n": 2 }), Some("other"), "other "),
        (json!({}), Some("other"), "other "),
    ];
    let world = World::new();
    for (inputs, otherwise, way) in cases {
        // `after` can be reached as nothing else leads there but the step's own successor.
        let view = world.run_alone(&document(otherwise), inputs.clone()).await;
        assert_eq!(output(&view), json!({ "way": way }), "{inputs}");
    }
}

#[tokio::test]
async fn condition_without_an_else_takes_the_steps_own_successor() {
    let document = flow("condition")
        .api("start", [])
        .condition("which", [("never", "false", "one")], None)
        .with("nextStepId", "after")
        .done("one", [("way", "one")])
        .done("after", [("way", "after {{which.branch ?? 'none'}}")])
        .build();
    assert_eq!(output(&World::new().run_alone(&document, json!({})).await), json!({ "way": "after none" }));
}

#[tokio::test]
async fn fail_ends_the_run_with_the_authors_words() {
    let document = flow("fail")
        .api("start", [required("n", "number")])
        .condition("which", [("fine", "n > 5", "end")], Some("bad"))
        .fail("bad", "{{n}} is too few")
        .data("code", "too_few_{{n}}")
        .data("httpStatus", 422)
        .data("details", json!({ "n": "{{n}}", "at": ["{{step.currentId}}"] }))
        .with("name", "Too few")
        .done("end", [("a", 1)])
        .build();
    let error = error(&World::new().run_alone(&document, json!({ "n": 2 })).await);
    assert_eq!((error.code.as_str(), error.message.as_str()), ("too_few_2", "2 is too few"));
    assert_eq!((error.step_id.as_deref(), error.step_name.as_deref()), (Some("bad"), Some("Too few")));
    assert_eq!((error.http_status, error.attempt), (Some(422), Some(1)));
    assert_eq!(*error.details.unwrap(), json!({ "n": 2, "at": ["bad"] }));
}

#[tokio::test]
async fn fail_has_a_code_of_its_own() {
    for code in [None, Some(json!("")), Some(json!("{{_resumeData}}"))] {
        let mut document = flow("fail").api("start", []).condition("c", [("x", "false", "end")], Some("bad"));
        document = document.fail("bad", "no");
        if let Some(code) = code {
            document = document.data("code", code);
        }
        let document = document.done("end", [("a", 1)]).build();
        assert_eq!(error(&World::new().run_alone(&document, json!({})).await).code, "flow_failed");
    }
}

#[tokio::test]
async fn approval_and_tool_resolve_their_templates_when_they_open() {
    let document = |kind: &str, data: Value| {
        flow("wait")
            .api("start", [required("who", "string")])
            .step("ask", kind, data)
            .done("end", [("a", 1)])
            .build()
    };
    let world = World::new();
    let asked = |view: flow_engine::RunView| {
        assert_eq!(view.status(), RunStatus::Waiting);
        view.open_waits().remove(0).wait.request
    };
    let data = json!({ "message": "Call {{who}}?", "approvers": ["{{who}}", 3, "b@example.org"] });
    let view = world.run_alone(&document("user-approval", data), json!({ "who": "Ada" })).await;
    assert_eq!(
        asked(view),
        WaitRequest::UserApproval {
            message: "Call Ada?".into(),
            approvers: vec!["Ada".into(), "b@example.org".into()],
        }
    );
    let written = [
        (
            json!([{ "key": "to", "value": "{{who}}" }, { "key": "n", "value": 1 }, { "key": "none" }]),
            json!({ "to": "Ada", "n": 1, "none": null }),
        ),
        (json!({ "to": { "name": "{{who}}" } }), json!({ "to": { "name": "Ada" } })),
        (json!("{\"to\": \"{{who}}\"}"), json!({ "to": "Ada" })),
        (json!("[{\"key\": \"to\", \"value\": \"{{who}}\"}]"), json!({ "to": "Ada" })),
        (json!("{{inputs}}"), json!({ "who": "Ada" })),
        (json!([]), json!({})),
        (Value::Null, json!({})),
    ];
    for (parameters, expected) in written {
        let data = json!({ "toolName": "tool-{{who}}", "parameters": parameters });
        let view = world.run_alone(&document("client-tool", data), json!({ "who": "Ada" })).await;
        let WaitRequest::ClientTool { tool_name, args } = asked(view) else { panic!("it is a tool") };
        assert_eq!((tool_name.as_str(), &*args), ("tool-Ada", &expected), "{parameters}");
    }
}

#[tokio::test]
async fn an_expression_without_a_value_fails_its_step_and_says_where() {
    let world = World::new();
    let kinds = [
        ("set-variables", json!({ "variables": [{ "name": "v", "value": ["{{x.y.z}}"] }] })),
        ("condition", json!({ "branches": [{ "condition": "x.y.z", "nextStepId": "end" }] })),
        ("user-approval", json!({ "message": "{{x.y.z}}" })),
        ("user-approval", json!({ "message": "?", "approvers": ["{{x.y.z}}"] })),
        ("client-tool", json!({ "toolName": "t", "parameters": { "a": "{{x.y.z}}" } })),
        ("client-tool", json!({ "toolName": "{{x.y.z}}" })),
        ("work", json!({ "a": { "b": ["{{x.y.z}}"] } })),
    ];
    for (kind, data) in kinds {
        let document = flow("fails")
            .api("start", [optional("x", "object")])
            .step("bad", kind, data)
            .with("nextStepId", "end")
            .done("end", [("a", 1)])
            .build();
        let step = echo();
        let engine = world.engine(steps(&step)).await;
        let view = world.run(&engine, &document, json!({ "x": {} })).await;
        let error = error(&view);
        assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("type_error", Some("bad")), "{kind}");
        assert!(error.message.contains("line 1"), "{}", error.message);
        assert_eq!(step.calls().len(), 0);
    }
    for data in [
        json!({ "message": "{{x.y.z}}" }),
        json!({ "message": "m", "code": "{{x.y.z}}" }),
        json!({ "message": "m", "details": "{{x.y.z}}" }),
    ] {
        let document = flow("fails")
            .api("start", [optional("x", "object")])
            .condition("c", [("never", "false", "end")], Some("bad"))
            .step("bad", "fail", data)
            .done("end", [("a", 1)])
            .build();
        let view = world.run_alone(&document, json!({ "x": {} })).await;
        assert_eq!(error(&view).code, "type_error");
    }
}

async fn small(world: &World, steps: Registry) -> Engine {
    let builder = Engine::builder().store(world.store.clone()).steps(steps);
    let limits = Limits { output_bytes: 1000, ..Limits::default() };
    builder.clock(std::sync::Arc::new(world.clock.clone())).limits(limits).build().await.unwrap()
}

#[tokio::test]
async fn an_output_that_is_too_large_fails_its_step_and_isnt_tried_again() {
    let world = World::new();
    let step = flow_testkit::ScriptedStep::new("work").answers(|_| Ok(Value::String("x".repeat(2000))));
    let engine = small(&world, steps(&step)).await;
    let long = "x".repeat(600);
    let documents = [
        flow("task").api("start", []).step("bad", "work", json!({})).done("end", [("a", 1)]).build(),
        flow("set")
            .api("start", [])
            .set("bad", [("a", json!(long)), ("b", json!("{{a}}"))])
            .done("end", [("a", 1)])
            .build(),
        flow("final")
            .api("start", [])
            .set("a", [("x", json!(long))])
            .done("bad", [("a", "{{x}}"), ("b", "{{x}}")])
            .build(),
    ];
    for document in documents {
        let view = world.run(&engine, &document, json!({})).await;
        let error = error(&view);
        assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("output_too_large", Some("bad")));
        assert!(error.message.contains("1000 bytes"), "{}", error.message);
    }
    assert_eq!(step.calls().len(), 1);
}

#[tokio::test]
async fn values_that_grow_deeper_from_step_to_step_end_at_the_limit() {
    let world = World::new();
    let mut document = flow("deep").api("start", []).set("v0", [("a0", json!([1]))]);
    for step in 1..170 {
        let (id, name) = (format!("v{step}"), format!("a{step}"));
        document = document.set(&id, [(name.as_str(), json!([format!("{{{{a{}}}}}", step - 1)]))]);
    }
    let view = world.run_alone(&document.done("end", [("a", 1)]).build(), json!({})).await;
    assert_eq!(error(&view).code, "output_too_deep");

    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let document = flow("inputs").api("start", []).done("end", [("a", 1)]).build();
    let engine = world.engine(steps(&flow_testkit::ScriptedStep::new("work"))).await;
    let refused = world.try_run(&engine, &document, json!({ "deep": deep })).await;
    assert!(matches!(refused, Err(flow_engine::EngineError::InvalidInputs(_))), "{refused:?}");
}

#[tokio::test]
async fn a_step_that_fails_fails_its_run_with_its_own_words() {
    let world = World::new();
    let failure = flow_engine::StepError {
        code: "http_status".into(),
        message: "the server answered 503".into(),
        details: Some(Box::new(json!({ "status": 503 }))),
        retry_after: None,
    };
    let step = flow_testkit::ScriptedStep::new("work");
    step.push(Err(failure));
    let engine = world.engine(steps(&step)).await;
    let document = flow("f").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build();
    let error = error(&world.run(&engine, &document, json!({})).await);
    assert_eq!((error.code.as_str(), error.message.as_str()), ("http_status", "the server answered 503"));
    assert_eq!(*error.details.unwrap(), json!({ "status": 503 }));
    assert_eq!((error.step_id.as_deref(), error.attempt), (Some("one"), Some(1)));
}

#[tokio::test]
async fn a_text_that_a_step_makes_is_bounded_like_a_value() {
    let text = "{{inputs.x}}{{inputs.x}}";
    let asks = flow("ask").api("start", []).approval("ask", text).done("end", [("a", 1)]).build();
    let fails = flow("fail").api("start", []).condition("c", [("x", "false", "end")], Some("bad"));
    let fails = fails.done("end", [("a", 1)]).fail("bad", text).build();
    for document in [asks, fails] {
        let view = World::new().run_alone(&document, json!({ "x": "x".repeat(600_000) })).await;
        assert_eq!(error(&view).code, "output_too_large");
    }
}

#[tokio::test]
async fn the_code_of_a_fail_step_is_one_short_line() {
    for (given, code) in [
        ("a\0b\r\nc".to_owned(), "abc".to_owned()),
        ("x".repeat(200), "x".repeat(128)),
        ("\n".to_owned(), "flow_failed".to_owned()),
    ] {
        let document = flow("fail").api("start", []).condition("c", [("x", "false", "end")], Some("bad"));
        let mut document = document.done("end", [("a", 1)]).fail("bad", "no").build();
        document["definition"]["steps"][3]["data"]["code"] = json!("{{inputs.code}}");
        let view = World::new().run_alone(&document, json!({ "code": given })).await;
        assert_eq!(error(&view).code, code);
    }
}
