//! A script as the sandbox takes it, and the sandbox's answer: values are JSON texts.
//!
//! A value is written as JSON once, by whoever asks, and handed as it is to the sandbox's own parser, through a pipe or
//! not. The same holds for the way back.

use std::sync::Arc;

use flow_expr::{
    ChanceSource, Script, ScriptCode, ScriptFailure, ScriptFailureKind, ScriptLog, ScriptOutcome,
};
use serde::{Deserialize, Serialize};

use crate::result;

/// What the sandbox is to do. The values of the names aren't part of its own JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) code: ScriptCode,
    pub(crate) names: Vec<Arc<str>>,
    /// Shared, since a context keeps the texts until it is gone.
    #[serde(skip)]
    pub(crate) values: Vec<Arc<String>>,
    pub(crate) undefined: Vec<Arc<str>>,
    pub(crate) now_ms: i64,
    pub(crate) chance: ChanceSource,
    pub(crate) resume_urls: Vec<(Arc<str>, String)>,
    pub(crate) time_limit_ms: Option<u64>,
}

impl From<&Script> for Task {
    fn from(script: &Script) -> Self {
        Self {
            code: script.code.clone(),
            names: script.names.iter().map(|(name, _)| Arc::clone(name)).collect(),
            values: script.names.iter().map(|(_, value)| Arc::new(value.to_string())).collect(),
            undefined: script.undefined.clone(),
            now_ms: script.now_ms,
            chance: script.chance.clone(),
            resume_urls: script.resume_urls.clone(),
            time_limit_ms: script.time_limit_ms,
        }
    }
}

/// What came of a task.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Answer {
    #[serde(skip)]
    pub(crate) values: Vec<String>,
    pub(crate) failure: Option<ScriptFailure>,
    pub(crate) logs: Vec<ScriptLog>,
    /// Whether whoever answers takes no further task.
    pub(crate) retires: bool,
}

impl Answer {
    pub(crate) fn failed(failure: ScriptFailure) -> Self {
        Self { failure: Some(failure), ..Self::default() }
    }
}

impl From<Answer> for ScriptOutcome {
    fn from(answer: Answer) -> Self {
        let mut outcome = Self { failure: answer.failure, logs: answer.logs, ..Self::default() };
        for text in answer.values {
            match result::read(&text) {
                Ok(value) => outcome.values.push(value),
                Err(error) => {
                    let text = format!("the script engine answered with JSON that can't be read: {error}");
                    outcome.failure = Some(failure(ScriptFailureKind::Crashed, text));
                    break;
                }
            }
        }
        outcome
    }
}

/// A failure that has no place in the script's text.
pub(crate) fn failure(kind: ScriptFailureKind, message: impl Into<String>) -> ScriptFailure {
    ScriptFailure { kind, message: message.into(), line: None, column: None }
}
