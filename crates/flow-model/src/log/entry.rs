//! What the events of a run say to whoever reads the log of its flow.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::LogLevel;
use crate::{EventKind, RunError, RunEvent, Timestamp, json_beginning};

/// How much of a text, and of the JSON of what goes with it, an entry holds, in bytes. The event has all of it.
const MOST_BYTES: usize = 4 << 10;

/// A row of a flow's log: lines that steps wrote, attempts that are made again, failures.
///
/// It is made of a run's event and of nothing else, so that a log can always be made anew.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// When it happened.
    pub time: Timestamp,
    /// The number of the event.
    pub seq: u64,
    /// Which of that event's entries it is, from 0.
    pub line: u32,
    /// How much it matters.
    pub level: LogLevel,
    /// The step that it is about; none for the run as a whole.
    pub step: Option<String>,
    /// The text, cut after 4 KiB. Without NUL, which no database takes.
    pub message: String,
    /// What goes with it: that of a line, or `{code, attempt?, details?}` of a failure. Where the JSON of a line's data
    /// or of the details has more than 4 KiB, a string with the beginning of it.
    pub data: Option<Arc<Value>>,
}

impl LogEntry {
    /// The entries of an event; none for most.
    pub fn of(event: &RunEvent) -> Vec<Self> {
        let step = || event.kind.visit().map(|visit| visit.step().to_owned());
        let entry = |(line, (level, message, data)): (u32, (LogLevel, &str, Option<Arc<Value>>))| Self {
            time: event.time,
            seq: event.seq,
            line,
            level,
            step: step(),
            message: beginning(message).replace('\0', "\u{fffd}"),
            data,
        };
        let one = |level, message: &str, error| vec![entry((0, (level, message, Some(about(error)))))];
        match &event.kind {
            EventKind::StepLogged { lines, .. } => {
                let lines =
                    lines.iter().map(|line| (line.level, line.message.as_str(), line.data.clone().map(cut)));
                (0..).zip(lines).map(entry).collect()
            }
            EventKind::StepRetrying { error, due_at, .. } => {
                let message = format!("it failed, and is tried again at {due_at}: {}", error.message);
                one(LogLevel::Warn, &message, error)
            }
            EventKind::StepFailed { error, handling, .. } => {
                let level = if handling.is_nobody() { LogLevel::Error } else { LogLevel::Warn };
                one(level, &error.message, error)
            }
            // A step's failure has an entry already.
            EventKind::RunFailed { error } if error.step_id.is_none() => {
                one(LogLevel::Error, &error.message, error)
            }
            EventKind::RunFailed { .. }
            | EventKind::RunStarted(_)
            | EventKind::StepStarted { .. }
            | EventKind::StepCharged { .. }
            | EventKind::StepCompleted { .. }
            | EventKind::ScopeEntered { .. }
            | EventKind::ContainerCompleted { .. }
            | EventKind::TimerFired { .. }
            | EventKind::StepSkipped { .. }
            | EventKind::WaitOpened { .. }
            | EventKind::WaitResolved { .. }
            | EventKind::ChildStarted { .. }
            | EventKind::ChildFinished { .. }
            | EventKind::RunCompleted { .. }
            | EventKind::RunCancelled {} => Vec::new(),
        }
    }
}

/// What a program may want of an error beside its message: `{code, attempt?, details?}`.
fn about(error: &RunError) -> Arc<Value> {
    let mut about = Map::new();
    about.insert("code".to_owned(), Value::from(error.code.as_str()));
    if let Some(attempt) = error.attempt {
        about.insert("attempt".to_owned(), Value::from(attempt));
    }
    if let Some(details) = &error.details {
        about.insert("details".to_owned(), cut_value(details).unwrap_or_else(|| (**details).clone()));
    }
    Arc::new(Value::Object(about))
}

fn cut(value: Arc<Value>) -> Arc<Value> {
    cut_value(&value).map_or(value, Arc::new)
}

/// The beginning of a value's JSON when that is too long.
fn cut_value(value: &Value) -> Option<Value> {
    json_beginning(value, MOST_BYTES).map(Value::String)
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}
