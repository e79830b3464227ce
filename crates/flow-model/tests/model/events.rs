//! Events as they are stored.

use flow_model::{EventKind, RunEvent, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::strategies::{any_json, event};

proptest! {
    #[test]
    fn an_event_survives_its_json(kind in event(), seq in any::<u64>(), time in any::<i64>()) {
        let event = RunEvent { seq, time: Timestamp::from_millis(time), kind };
        let text = serde_json::to_string(&event).unwrap();
        prop_assert_eq!(serde_json::from_str::<RunEvent>(&text).unwrap(), event.clone());
        let value = serde_json::to_value(&event).unwrap();
        // Clients are told of a container's end as of any step's.
        let name = match event.kind {
            EventKind::ContainerCompleted { .. } => "container.completed",
            _ => event.kind.name(),
        };
        prop_assert!(value["kind"].get(name).is_some(), "the stored form names the event: {}", value);
        prop_assert_eq!(serde_json::from_value::<RunEvent>(value).unwrap(), event);
    }

    #[test]
    fn any_json_is_an_event_or_an_error(value in any_json()) {
        let _ = serde_json::from_value::<RunEvent>(value.clone());
        let _ = serde_json::from_value::<EventKind>(json!({ "step.completed": value }));
    }
}

#[test]
fn the_stored_form_stays_as_it_is() {
    // What is stored is read for ever: a change here needs a new event schema.
    let stored = [
        json!({ "run.started": {
            "trigger": { "step": "start", "type": "api", "data": {} }, "inputs": { "a": 1 },
            "currentUser": {}, "seed": 18_446_744_073_709_551_615_u64, "next": "a",
        } }),
        json!({ "step.started": { "visit": "a" } }),
        json!({ "step.started": { "visit": "a", "input": null } }),
        json!({ "step.completed": { "visit": "a", "output": null, "binding": { "whole": "a" }, "next": "b" } }),
        json!({ "step.completed": { "visit": "a", "output": { "x": 1 }, "binding": { "members": "a" } } }),
        json!({ "step.completed": { "visit": "a", "output": [] } }),
        json!({ "step.failed": { "visit": "a", "error": {
            "code": "c", "message": "m", "stepId": "a", "stepName": "A", "attempt": 1, "httpStatus": 422,
            "details": null,
        } } }),
        json!({ "step.failed": { "visit": "a", "error": { "code": "c", "message": "m" }, "handling": { "continue": { "whole": "a" } }, "next": "b" } }),
        json!({ "step.failed": { "visit": "a", "error": { "code": "c", "message": "m" }, "handling": "step" } }),
        json!({ "step.failed": { "visit": "a", "error": { "code": "c", "message": "m" }, "handling": "flow", "next": "b" } }),
        json!({ "step.retrying": { "visit": "a", "error": { "code": "c", "message": "m" }, "dueAt": 5 } }),
        json!({ "timer.fired": { "visit": "a" } }),
        json!({ "step.skipped": { "visit": "a" } }),
        json!({ "step.skipped": { "visit": "a", "binding": { "whole": "a" }, "next": "b" } }),
        json!({ "wait.opened": { "visit": "a", "wait": {
            "request": { "user-approval": { "message": "m", "approvers": ["Ada"] } }, "expiresAt": 5,
        } } }),
        json!({ "wait.opened": { "visit": "a", "wait": {
            "request": { "client-tool": { "toolName": "t", "args": {} } },
        } } }),
        json!({ "wait.resolved": { "visit": "a", "resolvedAt": 1, "resolution": {
            "decided": { "decision": "approve", "message": "m", "decidedBy": "Ada" },
        } } }),
        json!({ "wait.resolved": { "visit": "a", "resolvedAt": 1, "resolution": {
            "tool-succeeded": { "output": 1 },
        } } }),
        json!({ "wait.resolved": { "visit": "a", "resolvedAt": 1, "resolution": {
            "tool-failed": { "error": "e" },
        } } }),
        json!({ "wait.opened": { "visit": "a", "wait": {
            "request": { "show-form": { "title": "t", "description": "d", "fields": [] } },
        } } }),
        json!({ "wait.opened": { "visit": "a", "wait": { "request": { "show-form": { "title": "t", "fields": [] } } } } }),
        json!({ "wait.opened": { "visit": "a", "wait": { "request": { "wait": {} }, "expiresAt": 5 } } }),
        json!({ "wait.resolved": { "visit": "a", "resolvedAt": 1, "resolution": { "submitted": { "data": {} } } } }),
        json!({ "wait.resolved": { "visit": "a", "resolvedAt": 1, "resolution": "expired" } }),
        json!({ "run.completed": { "outputOf": "a" } }),
        json!({ "run.failed": { "error": { "code": "c", "message": "m" } } }),
        json!({ "run.cancelled": {} }),
    ];
    for value in stored {
        let read: EventKind = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), value);
    }
}
