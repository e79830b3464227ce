//! `console`, whose lines are part of the outcome.

use std::{cell::RefCell, rc::Rc};

use flow_expr::{ScriptLog, ScriptLogLevel as Level};
use rquickjs::{Ctx, Function, Object, Result, Value, function::Rest};

use super::{inspect::inspect, text};
use crate::Limits;

/// The lines of a script so far.
#[derive(Clone)]
pub(super) struct Logs(Rc<RefCell<Kept>>);

struct Kept {
    lines: Vec<ScriptLog>,
    lines_left: usize,
    bytes_left: usize,
    cut: bool,
}

impl Logs {
    pub(super) fn new(limits: &Limits) -> Self {
        let (lines_left, bytes_left) = (limits.log_lines, limits.log_bytes);
        Self(Rc::new(RefCell::new(Kept { lines: Vec::new(), lines_left, bytes_left, cut: false })))
    }

    pub(super) fn into_lines(self) -> Vec<ScriptLog> {
        let mut kept = self.0.borrow_mut();
        let mut lines = std::mem::take(&mut kept.lines);
        if kept.cut {
            let message = "the script wrote more than is kept; the rest was cut".to_owned();
            lines.push(ScriptLog { level: Level::Warn, message });
        }
        lines
    }

    /// How long the next line may be; none when there may be no further one.
    fn room(&self) -> Option<usize> {
        let mut kept = self.0.borrow_mut();
        kept.cut |= kept.lines_left == 0 || kept.bytes_left == 0;
        (!kept.cut).then_some(kept.bytes_left)
    }

    fn push(&self, level: Level, mut message: String) {
        let mut kept = self.0.borrow_mut();
        if message.len() > kept.bytes_left {
            message.truncate(message.floor_char_boundary(kept.bytes_left));
            kept.cut = true;
        }
        kept.lines_left -= 1;
        kept.bytes_left -= message.len();
        kept.lines.push(ScriptLog { level, message });
    }
}

/// Defines `console`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, globals: &Object<'js>, logs: &Logs) -> Result<()> {
    const METHODS: [(&str, Level); 6] = [
        ("log", Level::Info),
        ("info", Level::Info),
        ("debug", Level::Debug),
        ("trace", Level::Debug),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ];
    let console = Object::new(ctx.clone())?;
    for (name, level) in METHODS {
        let logs = logs.clone();
        let write = move |values: Rest<Value<'js>>| write(&logs, level, &values);
        console.set(name, Function::new(ctx.clone(), write)?.with_name(name)?)?;
    }
    globals.set("console", console)
}

fn write(logs: &Logs, level: Level, values: &[Value<'_>]) {
    let Some(room) = logs.room() else { return };
    let mut line = String::new();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        match value.as_string() {
            Some(string) => line.push_str(&text::string(string).unwrap_or_default()),
            None => line.push_str(&inspect(value, room)),
        }
        if line.len() > room {
            break;
        }
    }
    // Showing the values may have written lines of its own, and used the room up.
    if logs.room().is_some() {
        logs.push(level, line);
    }
}
