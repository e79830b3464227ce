//! JavaScript that is evaluated elsewhere: what a script engine is given, and what it gives back.
//!
//! An expression that isn't evaluated natively, and the code of a step, are scripts. Who runs them is not this
//! crate's business: an engine gets a [`Script`] and answers with a [`ScriptOutcome`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A script, with all that it may know of the world.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// What is evaluated.
    pub code: ScriptCode,
    /// Whose it is: an engine that has too much to do lets owners take turns.
    pub owner: ScriptOwner,
    /// Global names and their values. What the script changes in them is seen by nobody.
    pub names: Vec<(Arc<str>, Arc<Value>)>,
    /// Global names that exist and are undefined.
    pub undefined: Vec<Arc<str>>,
    /// What `Date.now()` and `getDate()` tell, in milliseconds since the Unix epoch: it stands still.
    pub now_ms: i64,
    /// Where the chance of `Math.random()` and `uuid()` comes from.
    pub chance: ChanceSource,
    /// What `resumeUrl(stepId)` returns for each step that it can be asked of.
    pub resume_urls: Vec<(Arc<str>, String)>,
    /// How long it may take, in milliseconds, if that is less than the engine allows.
    pub time_limit_ms: Option<u64>,
}

/// Whose a script is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScriptOwner {
    /// Those who share what they have.
    pub workspace: String,
    /// The flow in it.
    pub flow: String,
}

/// What a script consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptCode {
    /// Expressions, evaluated one after the other; the first that fails is the last. Each has the values of the names
    /// afresh as far as an expression can tell: assignments to them are errors.
    Expressions(Vec<ScriptExpression>),
    /// The body of an `async` function, which returns the value and draws from the first stream of chance.
    Function(Arc<str>),
}

/// An expression of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptExpression {
    /// Its text.
    pub source: Arc<str>,
    /// Which of the run's streams of chance it draws from.
    pub chance_index: u64,
    /// Whether only its truth is asked for: the value is then true or false.
    pub as_truth: bool,
}

/// Where chance comes from: the same source gives the same chance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChanceSource {
    /// The run's seed.
    pub seed: u64,
    /// The path of the step's visit.
    pub place: String,
}

/// What came of a script.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScriptOutcome {
    /// The value of each expression until one failed, or that of the function.
    pub values: Vec<Value>,
    /// Why the next one has no value.
    pub failure: Option<ScriptFailure>,
    /// What `console` was told.
    pub logs: Vec<ScriptLog>,
}

/// A line that a script wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptLog {
    /// How much it matters.
    pub level: ScriptLogLevel,
    /// The text.
    pub message: String,
}

/// How much a line of a script matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptLogLevel {
    /// `console.debug`, `console.trace`
    Debug,
    /// `console.log`, `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
}

/// Why a script has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct ScriptFailure {
    /// What sort of failure it is.
    pub kind: ScriptFailureKind,
    /// What went wrong and what to do.
    pub message: String,
    /// The line of the expression or function, from 1, where it is known.
    pub line: Option<u32>,
    /// The column, in characters from 1, where it is known.
    pub column: Option<u32>,
}

/// The sorts of failure of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScriptFailureKind {
    /// It threw.
    Threw,
    /// It took longer than allowed.
    TimedOut,
    /// It took more memory than allowed, or recursed too deeply.
    OutOfMemory,
    /// JSON can't hold its value: a function, a BigInt, a circle.
    NotJson,
    /// Its value or its lines are larger than allowed.
    OutputTooLarge,
    /// Its promise never settles.
    NeverSettles,
    /// Too many scripts wait for their turn.
    Busy,
    /// The process that ran it died.
    Crashed,
    /// There is no script engine, or it can't be started.
    Unavailable,
}

impl ScriptFailureKind {
    /// A name for programs; it doesn't change.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Threw => "script_error",
            Self::TimedOut => "script_timeout",
            Self::OutOfMemory => "script_out_of_memory",
            Self::NotJson => "not_json",
            Self::OutputTooLarge => "output_too_large",
            Self::NeverSettles => "script_never_settles",
            Self::Busy => "scripts_busy",
            Self::Crashed => "script_crashed",
            Self::Unavailable => "scripts_unavailable",
        }
    }
}
