//! Lines that a step writes for whoever looks into its run.

use serde::{Deserialize, Serialize};

/// A line that a step wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The text.
    pub message: String,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the one who looks for a mistake.
    Debug,
    /// What goes on.
    Info,
    /// What may go wrong.
    Warn,
    /// What went wrong.
    Error,
}

impl LogLevel {
    /// Its name, as documents and events have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
