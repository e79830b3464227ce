//! What can be wrong with an expression, and where.
//!
//! A syntax error is found when a flow is published, an evaluation error in a run. Both quote the text that is at
//! fault, say where it stands, and what to write instead.

use std::fmt;

use crate::{ast::Span, script::ScriptFailure};

/// A place in the text of an expression or template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In bytes from the start of the text, from 0.
    pub offset: usize,
    /// The JSON pointer of the text, when it is part of a JSON template.
    pub pointer: Option<Box<str>>,
}

impl Place {
    pub(crate) fn new(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
            offset: before.len(),
            pointer: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        match &self.pointer {
            Some(pointer) if !pointer.is_empty() => write!(f, " of `{pointer}`"),
            _ => Ok(()),
        }
    }
}

/// What sort of syntax error it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// It isn't a JavaScript expression, or a template's braces don't match.
    Syntax,
    /// It is JavaScript that isn't supported here.
    Unsupported,
    /// It is longer than an expression may be.
    TooLong,
    /// It is nested more deeply than an expression may be.
    TooDeep,
}

/// Why a text is not an expression or template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {line}, column {column})")]
pub struct SyntaxError {
    /// What sort of error it is.
    pub kind: SyntaxErrorKind,
    /// What is wrong and what to do, without the place.
    pub message: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In bytes from the start of the whole text, from 0.
    pub offset: usize,
}

impl SyntaxError {
    pub(crate) fn new(kind: SyntaxErrorKind, message: impl Into<String>, text: &str, offset: usize) -> Self {
        let Place { line, column, offset, .. } = Place::new(text, offset);
        Self { kind, message: message.into(), line, column, offset }
    }
}

/// A string of a JSON template that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {error}")]
pub struct TemplateFault {
    /// The JSON pointer of the string inside the value.
    pub pointer: String,
    /// What is wrong with it.
    pub error: SyntaxError,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Nothing can define the name.
    #[error("nothing here is named `{name}` ({place}){}", suggestion(nearest.as_deref()))]
    UnknownName {
        /// The name, with the path to it when it is a member.
        name: String,
        /// The known name that it most resembles.
        nearest: Option<String>,
        /// Where it stands.
        place: Place,
    },
    /// JavaScript's `TypeError`.
    #[error("{message} ({place})")]
    Type {
        /// What is wrong and what to do.
        message: String,
        /// Where it stands.
        place: Place,
    },
    /// A function can't do what it is asked to: JavaScript's other errors, and those of the flow's own functions.
    #[error("{message} ({place})")]
    Function {
        /// A name for programs, such as `range_error` or `invalid_json`; it doesn't change.
        code: &'static str,
        /// What is wrong and what to do.
        message: String,
        /// Where it stands.
        place: Place,
    },
    /// The texts and copies made are larger than allowed.
    #[error("`{snippet}` makes more than {} MiB of output ({place}); pass large values on whole, or take the part that is needed", limit / (1024 * 1024))]
    OutputTooLarge {
        /// The expression that went over the limit.
        snippet: String,
        /// The limit in bytes.
        limit: usize,
        /// Where it stands.
        place: Place,
    },
    /// A script has no value.
    #[error("{failure} ({place})")]
    Script {
        /// Why.
        failure: ScriptFailure,
        /// Where it stands.
        place: Place,
    },
    /// A script's outcome isn't known yet: see [`Scripts`](crate::Scripts).
    #[error("the script isn't evaluated yet ({place})")]
    ScriptPending {
        /// Where it stands.
        place: Place,
    },
}

impl EvalError {
    /// A name for programs; it doesn't change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownName { .. } => "unknown_name",
            Self::Type { .. } => "type_error",
            Self::Function { code, .. } => code,
            Self::OutputTooLarge { .. } => "output_too_large",
            Self::Script { failure, .. } => failure.kind.code(),
            Self::ScriptPending { .. } => "script_pending",
        }
    }

    /// Where in the text the error arose.
    pub fn place(&self) -> &Place {
        match self {
            Self::UnknownName { place, .. }
            | Self::Type { place, .. }
            | Self::Function { place, .. }
            | Self::OutputTooLarge { place, .. }
            | Self::Script { place, .. }
            | Self::ScriptPending { place } => place,
        }
    }

    /// The same error, in the string at `pointer` of a JSON template.
    pub(crate) fn at_pointer(mut self, pointer: &str) -> Self {
        match &mut self {
            Self::UnknownName { place, .. }
            | Self::Type { place, .. }
            | Self::Function { place, .. }
            | Self::OutputTooLarge { place, .. }
            | Self::Script { place, .. }
            | Self::ScriptPending { place } => {
                place.pointer = Some(pointer.into());
            }
        }
        self
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The characters of a text that a message quotes at most.
const SNIPPET: usize = 60;

/// The text of a span as a message quotes it: in one line, and cut when long.
pub(crate) fn snippet(text: &str, span: Span) -> String {
    let quoted = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let mut out: String =
        quoted.chars().take(SNIPPET).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if quoted.chars().nth(SNIPPET).is_some() {
        out.push('…');
    }
    out
}
