//! Values as JSON, and as the text of a template.
//!
//! JSON has no `undefined`, `NaN` or `Infinity`: they become null, but for a member that is undefined, which is
//! left out. This is what `JSON.stringify` does.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Number, Value};

use super::{Fault, Val, View, array_index, member::index_first, number_to_text};
use crate::budget::{Budget, VALUE_COST};

/// Up to here a double holds every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as JSON that can be shared; a whole variable is not copied.
pub(crate) fn into_shared(value: Val<'_>, budget: &Budget) -> Result<Arc<Value>, Fault> {
    match value {
        Val::Shared(value) => Ok(Arc::clone(value)),
        value => into_json(value, budget).map(Arc::new),
    }
}

/// A value as JSON of its own.
pub(crate) fn into_json(value: Val<'_>, budget: &Budget) -> Result<Value, Fault> {
    Ok(match value {
        Val::Undefined | Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(value),
        Val::Number(value) => number(value),
        // A text of its own was paid for when it was made.
        Val::Text(Cow::Owned(text)) => Value::String(text),
        Val::Text(Cow::Borrowed(text)) => {
            budget.spend(text.len())?;
            Value::String(text.to_owned())
        }
        Val::Borrowed(value) => copy(value, budget)?,
        Val::Shared(value) => copy(value, budget)?,
        Val::Demand(object) => {
            let value = object.to_value();
            pay(&value, budget)?;
            value
        }
        Val::Owned(value) => value,
        Val::Array(items) => {
            budget.spend(items.len().saturating_mul(VALUE_COST))?;
            Value::Array(items.into_iter().map(|item| into_json(item, budget)).collect::<Result<_, _>>()?)
        }
        Val::Object(fields) => {
            let mut map = Map::with_capacity(fields.len());
            for (key, value) in *fields {
                if !matches!(value, Val::Undefined) {
                    budget.spend(key.len() + VALUE_COST)?;
                    map.insert(key.into_owned(), into_json(value, budget)?);
                }
            }
            Value::Object(map)
        }
    })
}

fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        // Also makes 0 of -0.
        Value::from(number as i64)
    } else {
        Number::from_f64(number).map_or(Value::Null, Value::Number)
    }
}

/// A copy that is paid for before it is made.
fn copy(value: &Value, budget: &Budget) -> Result<Value, Fault> {
    pay(value, budget)?;
    Ok(value.clone())
}

fn pay(value: &Value, budget: &Budget) -> Result<(), Fault> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => budget.spend(VALUE_COST),
        Value::String(text) => budget.spend(text.len() + VALUE_COST),
        Value::Array(items) => {
            budget.spend(VALUE_COST)?;
            items.iter().try_for_each(|item| pay(item, budget))
        }
        Value::Object(map) => {
            budget.spend(VALUE_COST)?;
            map.iter().try_for_each(|(key, value)| {
                budget.spend(key.len())?;
                pay(value, budget)
            })
        }
    }
}

/// Appends a value as templates show it: a text as it is, nothing for null, undefined and numbers that JSON lacks,
/// and any other value as compact JSON.
pub(crate) fn write_text(value: &Val<'_>, out: &mut String, budget: &Budget) -> Result<(), Fault> {
    let mut writer = Writer { out, budget, style: Style::Template, depth: 0 };
    match value.view() {
        View::Undefined | View::Null => Ok(()),
        View::Number(number) if !number.is_finite() => Ok(()),
        View::Text(text) => writer.push(text),
        _ => writer.value(value),
    }
}

/// `JSON.stringify` of a value that isn't undefined. Each level of a list is indented by `indent`, if that isn't empty.
pub(crate) fn to_json_text(value: &Val<'_>, indent: &str, budget: &Budget) -> Result<String, Fault> {
    let mut out = String::new();
    Writer { out: &mut out, budget, style: Style::Function { indent }, depth: 0 }.value(value)?;
    Ok(out)
}

#[derive(Clone, Copy)]
enum Style<'w> {
    /// Compact, and members stay in the data's order.
    Template,
    /// As JavaScript writes it: members that are array indexes come first.
    Function { indent: &'w str },
}

struct Writer<'w> {
    out: &'w mut String,
    budget: &'w Budget,
    style: Style<'w>,
    /// The lists that are open.
    depth: usize,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) -> Result<(), Fault> {
        self.budget.spend(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn value(&mut self, value: &Val<'_>) -> Result<(), Fault> {
        match value {
            Val::Undefined | Val::Null => self.push("null"),
            Val::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Val::Number(value) if value.is_finite() => self.push(&number_to_text(*value)),
            Val::Number(_) => self.push("null"),
            Val::Text(text) => self.quoted(text),
            Val::Borrowed(value) => self.json(value),
            Val::Shared(value) => self.json(value),
            Val::Owned(value) => self.json(value),
            Val::Demand(object) => self.json(&object.to_value()),
            Val::Array(items) => self.list('[', ']', items, |writer, item| writer.value(item)),
            Val::Object(fields) => {
                let present = fields.iter().filter(|(_, value)| !matches!(value, Val::Undefined));
                self.list('{', '}', present, |writer, (key, value)| {
                    writer.key(key)?;
                    writer.value(value)
                })
            }
        }
    }

    fn json(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(value) => self.push(if *value { "true" } else { "false" }),
            // Integers keep all their digits; other numbers look as JavaScript shows them.
            Value::Number(number) => match number.as_f64() {
                Some(double) if number.is_f64() => self.push(&number_to_text(double)),
                _ => self.push(&number.to_string()),
            },
            Value::String(text) => self.quoted(text),
            Value::Array(items) => self.list('[', ']', items, |writer, item| writer.json(item)),
            Value::Object(map) => self.map(map),
        }
    }

    fn map(&mut self, map: &Map<String, Value>) -> Result<(), Fault> {
        let write = |writer: &mut Self, (key, value): (&String, &Value)| {
            writer.key(key)?;
            writer.json(value)
        };
        if matches!(self.style, Style::Function { .. }) && map.keys().any(|key| array_index(key).is_some()) {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_by_cached_key(|(key, _)| index_first(key));
            self.list('{', '}', members, write)
        } else {
            self.list('{', '}', map, write)
        }
    }

    fn key(&mut self, key: &str) -> Result<(), Fault> {
        self.quoted(key)?;
        let indented = matches!(self.style, Style::Function { indent } if !indent.is_empty());
        self.push(if indented { ": " } else { ":" })
    }

    fn list<T>(
        &mut self,
        open: char,
        close: char,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.budget.spend(2)?;
        self.out.push(open);
        self.depth += 1;
        let mut empty = true;
        for item in items {
            if !empty {
                self.push(",")?;
            }
            empty = false;
            self.new_line()?;
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.new_line()?;
        }
        self.out.push(close);
        Ok(())
    }

    fn new_line(&mut self) -> Result<(), Fault> {
        match self.style {
            Style::Function { indent } if !indent.is_empty() => {
                self.push("\n")?;
                (0..self.depth).try_for_each(|_| self.push(indent))
            }
            _ => Ok(()),
        }
    }

    fn quoted(&mut self, text: &str) -> Result<(), Fault> {
        self.push("\"")?;
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            self.push(&rest[..at])?;
            match rest.as_bytes()[at] {
                b'"' => self.push("\\\"")?,
                b'\\' => self.push("\\\\")?,
                b'\n' => self.push("\\n")?,
                b'\r' => self.push("\\r")?,
                b'\t' => self.push("\\t")?,
                8 => self.push("\\b")?,
                12 => self.push("\\f")?,
                control => self.push(&format!("\\u{control:04x}"))?,
            }
            rest = &rest[at + 1..];
        }
        self.push(rest)?;
        self.push("\"")
    }
}
