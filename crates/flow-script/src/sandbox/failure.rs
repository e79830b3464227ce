//! What JavaScript threw, as a failure of the script.

use flow_expr::{ScriptFailure, ScriptFailureKind as Kind};
use rquickjs::{Ctx, Exception, Value};

use super::{inspect, source, text};
use crate::{Limits, task::failure};

/// The longest message, in bytes.
const MESSAGE_LIMIT: usize = 2_000;

/// Why the code inside stopped.
pub(super) enum Stop {
    /// QuickJS has an exception, or couldn't do what was asked.
    Js(rquickjs::Error),
    /// The failure is known.
    Known(ScriptFailure),
}

impl From<rquickjs::Error> for Stop {
    fn from(error: rquickjs::Error) -> Self {
        Self::Js(error)
    }
}

impl Stop {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self::Known(failure(kind, message))
    }
}

/// The failure that a stop is, of code whose text is `source`.
pub(super) fn of(ctx: &Ctx<'_>, stop: Stop, source: &str, limits: &Limits) -> ScriptFailure {
    match stop {
        Stop::Known(failure) => failure,
        Stop::Js(rquickjs::Error::Exception) => thrown(ctx, &ctx.catch(), source, limits),
        Stop::Js(rquickjs::Error::Allocation) => out_of_memory(limits),
        Stop::Js(error) => failure(Kind::Threw, cut(error.to_string())),
    }
}

pub(super) fn timed_out(run: &super::Run<'_>) -> ScriptFailure {
    crate::pool::timed_out(run.limits.time(run.task.time_limit_ms))
}

fn out_of_memory(limits: &Limits) -> ScriptFailure {
    let mib = limits.memory_bytes >> 20;
    failure(Kind::OutOfMemory, format!("the script needs more than the {mib} MiB of memory that it may have"))
}

fn thrown(ctx: &Ctx<'_>, value: &Value<'_>, source: &str, limits: &Limits) -> ScriptFailure {
    // Where not even an error can be made, QuickJS throws null.
    if value.is_null() {
        return out_of_memory(limits);
    }
    let Some(error) = value.as_object().and_then(|object| Exception::from_object(object.clone())) else {
        return failure(Kind::Threw, cut(format!("threw {}", inspect::inspect(value, MESSAGE_LIMIT))));
    };
    let property = |name| text::property(&error, name);
    let name = property("name").unwrap_or_else(|| "Error".to_owned());
    let message = property("message").unwrap_or_default();
    let stack = property("stack").unwrap_or_default();
    // What reading them threw is of no interest.
    ctx.catch();
    let mut failure = match (name.as_str(), message.as_str()) {
        ("InternalError", "out of memory" | "out of memory in regexp execution") => out_of_memory(limits),
        ("RangeError", "Maximum call stack size exceeded") => {
            failure(Kind::OutOfMemory, "the script recurses too deeply; use a loop")
        }
        ("TypeError", "circular reference") => {
            failure(Kind::NotJson, "the value contains itself, which JSON can't hold")
        }
        ("TypeError", "BigInt are forbidden in JSON.stringify") => failure(
            Kind::NotJson,
            "the value contains a BigInt, which JSON can't hold; make it a Number or a String",
        ),
        (name, "") => failure(Kind::Threw, cut(name.to_owned())),
        (name, message) => failure(Kind::Threw, cut(format!("{name}: {message}"))),
    };
    if let Some((line, column)) = source::place(&stack, source) {
        (failure.line, failure.column) = (Some(line), Some(column));
    }
    failure
}

fn cut(mut message: String) -> String {
    if message.len() > MESSAGE_LIMIT {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT));
        message.push('…');
    }
    message
}
