//! What the events of a run say in the log of its flow.

use std::sync::Arc;

use flow_model::{
    EventKind, Handling, LogEntry, LogLevel, LogLine, RunError, RunEvent, Timestamp, VisitPath,
    json_beginning,
};
use serde_json::{Value, json};

fn entries(kind: EventKind) -> Vec<(LogLevel, Option<String>, String, Option<Value>)> {
    let entries = LogEntry::of(&RunEvent { seq: 7, time: Timestamp::from_millis(0), kind });
    assert!(entries.iter().zip(0..).all(|(entry, line)| (entry.seq, entry.line) == (7, line)));
    let parts =
        |entry: LogEntry| (entry.level, entry.step, entry.message, entry.data.map(|data| (*data).clone()));
    entries.into_iter().map(parts).collect()
}

fn visit() -> VisitPath {
    VisitPath::from_stored("orders[3]/call")
}

fn step() -> Option<String> {
    Some("call".to_owned())
}

fn failure() -> RunError {
    let details = json!({ "status": 503, "body": "x".repeat(5_000) });
    RunError {
        attempt: Some(2),
        details: Some(details.into()),
        ..RunError::new("http_status", "it answered 503")
    }
}

#[test]
fn a_failure_brings_the_beginning_of_the_answer() {
    let cut = json_beginning(failure().details.as_deref().unwrap(), 4_096).unwrap();
    assert_eq!((cut.len(), cut.starts_with(r#"{"status":503,"body":"xxx"#)), (4_096, true));
    let data = Some(json!({ "code": "http_status", "attempt": 2, "details": cut }));
    let failed = |handling| EventKind::StepFailed { visit: visit(), error: failure(), handling, next: None };
    let message = "it answered 503".to_owned();
    for (handling, level) in [(Handling::Nobody, LogLevel::Error), (Handling::Step, LogLevel::Warn)] {
        assert_eq!(entries(failed(handling)), [(level, step(), message.clone(), data.clone())]);
    }
    let due_at = Timestamp::from_millis(1_000);
    let retrying = EventKind::StepRetrying { visit: visit(), error: failure(), due_at };
    let message = "it failed, and is tried again at 1970-01-01T00:00:01.000Z: it answered 503".to_owned();
    assert_eq!(entries(retrying), [(LogLevel::Warn, step(), message, data)]);
}

#[test]
fn a_failed_run_has_an_entry_of_its_own_when_no_step_failed() {
    let timeout = EventKind::RunFailed { error: RunError::new("run_timeout", "too long") };
    let data = Some(json!({ "code": "run_timeout" }));
    assert_eq!(entries(timeout), [(LogLevel::Error, None, "too long".to_owned(), data)]);
    let error = RunError { step_id: step(), ..RunError::new("http_status", "told already") };
    assert_eq!(entries(EventKind::RunFailed { error }), []);
}

#[test]
fn lines_are_cut_between_characters_and_hold_no_nul() {
    let line = |message: String, data: Option<Value>| LogLine {
        level: LogLevel::Debug,
        message,
        data: data.map(Arc::new),
    };
    let lines = vec![
        line(format!("a{}", "é".repeat(3_000)), None),
        line("nul \0".to_owned(), Some(json!({ "nul": "\0" }))),
    ];
    let found = entries(EventKind::StepLogged { visit: visit(), lines });
    assert_eq!(found[0], (LogLevel::Debug, step(), format!("a{}", "é".repeat(2_047)), None));
    assert_eq!(found[1], (LogLevel::Debug, step(), "nul \u{fffd}".to_owned(), Some(json!({ "nul": "\0" }))));
}
