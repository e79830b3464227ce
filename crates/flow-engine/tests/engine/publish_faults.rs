//! What publishing refuses: each mistake with its place and code, all of them at once.

use std::sync::Arc;

use flow_engine::{EngineError, Registry};
use flow_model::{Fault, Severity};
use flow_testkit::documents::{Builder, flow, optional, required};
use serde_json::{Value, json};

use crate::world::{World, echo, steps};

/// The faults of a document, as `pointer code`.
pub(crate) async fn faults(document: &Value) -> Vec<String> {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let faults = engine.flows().validate(document);
    let refused = world.try_run(&engine, document, json!({})).await;
    let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
    match refused {
        Err(EngineError::InvalidDefinition(reported)) => {
            assert!(errors > 0);
            assert_eq!(reported, faults, "running says what validating says");
        }
        Err(EngineError::InvalidInputs(_)) | Ok(_) => assert_eq!(errors, 0, "{faults:?}"),
        Err(other) => panic!("{other}"),
    }
    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

/// A flow of that one step between an `api` trigger and an `end`.
pub(crate) fn one(kind: &str, data: Value) -> Value {
    around(|document| document.step("it", kind, data).with("nextStepId", "end"))
}

pub(crate) fn around(step: impl FnOnce(Builder) -> Builder) -> Value {
    let document = flow("f").api("start", [optional("customer", "object"), required("n", "number")]);
    step(document).done("end", [("a", 1)]).build()
}

#[tokio::test]
async fn settings_of_the_control_steps() {
    let it = "/definition/steps/1";
    let cases: Vec<(&str, Value, Vec<&str>)> = vec![
        ("set-variables", json!({}), vec!["/data/variables required"]),
        ("set-variables", json!({ "variables": {} }), vec!["/data/variables wrong_type"]),
        ("set-variables", json!({ "variables": [5] }), vec!["/data/variables/0 wrong_type"]),
        ("set-variables", json!({ "variables": [{ "value": 1 }] }), vec!["/data/variables/0/name required"]),
        (
            "set-variables",
            json!({ "variables": [{ "name": "a b" }] }),
            vec!["/data/variables/0/name invalid_name"],
        ),
        (
            "set-variables",
            json!({ "variables": [{ "name": "flow" }] }),
            vec!["/data/variables/0/name name_reserved"],
        ),
        (
            "set-variables",
            json!({ "variables": [{ "name": "class" }] }),
            vec!["/data/variables/0/name invalid_name"],
        ),
        (
            "set-variables",
            json!({ "variables": [{ "name": "a", "value": { "b": ["{{ c"] } }] }),
            vec!["/data/variables/0/value/b/0 expression_syntax"],
        ),
        ("set-variables", json!({ "variables": [], "more": 1 }), vec!["/data/more unknown_field"]),
        ("condition", json!({}), vec!["/data/branches required"]),
        (
            "condition",
            json!({ "branches": [{ "nextStepId": "end" }] }),
            vec!["/data/branches/0/condition required"],
        ),
        (
            "condition",
            json!({ "branches": [{ "condition": "{{n}} > 1" }, { "condition": "n >" }] }),
            vec![
                "/data/branches/0/condition expression_syntax",
                "/data/branches/1/condition expression_syntax",
            ],
        ),
        (
            "condition",
            json!({ "branches": [{ "condition": "n", "nextStepId": "gone" }], "elseStepId": "lost" }),
            vec!["/data/branches/0/nextStepId step_unknown", "/data/elseStepId step_unknown"],
        ),
        (
            "condition",
            json!({ "branches": [{ "condition": 5 }] }),
            vec!["/data/branches/0/condition wrong_type"],
        ),
        ("user-approval", json!({}), vec!["/data/message required"]),
        (
            "user-approval",
            json!({ "message": "m", "expiresInMs": 0, "onExpire": "gone", "approvers": "Ada" }),
            vec![
                "/data/onExpire step_unknown",
                "/data/approvers wrong_type",
                "/data/expiresInMs out_of_range",
            ],
        ),
        ("user-approval", json!({ "message": "m", "expiresInMs": -1 }), vec!["/data/expiresInMs wrong_type"]),
        ("client-tool", json!({}), vec!["/data/toolName required"]),
        ("client-tool", json!({ "toolName": "t", "parameters": 5 }), vec!["/data/parameters wrong_type"]),
        ("client-tool", json!({ "toolName": "t", "parameters": [1] }), vec!["/data/parameters wrong_type"]),
        ("client-tool", json!({ "toolName": "t", "parameters": "[1]" }), vec!["/data/parameters wrong_type"]),
        (
            "fail",
            json!({ "httpStatus": 200 }),
            vec!["/data/message required", "/data/httpStatus out_of_range"],
        ),
        ("fail", json!({ "message": "m", "httpStatus": 70_000 }), vec!["/data/httpStatus out_of_range"]),
        ("final", json!({ "outputs": [{ "output": 1 }] }), vec!["/data/outputs/0/name required"]),
        (
            "final",
            json!({ "outputs": [{ "name": "a", "output": "{{a.b(}}" }] }),
            vec!["/data/outputs/0/output expression_syntax"],
        ),
        ("wrok", json!({}), vec!["/type step_type_unknown"]),
        ("work", json!({ "a": "{{custmer.name}}" }), vec!["/data/a unknown_name"]),
        ("work", json!({ "a": "{{secrets.KEY}}" }), vec!["/data/a secret_not_allowed"]),
    ];
    for (kind, data, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|fault| format!("{it}{fault}")).collect();
        assert_eq!(faults(&one(kind, data.clone())).await, expected, "{kind} {data}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_reported_with_the_nearest_known_one() {
    let document =
        one("work", json!({ "a": "Dear {{ custmer.name }}", "b": "{{ inptus }}", "c": "{{ zzzzzzzz }}" }));
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let faults: Vec<Fault> = engine.flows().validate(&document);
    let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert!(messages[0].contains("did you mean `customer`?"), "{messages:?}");
    assert!(messages[1].contains("did you mean `inputs`?"), "{messages:?}");
    assert!(!messages[2].contains("did you mean"), "{messages:?}");
}

#[tokio::test]
async fn an_unknown_type_is_reported_with_the_nearest_known_one() {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let faults = engine.flows().validate(&one("set-variable", json!({})));
    assert!(faults[0].message.contains("did you mean `set-variables`?"), "{faults:?}");
}

#[tokio::test]
async fn all_faults_come_at_once() {
    let document = json!({
        "name": " ",
        "definition": { "steps": [
            { "id": "s", "type": "schedule", "data": { "fields": [] }, "nextStepId": "a" },
            { "id": "a", "type": "set-variables", "data": {}, "nextStepId": "b", "retry": {} },
            { "id": "b", "type": "work", "data": { "x": "{{nobody}}" }, "output": "flow", "nextStepId": "a" },
            { "id": "c", "type": "nonsense" },
            { "id": "c", "type": "fail", "data": {} },
            { "id": "no id", "type": "final" },
            { "type": "final" },
            7
        ], "extra": 1 },
        "settings": { "timeoutMs": 0, "retentionDays": 3 }
    });
    let mut found = faults(&document).await;
    found.sort();
    let expected = [
        "/definition/extra unknown_field",
        "/definition/steps no_final",
        "/definition/steps/0/data/cron required",
        "/definition/steps/0/type trigger_unsupported",
        "/definition/steps/1/data/variables required",
        "/definition/steps/1/retry setting_without_effect",
        "/definition/steps/2/data/x unknown_name",
        "/definition/steps/2/nextStepId cycle",
        "/definition/steps/2/output name_reserved",
        "/definition/steps/3 step_unreachable",
        "/definition/steps/3/type step_type_unknown",
        "/definition/steps/4 step_unreachable",
        "/definition/steps/4/data/message required",
        "/definition/steps/4/id step_duplicate",
        "/definition/steps/5/id invalid_name",
        "/definition/steps/6/id required",
        "/definition/steps/7 wrong_type",
        "/name required",
        "/settings/retentionDays setting_without_effect",
        "/settings/timeoutMs out_of_range",
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn warnings_keep_nobody_from_running() {
    let document = flow("warned")
        .api("start", [])
        .data("more", 1)
        .set("a", [("x", json!(1))])
        .with("retry", json!({}))
        .with("somethingNew", true)
        .with("rejectNextStepId", "end")
        .done("end", [("x", "{{x}}")])
        .setting("creditLimit", 5)
        .setting("retentionDays", 5)
        .build();
    let found = faults(&document).await;
    assert_eq!(found.len(), 5, "{found:?}");
    let view = World::new().run_alone(&document, json!({})).await;
    assert_eq!(crate::world::output(&view), json!({ "x": 1 }));
}

#[tokio::test]
async fn hostile_documents_are_judged_and_never_break_the_engine() {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!({ "a": [deep] });
    }
    let long = "x".repeat(1_000_000);
    let documents = [
        json!(null),
        json!([]),
        json!("text"),
        json!({ "name": 5, "definition": 5, "settings": 5 }),
        json!({ "name": [], "definition": { "steps": {} }, "settings": [] }),
        json!({ "definition": { "steps": [null, 1, "a", [], {}, { "id": {}, "type": [], "data": 1 }] } }),
        one("work", json!({ "deep": deep.clone() })),
        one("condition", json!({ "branches": [[[]], deep] })),
        one(&long, json!({})),
        one("work", json!({ "a": format!("{{{{{long}}}}}") })),
        one("work", json!({ "a": "{{".repeat(10_000) })),
        one("work", json!({ "a": format!("{{{{{}1{}}}}}", "(".repeat(10_000), ")".repeat(10_000)) })),
        one("fail", json!({ "message": [], "code": {}, "httpStatus": 1e300, "details": null })),
        one("user-approval", json!({ "message": "m", "expiresInMs": u64::MAX })),
    ];
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    for document in documents {
        let faults = engine.flows().validate(&document);
        for fault in &faults {
            assert!(fault.message.len() < 2_000, "{}: {:.200}", fault.pointer, fault.message);
        }
        let _ = world.try_run(&engine, &document, json!({ "n": 1 })).await;
    }
    let document = flow("fine").api("start", []).done("end", [("a", 1)]).build();
    world.run(&engine, &document, json!({})).await;
}

#[tokio::test]
async fn huge_documents_are_judged_in_time_that_grows_with_their_size() {
    // What takes the square of the size takes minutes at the 4 MiB that a server accepts.
    const COUNT: usize = 5_000;
    let mut chain = flow("chain").api("start", []);
    let mut typos = flow("typos").api("start", []);
    for index in 0..COUNT {
        chain = chain.step(&format!("s{index}"), "work", json!({ "n": index }));
        typos = typos.step(&format!("s{index}"), "work", json!({ "n": format!("{{{{nobody{index}}}}}") }));
    }
    let fields = (0..COUNT).map(|index| required(&format!("f{index}"), "string"));
    let wide = flow("wide").api("start", fields).done("end", [("a", 1)]).build();
    let twins = (0..COUNT).map(|_| required("same", "string"));
    let twins = flow("twins").api("start", twins).done("end", [("a", 1)]).build();
    let world = World::new();
    let engine = world.engine(Registry::new().with(echo())).await;
    let judged = tokio::task::spawn_blocking(move || {
        let count = |document: &Value| engine.flows().validate(document).len();
        assert_eq!(count(&chain.done("end", [("a", 1)]).build()), 0);
        assert_eq!(count(&wide), 0);
        assert_eq!(count(&twins), COUNT - 1);
        assert_eq!(count(&typos.done("end", [("a", 1)]).build()), COUNT);
    });
    crate::world::soon(judged).await.unwrap();
}

#[tokio::test]
async fn a_document_is_stored_only_if_it_can_run() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let document = Arc::new(json!({ "name": "x", "definition": { "steps": [] } }));
    let refused = world.try_run(&engine, &document, json!({})).await;
    assert!(matches!(refused, Err(EngineError::InvalidDefinition(_))), "{refused:?}");
    assert!(!store.calls().contains(&"definition_store"));
}
