//! The expressions of generated flows: how they are written, and what they should give.
//!
//! All of them give small whole numbers, and none can fail: whatever a name holds, or if it holds nothing, there
//! is a number instead. So a flow's course depends on every value that it passes on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::scripts;

/// The values that names have.
pub(super) type Names = BTreeMap<String, Value>;

/// Stands for a value that the model doesn't know, since it depends on time or on a race.
pub(super) fn unknown() -> Value {
    json!("\u{1}unknown")
}

pub(super) fn is_unknown(value: &Value) -> bool {
    value.as_str() == Some("\u{1}unknown")
}

/// Numbers wrap here, so that they stay exact.
const WRAP: i64 = 997;

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Int(i64),
    /// The number at a path, or another one.
    Number {
        name: String,
        path: Vec<String>,
        otherwise: i64,
    },
    /// Whether a text stands at a path, as 1 or 2.
    Is {
        name: String,
        path: Vec<String>,
        text: &'static str,
    },
    /// One more than the number that a name holds.
    Next(String),
    /// Both, mixed.
    Mix(Box<Expr>, Box<Expr>),
    Choice(Box<Test>, Box<Expr>, Box<Expr>),
    /// The code of the failure that was taken care of last: a text.
    ErrorCode,
    /// The same, evaluated by the script engine; never inside of another.
    Script(Box<Expr>),
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Less(Expr, Expr),
    Even(Expr),
    /// The same, evaluated by the script engine.
    Script(Box<Test>),
}

/// A decision depends on a value that the model doesn't know.
#[derive(Debug)]
pub(super) struct Wild;

impl Expr {
    pub(super) fn written(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Number { name, path, otherwise } => format!("({} ?? {otherwise})", place(name, path)),
            Self::Is { name, path, text } => format!("({} == '{text}' ? 1 : 2)", place(name, path)),
            Self::Next(name) => format!("({name} ?? 0) + 1"),
            Self::Mix(one, other) => format!("(({} * 31 + {}) % {WRAP})", one.written(), other.written()),
            Self::Choice(test, then, otherwise) => {
                format!("({} ? {} : {})", test.written(), then.written(), otherwise.written())
            }
            Self::ErrorCode => "(error?.code ?? 'none')".to_owned(),
            Self::Script(inner) => scripts::written(&inner.written()),
        }
    }

    /// As the only thing in a string, which keeps the number a number.
    pub(super) fn template(&self) -> String {
        format!("{{{{{}}}}}", self.written())
    }

    pub(super) fn value(&self, names: &Names) -> Result<Value, Wild> {
        Ok(match self {
            Self::Int(number) => json!(number),
            Self::Number { name, path, otherwise } => match at(names, name, path) {
                None | Some(Value::Null) => json!(otherwise),
                Some(value) => value.clone(),
            },
            Self::Is { name, path, text } => match at(names, name, path) {
                Some(value) if is_unknown(value) => return Err(Wild),
                found => json!(if found.and_then(Value::as_str) == Some(text) { 1 } else { 2 }),
            },
            Self::Next(name) => json!(names.get(name).and_then(Value::as_i64).unwrap_or(0) + 1),
            Self::Mix(one, other) => match (one.number(names)?, other.number(names)?) {
                (Some(one), Some(other)) => json!((one * 31 + other) % WRAP),
                _ => unknown(),
            },
            Self::Choice(test, then, otherwise) => {
                if test.holds(names)? {
                    then.value(names)?
                } else {
                    otherwise.value(names)?
                }
            }
            Self::Script(inner) => inner.value(names)?,
            Self::ErrorCode => match at(names, "error", &["code".to_owned()]) {
                None | Some(Value::Null) => json!("none"),
                Some(value) => value.clone(),
            },
        })
    }

    /// The value as a number; none when the model doesn't know it.
    fn number(&self, names: &Names) -> Result<Option<i64>, Wild> {
        let value = self.value(names)?;
        assert!(value.is_i64() || is_unknown(&value), "{self:?} gives {value}, which is no number");
        Ok(value.as_i64())
    }
}

impl Test {
    pub(super) fn written(&self) -> String {
        match self {
            Self::Less(one, other) => format!("{} < {}", one.written(), other.written()),
            Self::Even(number) => format!("{} % 2 === 0", number.written()),
            Self::Script(inner) => scripts::written(&inner.written()),
        }
    }

    pub(super) fn holds(&self, names: &Names) -> Result<bool, Wild> {
        match self {
            Self::Less(one, other) => Ok(one.number(names)?.ok_or(Wild)? < other.number(names)?.ok_or(Wild)?),
            Self::Even(number) => Ok(number.number(names)?.ok_or(Wild)? % 2 == 0),
            Self::Script(inner) => inner.holds(names),
        }
    }
}

fn place(name: &str, path: &[String]) -> String {
    path.iter().fold(name.to_owned(), |place, member| format!("{place}?.{member}"))
}

fn at<'v>(names: &'v Names, name: &str, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(
        names.get(name)?,
        |value, member| {
            if is_unknown(value) { Some(value) } else { value.get(member) }
        },
    )
}
