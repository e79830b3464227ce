//! A bare expression, and the names that it needs.

use std::{ops::Range, sync::Arc};

use serde_json::Value;

use crate::{
    ast::{Node, Span},
    error::{EvalError, Place, SyntaxError},
    eval::Evaluator,
    evaluation::{self, Evaluation},
    parse::{self, Root},
    pick::Picks,
    scope::Scope,
    script::ScriptFailure,
    value::{self, Val},
};

/// A name that an expression takes from its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeName {
    /// The name: of `a.b.c` it is `a`.
    pub name: Box<str>,
    /// Where it stands, in bytes of the whole text.
    pub span: Range<usize>,
    /// The member that is read of it, if it is known: of `a.b.c` it is `b`.
    pub member: Option<Box<str>>,
    /// Whether the expression is made for the name to be undefined.
    pub is_guarded: bool,
    /// The same of that member.
    pub is_member_guarded: bool,
}

/// A JavaScript expression, parsed.
#[derive(Debug)]
pub struct Expression {
    /// The text that the expression is part of, such as a template. Spans and errors count from its start.
    text: Arc<str>,
    /// The part of the text that is the expression.
    range: Range<usize>,
    root: Root,
    free_names: Vec<FreeName>,
}

impl Expression {
    /// Parses a text that is one expression.
    ///
    /// # Errors
    /// The text is no JavaScript expression, has no value that JSON can hold, or is beyond a limit.
    pub fn parse(source: &str) -> Result<Self, SyntaxError> {
        Self::parse_part(source.into(), 0..source.len())
    }

    /// Parses the expression that is a part of a longer text.
    pub(crate) fn parse_part(text: Arc<str>, range: Range<usize>) -> Result<Self, SyntaxError> {
        let parse::Parsed { root, free_names } = parse::parse(&text, range.clone())?;
        Ok(Self { text, range, root, free_names })
    }

    /// The expression's own text.
    pub fn source(&self) -> &str {
        &self.text[self.range.clone()]
    }

    /// Every place where a name of the scope is used, in the order of the text.
    pub fn free_names(&self) -> &[FreeName] {
        &self.free_names
    }

    /// Whether a script engine evaluates it, and not this crate.
    pub fn is_script(&self) -> bool {
        self.picks().is_some()
    }

    /// The value as JSON. What JSON lacks (`undefined`, `NaN`, `Infinity`) is null; a whole variable is shared.
    ///
    /// # Errors
    /// A name is unknown, JavaScript would throw, or the result is too large; or it waits for a script engine.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        self.evaluate_within(&Evaluation::of(scope, self, false)?)
    }

    /// Whether JavaScript counts the value as true.
    ///
    /// # Errors
    /// As for [`Self::evaluate`].
    pub fn is_truthy(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        let cx = Evaluation::of(scope, self, true)?;
        match &self.root {
            Root::Native(root) => Ok(self.evaluator(&cx).eval(root)?.is_truthy()),
            Root::Script(_) => Ok(*cx.script_value(self)? == Value::Bool(true)),
        }
    }

    pub(crate) fn evaluate_within(&self, cx: &Evaluation<'_>) -> Result<Arc<Value>, EvalError> {
        match &self.root {
            Root::Native(root) => self.finish(root, cx, |value| value::into_shared(value, &cx.budget)),
            Root::Script(_) => cx.script_value(self),
        }
    }

    pub(crate) fn json_within(&self, cx: &Evaluation<'_>) -> Result<Value, EvalError> {
        match &self.root {
            Root::Native(root) => self.finish(root, cx, |value| value::into_json(value, &cx.budget)),
            Root::Script(_) => cx.script_value(self).map(Arc::unwrap_or_clone),
        }
    }

    pub(crate) fn write_within(&self, cx: &Evaluation<'_>, out: &mut String) -> Result<(), EvalError> {
        match &self.root {
            Root::Native(root) => self.finish(root, cx, |value| value::write_text(&value, out, &cx.budget)),
            Root::Script(_) => {
                let value = cx.script_value(self)?;
                let written = value::write_text(&Val::Shared(&value), out, &cx.budget);
                written.map_err(|fault| self.evaluator(cx).failure(fault, self.span()))
            }
        }
    }

    fn finish<T>(
        &self,
        root: &Node,
        cx: &Evaluation<'_>,
        convert: impl FnOnce(Val<'_>) -> Result<T, value::Fault>,
    ) -> Result<T, EvalError> {
        let evaluator = self.evaluator(cx);
        convert(evaluator.eval(root)?).map_err(|fault| evaluator.failure(fault, root.span))
    }

    fn evaluator<'a>(&'a self, cx: &'a Evaluation<'_>) -> Evaluator<'a> {
        Evaluator::new(cx.scope, &self.text, &cx.budget)
    }

    /// What a script engine is given of the scope; none when none evaluates it.
    pub(crate) fn picks(&self) -> Option<&Picks> {
        match &self.root {
            Root::Native(_) => None,
            Root::Script(picks) => Some(picks),
        }
    }

    fn span(&self) -> Span {
        // The parser has made sure that every position fits.
        Span { start: self.range.start as u32, end: self.range.end as u32 }
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        Place::new(&self.text, self.range.start)
    }

    /// Where a name first stands in it.
    pub(crate) fn place_of(&self, name: &str) -> Option<Place> {
        let found = self.free_names.iter().find(|free| &*free.name == name)?;
        Some(Place::new(&self.text, found.span.start))
    }

    /// The script that it is has no value.
    pub(crate) fn script_failed(&self, failure: Option<ScriptFailure>) -> EvalError {
        evaluation::failed(failure, &self.text, self.range.clone())
    }
}
