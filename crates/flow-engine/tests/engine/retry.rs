//! Steps that are tried again: when, how often, after what, and with what.

use std::collections::HashSet;
use std::time::Duration;

use flow_engine::{Engine, Execute, Patience, RunView, StepError, Store};
use flow_model::{EventKind, RunId, RunStatus};
use flow_testkit::Fate;
use serde_json::{Value, json};

use crate::attempts::{Attempts, ever, network, retried};
use crate::world::{World, error, output, soon, steps};

/// Runs a document to its end as time passes.
async fn played(world: &World, document: &Value, attempts: &Attempts) -> RunView {
    let engine = world.engine(steps(&attempts.step)).await;
    let reply = world.as_time_passes(engine.execute(world.call(document, json!({})))).await.unwrap();
    assert!(reply.settled);
    reply.view
}

/// Each pause that the run's events tell of, in milliseconds.
async fn pauses(world: &World, run: RunId) -> Vec<u128> {
    let events = world.store.run_events(run, 0).await.unwrap();
    let pauses = events.iter().filter_map(|event| match &event.kind {
        EventKind::StepRetrying { due_at, .. } => Some(due_at.since(event.time).as_millis()),
        _ => None,
    });
    pauses.collect()
}

/// Starts a run, and returns it once it backs off.
pub(crate) async fn backing_off(world: &World, engine: &Engine, document: &Value) -> RunId {
    let call = Execute { patience: Patience::UntilStored, ..world.call(document, json!({})) };
    let run = soon(engine.execute(call)).await.unwrap().view.id();
    soon(async {
        while world.store.timer_next().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    run
}

#[tokio::test]
async fn attempts_come_as_often_and_as_late_as_the_settings_say() {
    let cases = [
        (json!({}), vec![0, 1_000, 3_000]),
        (json!({ "maxAttempts": 1 }), vec![0]),
        (
            json!({ "maxAttempts": 4, "backoff": "fixed", "initialDelayMs": 1_500 }),
            vec![0, 1_500, 3_000, 4_500],
        ),
        (
            json!({ "maxAttempts": 6, "initialDelayMs": 100, "maxDelayMs": 500 }),
            vec![0, 100, 300, 700, 1_200, 1_700],
        ),
        (json!({ "backoff": "fixed", "initialDelayMs": 90_000 }), vec![0, 60_000, 120_000]),
        (json!({ "initialDelayMs": 0 }), vec![0, 0, 0]),
        (json!({ "maxAttempts": 2, "initialDelayMs": 7, "jitter": false }), vec![0, 7]),
    ];
    for (retry, expected) in cases {
        let world = World::new();
        let attempts = Attempts::failing(&world, ever(), network());
        let view = played(&world, &retried(retry.clone()), &attempts).await;
        assert_eq!(attempts.millis(), expected, "{retry}");
        let error = error(&view);
        assert_eq!((error.code.as_str(), error.step_id.as_deref()), ("network", Some("one")));
        assert_eq!(error.attempt, Some(u32::try_from(expected.len()).unwrap()), "the last one's number");
        let names = world.store.run_events(view.id(), 0).await.unwrap();
        let mut names = names.iter().map(|event| event.kind.name()).collect::<Vec<_>>();
        let mut expected_names = vec!["run.started", "step.started"];
        expected.iter().skip(1).for_each(|_| expected_names.extend(["step.retrying", "timer.fired"]));
        expected_names.extend(["step.failed", "run.failed"]);
        assert_eq!(names.split_off(0), expected_names);
        assert_eq!(world.store.timer_next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_attempt_that_succeeds_is_the_last() {
    for failures in 0..3 {
        let world = World::new();
        let attempts = Attempts::failing(&world, failures, network());
        let view = played(&world, &retried(json!({ "initialDelayMs": 10 })), &attempts).await;
        assert_eq!(output(&view), json!({ "call": failures + 1 }));
        assert_eq!(view.state.visit("one").unwrap().attempt as usize, failures + 1);
    }
}

#[tokio::test]
async fn without_retry_there_is_one_attempt() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let mut document = retried(json!({}));
    document["definition"]["steps"][1].as_object_mut().unwrap().remove("retry");
    assert_eq!(error(&played(&world, &document, &attempts).await).attempt, Some(1));
    assert_eq!(attempts.millis(), [0]);
}

#[tokio::test]
async fn what_is_retried_goes_by_code_status_and_class() {
    let status = |status: u16| {
        let mut error = StepError::new("http_status", format!("the server answered {status}"));
        error.details = Some(Box::new(json!({ "status": status })));
        error
    };
    let code = |code: &str| StepError::new(code, "no");
    let cases: Vec<(Option<Value>, StepError, bool)> = vec![
        (None, code("timeout"), true),
        (None, code("network"), true),
        (None, status(429), true),
        (None, status(500), true),
        (None, status(599), true),
        (None, status(404), false),
        (None, status(428), false),
        (None, code("http_status"), false),
        (None, code("on_request"), false),
        (None, code("step_panicked"), false),
        (Some(json!(["on_request"])), code("on_request"), true),
        (Some(json!(["on_request"])), code("network"), false),
        (Some(json!([404])), status(404), true),
        (Some(json!(["404"])), status(404), true),
        (Some(json!(["4xx"])), status(499), true),
        (Some(json!(["4xx"])), status(500), false),
        (Some(json!(["http_status"])), status(418), true),
        (Some(json!([])), code("network"), false),
    ];
    for (retry_on, error, expected) in cases {
        let world = World::new();
        let attempts = Attempts::failing(&world, 1, error.clone());
        let mut retry = json!({ "maxAttempts": 2 });
        if let Some(retry_on) = &retry_on {
            retry["retryOn"] = retry_on.clone();
        }
        let view = played(&world, &retried(retry), &attempts).await;
        assert_eq!(view.status() == RunStatus::Completed, expected, "{retry_on:?} {error:?}");
        assert_eq!(attempts.millis().len(), 1 + usize::from(expected));
    }
}

#[tokio::test]
async fn the_other_side_can_ask_for_a_longer_pause_and_for_no_shorter_one() {
    const DAY: u128 = 24 * 3600 * 1000;
    let cases = [(Duration::from_secs(30), 30_000), (Duration::from_millis(10), 1_000), (Duration::MAX, DAY)];
    for (asked, expected) in cases {
        let world = World::new();
        let mut failure = network();
        failure.retry_after = Some(asked);
        let attempts = Attempts::failing(&world, 1, failure);
        let engine = world.engine(steps(&attempts.step)).await;
        let run = backing_off(&world, &engine, &retried(json!({ "maxDelayMs": 2_000 }))).await;
        assert_eq!(pauses(&world, run).await, [expected]);
        world.clock.advance(Duration::from_millis(u64::try_from(expected).unwrap() - 1));
        assert_eq!(attempts.millis(), [0]);
        assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "call": 2 }));
        assert_eq!(attempts.millis().iter().map(|at| u128::from(*at)).collect::<Vec<_>>(), [0, expected]);
    }
}

#[tokio::test]
async fn jitter_shortens_pauses_by_half_at_the_most_and_spreads_them() {
    let retry = json!({ "maxAttempts": 3, "initialDelayMs": 1_000, "jitter": true });
    let mut seen = HashSet::new();
    for _ in 0..5 {
        let world = World::new();
        let attempts = Attempts::failing(&world, ever(), network());
        let engine = world.engine(steps(&attempts.step)).await;
        for _ in 0..4 {
            let call = world.call(&retried(retry.clone()), json!({}));
            let run = world.as_time_passes(engine.execute(call)).await.unwrap().view.id();
            let pauses = pauses(&world, run).await;
            assert_eq!(pauses.len(), 2);
            assert!((500..=1_000).contains(&pauses[0]) && (1_000..=2_000).contains(&pauses[1]), "{pauses:?}");
            seen.insert(pauses);
        }
    }
    assert!(seen.len() > 3, "many runs don't try at once: {seen:?}");
}

#[tokio::test]
async fn jitter_is_the_same_when_the_decision_is_made_again_after_a_crash() {
    let world = World::new();
    let attempts = Attempts::failing(&world, ever(), network());
    let (engine, dying) = world.faulty_engine(steps(&attempts.step)).await;
    dying.set_rule(|call| if call.name == "run_append" { Fate::Die } else { Fate::Pass });
    let document = retried(
        json!({ "maxAttempts": 2, "initialDelayMs": 1_000_000, "maxDelayMs": 1_000_000, "jitter": true }),
    );
    let call = tokio::spawn({
        let (engine, call) = (engine.clone(), world.call(&document, json!({})));
        async move { engine.execute(call).await }
    });
    soon(dying.until_dead()).await;
    call.abort();
    let commits = dying.commits();
    let lost = &commits.last().unwrap().events[0];
    let EventKind::StepRetrying { due_at, .. } = &lost.kind else { panic!("{lost:?}") };
    let lost = due_at.since(lost.time).as_millis();

    world.clock.advance(crate::world::LEASE);
    let run = commits[0].run;
    let next = world.engine(steps(&attempts.step)).await;
    world.until_ended(&next, run).await;
    assert_eq!(pauses(&world, run).await, [lost]);
}

#[tokio::test]
async fn every_attempt_is_sent_the_same_under_the_same_key() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 2, network());
    let document = flow_testkit::documents::flow("same")
        .api("start", [])
        .step("one", "work", json!({ "at": "{{currentDate}}", "id": "{{flow.executionId}}" }))
        .with("retry", json!({}))
        .done("end", [("call", "{{one.call}}")])
        .build();
    let view = played(&world, &document, &attempts).await;
    let calls = attempts.step.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| *call == calls[0]), "{calls:?}");
    assert_eq!(calls[0].execution.to_string(), format!("{}:one", view.id()));
}

#[tokio::test]
async fn a_step_without_effect_is_retried_too() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 2, network());
    let pure = flow_engine::Registry::new().with(attempts.step.clone().pure());
    let engine = world.engine(pure).await;
    let call = world.call(&retried(json!({})), json!({}));
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "call": 3 }));
    assert_eq!(attempts.millis(), [0, 1_000, 3_000]);
}

#[tokio::test]
async fn a_caller_waits_through_a_pause_as_long_as_its_patience_lasts() {
    let world = World::new();
    let attempts = Attempts::failing(&world, 1, network());
    let engine = world.engine(steps(&attempts.step)).await;
    let patience = Patience::UpTo(Duration::from_millis(999));
    let call = Execute { patience, ..world.call(&retried(json!({})), json!({})) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert!(!reply.settled);
    assert_eq!(reply.view.status(), RunStatus::Running, "a pause isn't a wait for someone");
    assert_eq!(output(&world.until_ended(&engine, reply.view.id()).await), json!({ "call": 2 }));
}
