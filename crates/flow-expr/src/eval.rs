//! Evaluates a tree on a scope.
//!
//! One [`Evaluator`] serves one evaluation: it knows the scope, the text that errors quote and the budget. The
//! depth of its recursion is bounded by the nesting that the parser allows.

mod call;
mod failure;
mod literal;
mod operator;
mod path;

use std::borrow::Cow;

use crate::{
    ambient::Surroundings,
    ast::{Literal, Node, NodeKind, Span},
    budget::Budget,
    error::EvalError,
    scope::{Lookup, Scope},
    value::Val,
};

pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a dyn Scope,
    /// The text that the tree's spans point into.
    pub(crate) text: &'a str,
    pub(crate) budget: &'a Budget,
    surroundings: Surroundings<'a>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(scope: &'a dyn Scope, text: &'a str, budget: &'a Budget) -> Self {
        Self { scope, text, budget, surroundings: Surroundings::new(scope) }
    }

    pub(crate) fn eval(&self, node: &'a Node) -> Result<Val<'a>, EvalError> {
        match &node.kind {
            NodeKind::Name(name) => self.name(name, node.span),
            NodeKind::Literal(literal) => Ok(constant(literal)),
            NodeKind::Path { base, steps } => self.path(base, steps),
            NodeKind::Unary(op, operand) => self.unary(*op, operand),
            NodeKind::Binary { first, rest } => self.binary(first, rest),
            NodeKind::Logical { first, rest } => self.logical(first, rest),
            NodeKind::Choice { test, then, otherwise } => {
                self.eval(if self.eval(test)?.is_truthy() { then } else { otherwise })
            }
            NodeKind::Text(parts) => self.text(parts),
            NodeKind::Array(items) => self.array(items),
            NodeKind::Object(fields) => self.object(fields),
            NodeKind::Call(function, args) => self.call(function, args, node.span),
            NodeKind::Constant { root, value, otherwise } => {
                if self.is_hidden(root) {
                    self.eval(otherwise)
                } else {
                    Ok(Val::Number(*value))
                }
            }
        }
    }

    /// Whether the scope has a value of that name, which hides what is built in. That it could have one isn't enough:
    /// where callers may give any input, every name could.
    fn is_hidden(&self, name: &str) -> bool {
        !matches!(self.scope.lookup(name), Lookup::Undefined | Lookup::Unknown)
    }

    fn name(&self, name: &str, span: Span) -> Result<Val<'a>, EvalError> {
        Val::found(self.scope.lookup(name)).ok_or_else(|| self.unknown_name(name, span))
    }
}

fn constant(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Undefined => Val::Undefined,
        Literal::Null => Val::Null,
        Literal::Bool(value) => Val::Bool(*value),
        Literal::Number(value) => Val::Number(*value),
        Literal::Text(text) => Val::Text(Cow::Borrowed(text)),
    }
}
