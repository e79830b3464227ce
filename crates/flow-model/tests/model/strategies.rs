//! Random values of the model.

use std::sync::Arc;

use flow_model::{
    Binding, Charged, Credits, Decision, EventId, EventKind, Fold, Handling, LogLevel, LogLine, ModelPrice,
    Resolution, RunEnd, RunError, RunId, RunStart, Timestamp, Trigger, VisitPath, Wait, WaitRequest,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any JSON value, null and odd numbers and texts included.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has none", |number| number.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|rows| Value::Object(rows.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn shared() -> impl Strategy<Value = Arc<Value>> {
    any_json().prop_map(Arc::new)
}

/// One of a few visits, so that events of one sequence meet.
pub(crate) fn visit() -> impl Strategy<Value = VisitPath> {
    let inside = ["a[0]/x", "a[0]/y", "a[1]/x", "b:left/x", "b:left/x#0/z", "b:right/x", "orders[17]/call"];
    let visits = [&["a", "b", "c", "a", "b"][..], &inside].concat();
    prop::sample::select(visits).prop_map(VisitPath::from_stored)
}

/// Scopes that are entered: those that can be together, and odd ones.
fn entered() -> impl Strategy<Value = EventKind> {
    let sound = prop::sample::select(vec![
        ("a", vec!["a[0]/x"]),
        ("a", vec!["a[1]/x"]),
        ("a", vec!["a[0]/x", "a[1]/x"]),
        ("b", vec!["b:left/x", "b:right/x"]),
        ("b", vec!["b:left/x"]),
        ("b:left/x", vec!["b:left/x#0/z"]),
    ]);
    let sound = sound.prop_map(|(visit, next)| {
        (VisitPath::from_stored(visit), next.into_iter().map(VisitPath::from_stored).collect())
    });
    let odd = (visit(), proptest::collection::vec(visit(), 0..3));
    (prop_oneof![6 => sound, 1 => odd], any::<bool>())
        .prop_map(|((visit, next), isolated)| EventKind::ScopeEntered { visit, next, isolated })
}

fn fold() -> impl Strategy<Value = Fold> {
    prop_oneof![
        Just(Fold::Items),
        proptest::option::of(error()).prop_map(|stopped| Fold::Passes { stopped }),
        Just(Fold::Branches),
        Just(Fold::Settled),
    ]
}

fn error() -> impl Strategy<Value = RunError> {
    let details = proptest::option::of(shared());
    (any::<String>(), proptest::option::of(any::<String>()), proptest::option::of(any::<u16>()), details)
        .prop_map(|(message, step_id, http_status, details)| RunError {
            step_id: step_id.clone(),
            step_name: step_id,
            attempt: http_status.map(u32::from),
            http_status,
            details,
            ..RunError::new("code", message)
        })
}

fn wait() -> impl Strategy<Value = Wait> {
    let request = prop_oneof![
        (any::<String>(), proptest::collection::vec(any::<String>(), 0..3))
            .prop_map(|(message, approvers)| WaitRequest::UserApproval { message, approvers }),
        (any::<String>(), shared()).prop_map(|(tool_name, args)| WaitRequest::ClientTool { tool_name, args }),
        (any::<String>(), proptest::option::of(any::<String>()), shared())
            .prop_map(|(title, description, fields)| WaitRequest::ShowForm { title, description, fields }),
        Just(WaitRequest::Wait {}),
        any::<[u8; 16]>().prop_map(|id| WaitRequest::RunFlow { run: RunId::from_bytes(id) }),
        (any::<String>(), proptest::option::of(any::<String>()))
            .prop_map(|(name, key)| WaitRequest::Event { name, key }),
    ];
    let expires_at = proptest::option::of(any::<i64>().prop_map(Timestamp::from_millis));
    (request, expires_at).prop_map(|(request, expires_at)| Wait { request, expires_at })
}

fn resolution() -> impl Strategy<Value = Resolution> {
    let text = || proptest::option::of(any::<String>());
    prop_oneof![
        (any::<bool>(), text(), text()).prop_map(|(approves, message, decided_by)| Resolution::Decided {
            decision: if approves { Decision::Approve } else { Decision::Reject },
            message,
            decided_by,
        }),
        shared().prop_map(|output| Resolution::ToolSucceeded { output }),
        any::<String>().prop_map(|error| Resolution::ToolFailed { error }),
        shared().prop_map(|data| Resolution::Submitted { data }),
        (any::<[u8; 16]>(), shared())
            .prop_map(|(event, data)| Resolution::EventReceived { event: EventId::from_bytes(event), data }),
        Just(Resolution::Expired),
        (any::<[u8; 16]>(), run_end())
            .prop_map(|(id, end)| Resolution::ChildEnded { run: RunId::from_bytes(id), end }),
    ]
}

fn run_end() -> impl Strategy<Value = RunEnd> {
    prop_oneof![
        shared().prop_map(|output| RunEnd::Completed { output }),
        error().prop_map(|error| RunEnd::Failed { error }),
        Just(RunEnd::Cancelled),
    ]
}

fn binding() -> impl Strategy<Value = Binding> {
    let name = || "[a-z_$][a-z0-9_$]{0,3}x".prop_map(|name| name.parse().unwrap());
    prop_oneof![Just(Binding::None), name().prop_map(Binding::Whole), name().prop_map(Binding::Members)]
}

fn start() -> impl Strategy<Value = EventKind> {
    (shared(), any::<u64>(), proptest::option::of(visit())).prop_map(|(inputs, seed, next)| {
        EventKind::RunStarted(Box::new(RunStart {
            trigger: Trigger { step: "start".parse().unwrap(), kind: "api".into(), data: inputs.clone() },
            inputs,
            current_user: Arc::new(json!({})),
            seed,
            next,
        }))
    })
}

fn handling() -> impl Strategy<Value = Handling> {
    prop_oneof![
        Just(Handling::Nobody),
        binding().prop_map(Handling::Continue),
        Just(Handling::Step),
        Just(Handling::Flow),
    ]
}

fn line() -> impl Strategy<Value = LogLine> {
    let levels = vec![LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    (proptest::sample::select(levels), ".*").prop_map(|(level, message)| LogLine {
        level,
        message,
        data: None,
    })
}

/// Any event, the frequent ones more often.
pub(crate) fn event() -> impl Strategy<Value = EventKind> {
    let time = || any::<i64>().prop_map(Timestamp::from_millis);
    prop_oneof![
        2 => start(),
        4 => (visit(), proptest::option::of(shared()))
            .prop_map(|(visit, input)| EventKind::StepStarted { visit, input }),
        4 => (visit(), shared(), binding(), proptest::option::of(visit()))
            .prop_map(|(visit, output, binding, next)| EventKind::StepCompleted { visit, output, binding, next }),
        4 => entered(),
        1 => (visit(), fold(), binding(), proptest::option::of(visit()))
            .prop_map(|(visit, fold, binding, next)| EventKind::ContainerCompleted { visit, fold, binding, next }),
        2 => (visit(), error(), handling(), proptest::option::of(visit()))
            .prop_map(|(visit, error, handling, next)| EventKind::StepFailed { visit, error, handling, next }),
        1 => (visit(), error(), time())
            .prop_map(|(visit, error, due_at)| EventKind::StepRetrying { visit, error, due_at }),
        1 => visit().prop_map(|visit| EventKind::TimerFired { visit }),
        1 => (visit(), proptest::collection::vec(line(), 1..3))
            .prop_map(|(visit, lines)| EventKind::StepLogged { visit, lines }),
        1 => (visit(), 0_u64..9, "[a-c]").prop_map(|(visit, millionths, model)| {
            let price = Credits::from_millionths(millionths);
            let tokens = ModelPrice { input_per_1k: price, output_per_1k: price };
            let charged = match millionths % 2 {
                0 => Charged::Step { price },
                _ => Charged::Model { model: model.into(), input_tokens: 1, output_tokens: 2, price: tokens },
            };
            EventKind::StepCharged { visit, credits: price, charged }
        }),
        1 => (visit(), binding(), proptest::option::of(visit()))
            .prop_map(|(visit, binding, next)| EventKind::StepSkipped { visit, binding, next }),
        2 => (visit(), wait()).prop_map(|(visit, wait)| EventKind::WaitOpened { visit, wait }),
        2 => (visit(), resolution(), time()).prop_map(|(visit, resolution, resolved_at)| {
            EventKind::WaitResolved { visit, resolution, resolved_at }
        }),
        2 => (visit(), any::<[u8; 16]>(), any::<bool>()).prop_map(|(visit, id, waits)| {
            EventKind::ChildStarted { visit, run: RunId::from_bytes(id), waits }
        }),
        2 => (visit(), any::<[u8; 16]>(), run_end(), time()).prop_map(|(visit, id, end, ended_at)| {
            EventKind::ChildFinished { visit, run: RunId::from_bytes(id), end, ended_at }
        }),
        1 => proptest::option::of(visit()).prop_map(|output_of| EventKind::RunCompleted { output_of }),
        1 => error().prop_map(|error| EventKind::RunFailed { error }),
        1 => Just(EventKind::RunCancelled {}),
    ]
}
