//! A bare expression, and the names that it needs.

use std::{ops::Range, sync::Arc};

use serde_json::Value;

use crate::{
    ast::Node,
    budget::Budget,
    error::{EvalError, SyntaxError},
    eval::Evaluator,
    parse,
    scope::Scope,
    value::{self, Val},
};

/// A name that an expression takes from its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeName {
    /// The name: of `a.b.c` it is `a`.
    pub name: Box<str>,
    /// Where it stands, in bytes of the whole text.
    pub span: Range<usize>,
}

/// A JavaScript expression, parsed.
#[derive(Debug)]
pub struct Expression {
    /// The text that the expression is part of, such as a template. Spans and errors count from its start.
    text: Arc<str>,
    /// The part of the text that is the expression.
    range: Range<usize>,
    root: Node,
    free_names: Vec<FreeName>,
}

impl Expression {
    /// Parses a text that is one expression.
    ///
    /// # Errors
    /// The text is no JavaScript expression, uses what is not supported here, or is beyond a limit.
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

    /// The value as JSON. What JSON lacks (`undefined`, `NaN`, `Infinity`) is null; a whole variable is shared.
    ///
    /// # Errors
    /// A name is unknown, JavaScript would throw, or the result is too large.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
        self.evaluate_within(scope, &Budget::new())
    }

    /// Whether JavaScript counts the value as true.
    ///
    /// # Errors
    /// As for [`Self::evaluate`].
    pub fn is_truthy(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        let budget = Budget::new();
        let truthy = self.evaluator(scope, &budget).eval(&self.root)?.is_truthy();
        Ok(truthy)
    }

    pub(crate) fn evaluate_within(
        &self,
        scope: &dyn Scope,
        budget: &Budget,
    ) -> Result<Arc<Value>, EvalError> {
        self.finish(scope, budget, |value| value::into_shared(value, budget))
    }

    pub(crate) fn json_within(&self, scope: &dyn Scope, budget: &Budget) -> Result<Value, EvalError> {
        self.finish(scope, budget, |value| value::into_json(value, budget))
    }

    pub(crate) fn write_within(
        &self,
        scope: &dyn Scope,
        budget: &Budget,
        out: &mut String,
    ) -> Result<(), EvalError> {
        self.finish(scope, budget, |value| value::write_text(&value, out, budget))
    }

    fn finish<T>(
        &self,
        scope: &dyn Scope,
        budget: &Budget,
        convert: impl FnOnce(Val<'_>) -> Result<T, value::Fault>,
    ) -> Result<T, EvalError> {
        let evaluator = self.evaluator(scope, budget);
        convert(evaluator.eval(&self.root)?).map_err(|fault| evaluator.failure(fault, self.root.span))
    }

    fn evaluator<'a>(&'a self, scope: &'a dyn Scope, budget: &'a Budget) -> Evaluator<'a> {
        Evaluator { scope, text: &self.text, budget }
    }
}
