//! Evaluates one script within its limits.
//!
//! Every expression has a runtime and a context of its own. What one of them does to the built-ins is then seen by
//! nobody, which no freezing of a shared context achieves without breaking honest code, and the memory that it left
//! is free again. It costs two tenths of a millisecond. A value is parsed when its name is first used, so expressions
//! that share large values don't pay for those that they don't look at.
//!
//! The clock is looked at by the interpreter's loop and by regular expressions, but not inside of other built-ins: a
//! search in a long text may outlast its time. Whoever calls must be able to give up on this thread or process.

mod cell;
mod console;
mod failure;
mod functions;
mod globals;
mod inspect;
mod json;
mod source;
mod text;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use flow_expr::{Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptOutcome};

use crate::{
    Limits,
    task::{Answer, Task},
};
use cell::Cell;
use console::Logs;

/// Evaluates a script on this thread, which must have room for [`Limits::stack_bytes`] and another MiB. The process's
/// local time must be UTC. It may take longer than its limit if it calls a built-in that does.
pub fn evaluate(script: &Script, limits: &Limits) -> ScriptOutcome {
    run(&Task::from(script), limits, &Arc::default()).into()
}

/// Evaluates a task until it is done, its time is up, or somebody sets `cancelled`.
pub(crate) fn run(task: &Task, limits: &Limits, cancelled: &Arc<AtomicBool>) -> Answer {
    let run = Run { task, limits, deadline: now() + limits.time(task.time_limit_ms), cancelled };
    let logs = Logs::new(limits);
    let mut values = Vec::new();
    let failure = run.all(&logs, &mut values).err();
    Answer { values, failure, logs: logs.into_lines(), retires: false }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a script isn't a time of the run")]
fn now() -> Instant {
    Instant::now()
}

/// A task that is under way.
pub(crate) struct Run<'r> {
    pub(crate) task: &'r Task,
    pub(crate) limits: &'r Limits,
    deadline: Instant,
    cancelled: &'r Arc<AtomicBool>,
}

impl Run<'_> {
    /// Evaluates until something fails.
    fn all(&self, logs: &Logs, values: &mut Vec<String>) -> Result<(), ScriptFailure> {
        match &self.task.code {
            ScriptCode::Function(body) => self.keep(values, self.function(body, logs)?),
            ScriptCode::Expressions(expressions) => expressions
                .iter()
                .try_for_each(|expression| self.keep(values, self.expression(expression, logs)?)),
        }
    }

    fn expression(&self, expression: &ScriptExpression, logs: &Logs) -> Result<String, ScriptFailure> {
        let cell = Cell::new(self)?;
        cell.with(&expression.source, |ctx| {
            globals::install(ctx, self, expression.chance_index, logs)?;
            let value = source::expression(ctx, &expression.source)?;
            if expression.as_truth {
                return Ok(text::truth(value));
            }
            text::json(ctx, value, self.limits.output_bytes)
        })
    }

    fn function(&self, body: &str, logs: &Logs) -> Result<String, ScriptFailure> {
        let cell = Cell::new(self)?;
        cell.with(body, |ctx| {
            globals::install(ctx, self, 0, logs)?;
            let promise = source::function(ctx, body)?;
            let value = cell.settle(ctx, &promise)?;
            text::json(ctx, value, self.limits.output_bytes)
        })
    }

    /// Keeps a value that is small enough beside those before it.
    fn keep(&self, values: &mut Vec<String>, text: String) -> Result<(), ScriptFailure> {
        let limit = self.limits.output_bytes;
        let size = values.iter().map(String::len).sum::<usize>() + text.len();
        if size > limit {
            return Err(text::too_large(size, limit));
        }
        values.push(text);
        Ok(())
    }

    fn is_over(&self) -> bool {
        is_over(self.deadline, self.cancelled)
    }
}

fn is_over(deadline: Instant, cancelled: &AtomicBool) -> bool {
    cancelled.load(Ordering::Relaxed) || now() >= deadline
}
