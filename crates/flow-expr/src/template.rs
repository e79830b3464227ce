//! A string with `{{ }}` parts.
//!
//! * A string that is exactly one `{{ }}` keeps the type of its value. White space outside of the braces makes it
//!   text, because white space in a text is meant to stay; inside of the braces it counts for nothing.
//! * Inside a text, a string is inserted as it is, null and what JSON lacks as nothing, anything else as JSON.
//! * `\{{` is a literal `{{`. A backslash anywhere else is itself, so a backslash before a value is written
//!   `{{ "\\" }}{{ value }}`. A `}}` outside of a part is itself too.
//! * A part may be held back (see [`crate::held`]); the value is then the text of a template with such parts alone.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    error::{EvalError, SyntaxError, SyntaxErrorKind},
    evaluation::Evaluation,
    expression::{Expression, FreeName},
    held, parse,
    scope::Scope,
};

pub(crate) const OPEN: &str = "{{";
pub(crate) const CLOSE: &str = "}}";

/// The name under which an expression is held back; none for one that is evaluated.
pub(crate) type Holds<'h> = dyn FnMut(&Expression) -> Option<Box<str>> + 'h;

/// A string with `{{ }}` parts, parsed.
#[derive(Debug)]
pub struct Template(Kind);

#[derive(Debug)]
enum Kind {
    Constant(Arc<Value>),
    Lone(Expression),
    Text(Vec<Part>),
    /// Some parts are held back.
    Held(Vec<Part>),
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    Value(Expression),
    Held(Box<str>),
}

impl Template {
    /// Parses a string. Positions in errors count from its start.
    ///
    /// # Errors
    /// A `{{` is not closed, or what stands between the braces is no expression.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::parse_holding(text, &mut |_| None)
    }

    /// Parses a string, and holds parts back.
    pub(crate) fn parse_holding(text: &str, holds: &mut Holds<'_>) -> Result<Self, SyntaxError> {
        let mut parts = split(text, holds)?;
        if parts.iter().any(|part| matches!(part, Part::Held(_))) {
            return Ok(Self(Kind::Held(parts)));
        }
        Ok(Self(match parts.as_mut_slice() {
            [] => Kind::Constant(Arc::new(Value::String(String::new()))),
            [Part::Text(text)] => Kind::Constant(Arc::new(Value::String(std::mem::take(text).into()))),
            [Part::Value(_)] => match parts.pop() {
                Some(Part::Value(expression)) => Kind::Lone(expression),
                _ => Kind::Text(parts),
            },
            _ => Kind::Text(parts),
        }))
    }

    /// Every place where a name of the scope is used, in the order of the text.
    pub fn free_names(&self) -> impl Iterator<Item = &FreeName> {
        self.expressions().flat_map(Expression::free_names)
    }

    /// Whether the string has no `{{ }}` part.
    pub fn is_constant(&self) -> bool {
        self.constant().is_some()
    }

    /// Whether a script engine evaluates any part of it.
    pub fn has_scripts(&self) -> bool {
        self.scripts().next().is_some()
    }

    /// The value: of any type when the string is one lone `{{ }}`, else a string.
    ///
    /// # Errors
    /// As for [`Expression::evaluate`].
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        self.evaluate_within(&self.evaluation(scope)?)
    }

    /// The value as a text, whatever its type.
    ///
    /// # Errors
    /// As for [`Expression::evaluate`].
    pub fn render_text(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        self.render_within(&self.evaluation(scope)?)
    }

    fn evaluation<'a>(&self, scope: &'a dyn Scope) -> Result<Evaluation<'a>, EvalError> {
        let scripts: Vec<_> = self.scripts().collect();
        Evaluation::with_scripts(scope, &scripts, false)
    }

    /// Its expressions that a script engine evaluates.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &Expression> {
        self.expressions().filter(|expression| expression.is_script())
    }

    pub(crate) fn constant(&self) -> Option<&Arc<Value>> {
        match &self.0 {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn evaluate_within(&self, cx: &Evaluation<'_>) -> Result<Arc<Value>, EvalError> {
        match &self.0 {
            Kind::Constant(value) => Ok(Arc::clone(value)),
            Kind::Lone(expression) => expression.evaluate_within(cx),
            Kind::Text(_) | Kind::Held(_) => Ok(Arc::new(Value::String(self.render_within(cx)?))),
        }
    }

    pub(crate) fn json_within(&self, cx: &Evaluation<'_>) -> Result<Value, EvalError> {
        match &self.0 {
            Kind::Constant(value) => Ok((**value).clone()),
            Kind::Lone(expression) => expression.json_within(cx),
            Kind::Text(_) | Kind::Held(_) => self.render_within(cx).map(Value::String),
        }
    }

    fn render_within(&self, cx: &Evaluation<'_>) -> Result<String, EvalError> {
        let mut out = String::new();
        match &self.0 {
            Kind::Constant(value) => out.push_str(value.as_str().unwrap_or_default()),
            Kind::Lone(expression) => expression.write_within(cx, &mut out)?,
            Kind::Text(parts) => {
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Value(expression) => expression.write_within(cx, &mut out)?,
                        Part::Held(_) => {}
                    }
                }
            }
            Kind::Held(parts) => {
                // What stands between two held parts is escaped as a whole: a `{` of each of two values makes a `{{`.
                let mut between = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => between.push_str(text),
                        Part::Value(expression) => expression.write_within(cx, &mut between)?,
                        Part::Held(name) => {
                            held::write_text(&std::mem::take(&mut between), &mut out);
                            held::write_part(name, &mut out);
                        }
                    }
                }
                held::write_text(&between, &mut out);
            }
        }
        Ok(out)
    }

    /// The names of the parts that are held back.
    pub(crate) fn held(&self) -> impl Iterator<Item = &str> {
        let parts = if let Kind::Held(parts) = &self.0 { &parts[..] } else { &[] };
        parts.iter().filter_map(|part| if let Part::Held(name) = part { Some(&**name) } else { None })
    }

    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (lone, parts) = match &self.0 {
            Kind::Constant(_) => (None, None),
            Kind::Lone(expression) => (Some(expression), None),
            Kind::Text(parts) | Kind::Held(parts) => (None, Some(parts)),
        };
        let parts = parts.into_iter().flatten().filter_map(|part| match part {
            Part::Text(_) | Part::Held(_) => None,
            Part::Value(expression) => Some(expression),
        });
        lone.into_iter().chain(parts)
    }
}

fn split(text: &str, holds: &mut Holds<'_>) -> Result<Vec<Part>, SyntaxError> {
    let whole: Arc<str> = text.into();
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(OPEN) {
        let open = at + found;
        if text[at..open].ends_with('\\') {
            literal.push_str(&text[at..open - 1]);
            literal.push_str(OPEN);
            at = open + OPEN.len();
            continue;
        }
        literal.push_str(&text[at..open]);
        if !literal.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut literal).into()));
        }
        let start = open + OPEN.len();
        let end = parse::template_end(text, start).map_err(|unclosed| {
            let message = match unclosed {
                None => "`{{` is not closed by `}}`; write `\\{{` for a literal `{{`".to_owned(),
                Some(what) => format!(
                    "`{{{{` is not closed by `}}}}`, because the {} in it does not end; write `\\{{{{` for a literal `{{{{`",
                    what
                ),
            };
            SyntaxError::new(SyntaxErrorKind::Syntax, message, text, open)
        })?;
        let expression = Expression::parse_part(Arc::clone(&whole), start..end)?;
        parts.push(holds(&expression).map_or_else(|| Part::Value(expression), Part::Held));
        at = end + CLOSE.len();
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() {
        parts.push(Part::Text(literal.into()));
    }
    Ok(parts)
}
