//! Where a secret may be written, and how.

use flow_model::Fault;
use serde_json::{Value, json};

use super::{document, sender, sending};
use crate::world::{World, echo, steps};

async fn faults(document: &Value) -> Vec<Fault> {
    let world = World::new();
    let engine = world.engine(steps(&sender())).await;
    engine.flows().validate(document)
}

async fn codes(document: &Value) -> Vec<(String, &'static str)> {
    faults(document).await.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[tokio::test]
async fn a_secret_stands_by_itself_in_the_fields_that_take_one() {
    for text in [
        "{{secrets.KEY}}",
        "{{ secrets.KEY }}",
        "a {{secrets._k1}}{{secrets.B}} b",
        "{{secrets['KEY']}}",
        "{{ secrets[ \"KEY\" ] }}",
        "{{x ?? 1}} {{secrets.KEY}}",
        "\\{{secrets.KEY}}",
    ] {
        assert_eq!(codes(&sending(json!({ "url": text, "body": [{ "deep": text }] }))).await, [], "{text}");
    }
}

#[tokio::test]
async fn inside_of_an_expression_it_is_a_fault() {
    for text in [
        "{{secrets.KEY + ''}}",
        "{{'Bearer ' + secrets.KEY}}",
        "{{base64(secrets.KEY)}}",
        "{{`${secrets.KEY}`}}",
        "{{secrets}}",
        "{{secrets[x]}}",
        "{{secrets['a' + 'b']}}",
        "{{secrets?.KEY}}",
        "{{secrets.KEY.length}}",
        "{{secrets.KEY ?? x}}",
        "{{(secrets.KEY)}}",
        "{{[secrets.KEY]}}",
        "{{secrets/**/.KEY}}",
        "{{['a'].map(a => secrets.KEY)}}",
        "{{secrets.KEY}} {{secrets}}",
    ] {
        let found = faults(&sending(json!({ "url": text }))).await;
        let [fault] = &found[..] else { panic!("{text}: {found:?}") };
        assert_eq!(
            (&*fault.pointer, fault.code),
            ("/definition/steps/1/data/url", "secret_not_allowed"),
            "{text}"
        );
        assert!(fault.message.contains("`{{secrets.NAME}}`"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_name_that_no_secret_can_have_is_a_fault() {
    for text in
        ["{{secrets.ü}}", "{{secrets.$a}}", "{{secrets['my-key']}}", "{{secrets['']}}", "{{secrets['1a']}}"]
    {
        let found = faults(&sending(json!({ "body": { "a": text } }))).await;
        let [fault] = &found[..] else { panic!("{text}: {found:?}") };
        assert_eq!(
            (&*fault.pointer, fault.code),
            ("/definition/steps/1/data/body/a", "invalid_name"),
            "{text}"
        );
        assert!(fault.message.contains("secret name"), "{fault:?}");
    }
}

#[tokio::test]
async fn anywhere_else_it_is_a_fault_that_says_where_it_may_stand() {
    let key = "{{secrets.KEY}}";
    for (kind, data, pointer) in [
        ("work", json!({ "plain": key }), "/data/plain"),
        ("work", json!({ "bodyType": key }), "/data/bodyType"),
        ("set-variables", json!({ "variables": [{ "name": "a", "value": key }] }), "/data/variables/0/value"),
        ("transform", json!({ "expression": "secrets.KEY" }), "/data/expression"),
        (
            "condition",
            json!({ "branches": [{ "condition": "secrets.KEY == 1" }] }),
            "/data/branches/0/condition",
        ),
        ("log", json!({ "message": key }), "/data/message"),
        ("nodejs", json!({ "code": "return 1", "inputs": { "a": key } }), "/data/inputs/a"),
        ("nodejs", json!({ "code": "return secrets.KEY" }), "/data/code"),
        ("fail", json!({ "message": key }), "/data/message"),
        ("wait", json!({ "event": { "name": key } }), "/data/event/name"),
        ("user-approval", json!({ "message": key }), "/data/message"),
    ] {
        let document = document(|flow| {
            flow.step("it", kind, data.clone()).with("nextStepId", "end").done("end", [("a", 1)])
        });
        let found = faults(&document).await;
        let [fault] = &found[..] else { panic!("{kind} {data}: {found:?}") };
        let at = format!("/definition/steps/1{pointer}");
        assert_eq!((&fault.pointer, fault.code), (&at, "secret_not_allowed"), "{kind} {data}");
        assert!(fault.message.contains("`url`, `body` of `work`, as `{{secrets.NAME}}`"), "{fault:?}");
    }
}

#[tokio::test]
async fn neither_when_nor_outputs_nor_the_flows_settings_take_one() {
    let mut document = document(|flow| {
        flow.step("send", "work", json!({ "url": "{{secrets.KEY}}" }))
            .with("when", "secrets.KEY")
            .done("end", [("a", "{{secrets.KEY}}")])
    });
    document["settings"] = json!({ "concurrency": { "limit": 1, "key": "{{secrets.KEY}}" } });
    let mut found = codes(&document).await;
    found.sort();
    let expected = [
        "/definition/steps/1/when",
        "/definition/steps/2/data/outputs/0/output",
        "/settings/concurrency/key",
    ];
    assert_eq!(found, expected.map(|pointer| (pointer.to_owned(), "secret_not_allowed")));
}

#[tokio::test]
async fn keys_are_no_templates() {
    let document = sending(json!({ "body": { "{{secrets.KEY}}": "{{secrets.KEY}}" } }));
    assert_eq!(codes(&document).await, []);
}

#[tokio::test]
async fn without_a_step_that_takes_secrets_none_may_stand_anywhere() {
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let found = engine.flows().validate(&sending(json!({ "url": "{{secrets.KEY}}" })));
    assert_eq!(found[0].code, "secret_not_allowed");
    assert!(found[0].message.contains("no type of step takes any"), "{found:?}");
}
