//! The names that triggers bring: known without a fault where one starts every run, possibly unset beside another.

use flow_model::Severity::Warning;
use serde_json::{Value, json};

use super::{MAYBE, NEVER, validated};

/// A document of these triggers, each of which leads to the first step.
fn document(triggers: &[(&str, Value)], steps: &[Value], uses: &[&str]) -> Value {
    let outputs: Vec<_> =
        uses.iter().map(|used| json!({ "name": "x", "output": format!("{{{{{used}}}}}") })).collect();
    let mut rest = steps.to_vec();
    rest.push(json!({ "id": "end", "type": "final", "data": { "outputs": outputs } }));
    for index in 0..rest.len() - 1 {
        rest[index]["nextStepId"] = rest[index + 1]["id"].clone();
    }
    let started = triggers.iter().enumerate().map(|(index, (kind, data))| {
        json!({ "id": format!("t{index}"), "type": kind, "data": data, "nextStepId": rest[0]["id"] })
    });
    let steps: Vec<_> = started.chain(rest.iter().cloned()).collect();
    json!({ "name": "flow", "definition": { "steps": steps }, "settings": {} })
}

const OF_MESSAGES: [&str; 5] =
    ["conversationId", "messages", "messageId", "responseMessageId", "attachments[0].name"];

#[test]
fn a_name_that_every_trigger_brings_is_set() {
    let fields = json!([{ "name": "a" }, { "name": "b", "type": "number" }]);
    let schema =
        json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "default": 1 } } });
    for (triggers, uses) in [
        (vec![("peer.message", json!({}))], OF_MESSAGES.to_vec()),
        (vec![("api", json!({ "fields": fields }))], vec!["a", "b.c", "inputs.z", "_trigger.data"]),
        (vec![("api", json!({ "schema": schema }))], vec!["a", "b.c", "inputs.z"]),
        (vec![("form", json!({ "title": "t", "fields": fields }))], vec!["a", "b.c", "inputs.a"]),
        (vec![("peer.action", json!({ "fields": fields }))], vec!["a", "b.c"]),
        (vec![("webhook.x", json!({ "schema": schema }))], vec!["_trigger.data.body.a", "inputs.a"]),
        (
            vec![("api", json!({ "schema": schema })), ("form", json!({ "title": "t", "fields": fields }))],
            vec!["a", "b"],
        ),
    ] {
        let found = validated(&document(&triggers, &[], &uses));
        assert_eq!(found, [], "{triggers:?}");
    }
}

#[test]
fn a_name_that_one_of_the_triggers_brings_may_be_unset() {
    let schema = json!({ "properties": { "a": {} } });
    let fields = json!([{ "name": "b" }]);
    let message = ("peer.message", json!({}));
    for (triggers, uses, by) in [
        (vec![message.clone(), ("api", json!({ "fields": fields }))], OF_MESSAGES.to_vec(), "`t1`"),
        (vec![message.clone(), ("webhook.x", json!({}))], OF_MESSAGES.to_vec(), "`t1`"),
        (vec![message.clone(), ("api", json!({}))], OF_MESSAGES.to_vec(), "`t1`"),
        (vec![("api", json!({ "schema": schema })), message], vec!["a"], "`t1`"),
        (
            vec![("webhook.x", json!({})), ("form", json!({ "title": "t", "fields": fields }))],
            vec!["b"],
            "`t0`",
        ),
    ] {
        let found = validated(&document(&triggers, &[], &uses));
        let told: Vec<_> = found.iter().map(|fault| (fault.severity, fault.code)).collect();
        assert_eq!(told, vec![(Warning, MAYBE); uses.len()], "{triggers:?} {found:#?}");
        for fault in &found {
            assert!(fault.message.contains(&format!("when {by} starts the run")), "{fault:?}");
        }
        let guarded: Vec<_> = uses
            .iter()
            .map(|used| format!("{} ?? 1", &used[..used.find('[').unwrap_or(used.len())]))
            .collect();
        let guarded: Vec<_> = guarded.iter().map(String::as_str).collect();
        assert_eq!(validated(&document(&triggers, &[], &guarded)), [], "{triggers:?}");
    }
}

/// A flow may give a name of a message another value later on: until then it has the message's.
#[test]
fn a_name_of_a_message_that_a_step_sets_too_is_set_before_it() {
    let keep = json!({ "id": "keep", "type": "set-variables", "data": { "variables": [
        { "name": "conversationId", "value": "{{conversationId}}-1" },
    ] } });
    let talk = [("peer.message", json!({}))];
    assert_eq!(validated(&document(&talk, std::slice::from_ref(&keep), &["conversationId"])), []);
    let api = [("api", json!({ "fields": [{ "name": "n" }] }))];
    let found = validated(&document(&api, &[keep], &["conversationId"]));
    assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), [NEVER]);
}

#[test]
fn what_no_trigger_brings_is_unknown() {
    for (kind, data, used) in [
        ("api", json!({ "fields": [{ "name": "n" }] }), "conversationId"),
        ("api", json!({ "schema": { "properties": { "a": {} } } }), "b"),
        ("webhook.x", json!({ "schema": { "properties": { "a": {} } } }), "a"),
        ("form", json!({ "title": "t", "fields": [{ "name": "a" }] }), "b"),
        ("peer.message", json!({}), "sessionId"),
    ] {
        let found = validated(&document(&[(kind, data)], &[], &[used]));
        assert_eq!(
            found.iter().map(|fault| fault.code).collect::<Vec<_>>(),
            ["unknown_name"],
            "{kind} {used}"
        );
    }
}
