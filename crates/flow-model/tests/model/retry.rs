//! How often a failing step is tried, and when again.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{Document, Faults, OnError, Retry, RunError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strategies::any_json;

fn step(step: Value) -> (Document, Vec<String>) {
    let mut written = json!({ "id": "a", "type": "log" });
    written.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
    read(json!({ "name": "f", "definition": { "steps": [written] } }))
}

fn read(document: Value) -> (Document, Vec<String>) {
    let faults = Faults::new();
    let read = Document::read(&document, &faults);
    let faults = faults.into_vec();
    (read, faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect())
}

fn retry(written: Value) -> Retry {
    let (document, faults) = step(json!({ "retry": written }));
    assert_eq!(faults, Vec::<String>::new());
    document.steps[0].retry.clone().unwrap()
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn the_settings_of_a_step_are_read_whole() {
    let (document, faults) = step(json!({
        "retry": { "maxAttempts": 5, "initialDelayMs": 20, "backoff": "fixed", "maxDelayMs": 30, "jitter": true,
                   "retryOn": ["a", 429, "5xx"] },
        "timeoutMs": 1_500, "onError": { "stepId": "b" }, "when": "x > 1", "disabled": true, "pinnedOutput": [1],
    }));
    assert_eq!(faults, Vec::<String>::new());
    let read = &document.steps[0];
    let expected = Retry {
        max_attempts: 5,
        initial_delay: millis(20),
        exponential: false,
        max_delay: millis(30),
        jitter: true,
        retry_on: ["a", "429", "5xx"].map(str::to_owned).to_vec(),
    };
    assert_eq!(read.retry, Some(expected));
    assert_eq!(read.timeout, Some(millis(1_500)));
    assert_eq!(read.on_error, OnError::GoTo("b".parse().unwrap()));
    assert_eq!((read.when.as_deref(), read.disabled), (Some("x > 1"), true));
    assert_eq!(read.pinned_output, Some(json!([1])));
}

#[test]
fn what_isnt_given_has_its_default() {
    let (document, _) =
        step(json!({ "retry": null, "timeoutMs": null, "onError": null, "pinnedOutput": null }));
    let read = &document.steps[0];
    assert_eq!((&read.retry, read.timeout, &read.on_error), (&None, None, &OnError::Fail));
    assert_eq!((&read.when, read.disabled, &read.pinned_output), (&None, false, &None));
    let expected = Retry {
        max_attempts: 3,
        initial_delay: millis(1_000),
        exponential: true,
        max_delay: millis(60_000),
        jitter: false,
        retry_on: ["timeout", "network", "secrets_unavailable", "files_unavailable", "429", "5xx"]
            .map(str::to_owned)
            .to_vec(),
    };
    assert_eq!(retry(json!({})), expected);
    assert_eq!(step(json!({ "onError": "continue" })).0.steps[0].on_error, OnError::Continue);
    assert_eq!(step(json!({ "onError": "fail" })).0.steps[0].on_error, OnError::Fail);
}

#[test]
fn the_settings_of_a_flow_are_read() {
    let settings = |settings: Value| {
        let (document, faults) =
            read(json!({ "name": "f", "definition": { "steps": [] }, "settings": settings }));
        (document.settings, faults)
    };
    let (read, faults) = settings(json!({ "timeoutMs": 5, "onError": { "stepId": "b" } }));
    assert_eq!((read.timeout, read.on_error), (Some(millis(5)), Some("b".parse().unwrap())));
    assert_eq!(faults, Vec::<String>::new());
    let (read, faults) = settings(json!({ "onError": {} }));
    assert_eq!((read.on_error, faults), (None, vec!["/settings/onError/stepId required".to_owned()]));
}

#[test]
fn pauses_double_up_to_the_longest() {
    let exponential = retry(json!({ "initialDelayMs": 100, "maxDelayMs": 1_000 }));
    let pauses: Vec<_> = (1..=6).map(|attempt| exponential.delay(attempt, 7).as_millis()).collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
    let fixed = retry(json!({ "initialDelayMs": 100, "backoff": "fixed" }));
    assert!((1..=6).all(|attempt| fixed.delay(attempt, 7) == millis(100)));
    let capped = retry(json!({ "initialDelayMs": 100, "maxDelayMs": 50, "backoff": "fixed" }));
    assert_eq!(capped.delay(1, 7), millis(50));
}

#[test]
fn another_attempt_follows_while_there_is_one_and_the_error_is_worth_it() {
    let retry = retry(json!({ "maxAttempts": 3, "retryOn": ["timeout", "429", "5xx"] }));
    let error = |code: &str, details: Option<Value>| RunError {
        details: details.map(Arc::new),
        ..RunError::new(code, "m")
    };
    let timeout = error("timeout", None);
    assert_eq!(
        [1, 2, 3, 4, u32::MAX].map(|attempt| retry.follows(attempt, &timeout)),
        [true, true, false, false, false]
    );
    let worth = |error: &RunError| retry.follows(1, error);
    for status in [429, 500, 503, 599] {
        assert!(worth(&error("http_status", Some(json!({ "status": status })))), "{status}");
    }
    assert!(worth(&error("broke_off", Some(json!({ "class": "timeout" })))));
    for details in [
        None,
        Some(json!({ "class": "network" })),
        Some(json!({ "status": 404 })),
        Some(json!({ "status": "429" })),
        Some(json!(429)),
        Some(json!({ "status": 4290 })),
    ] {
        assert!(!worth(&error("http_status", details.clone())), "{details:?}");
    }
    assert!(!worth(&error("Timeout", None)));
}

proptest! {
    #[test]
    fn a_pause_is_within_its_bounds(
        attempt in any::<u32>(),
        chance in any::<u64>(),
        initial in 0_u64..=86_400_000,
        longest in 0_u64..=86_400_000,
        exponential in any::<bool>(),
    ) {
        let backoff = if exponential { "exponential" } else { "fixed" };
        let written = |jitter: bool| json!({
            "initialDelayMs": initial, "maxDelayMs": longest, "backoff": backoff, "jitter": jitter,
        });
        let exact = retry(written(false)).delay(attempt, chance);
        prop_assert!(exact <= millis(longest));
        prop_assert!(exact == millis(longest) || exact >= millis(initial));
        prop_assert!(exact <= retry(written(false)).delay(attempt.saturating_add(1), chance));
        let shortened = retry(written(true)).delay(attempt, chance);
        prop_assert!(shortened <= exact && shortened * 2 >= exact, "{shortened:?} of {exact:?}");
    }

    #[test]
    fn any_settings_are_judged(key in "retry|timeoutMs|onError|when|disabled|pinnedOutput", value in any_json()) {
        let (document, faults) = step(json!({ key.clone(): value.clone() }));
        prop_assert_eq!(document.steps.len(), 1, "a wrong setting hides no step");
        prop_assert!(faults.iter().all(|fault| fault.starts_with(&format!("/definition/steps/0/{key}"))), "{faults:?}");
        let settings = json!({ key: value });
        read(json!({ "name": "f", "definition": { "steps": [] }, "settings": settings }));
    }
}
