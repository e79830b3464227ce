//! Evaluates a tree on a scope.
//!
//! One [`Evaluator`] serves one evaluation: it knows the scope, the text that errors quote and the budget. The
//! depth of its recursion is bounded by the nesting that the parser allows. A node that can't be evaluated natively
//! would be handed on from [`Evaluator::eval`]; today the parser lets none through.

mod failure;
mod literal;
mod path;

use std::{borrow::Cow, cmp::Ordering};

use crate::{
    ast::{BinaryOp, Literal, LogicalOp, Node, NodeKind, Span, UnaryOp},
    budget::Budget,
    error::EvalError,
    scope::Scope,
    value::{self, Fault, Val},
};

pub(crate) struct Evaluator<'a> {
    pub(crate) scope: &'a dyn Scope,
    /// The text that the tree's spans point into.
    pub(crate) text: &'a str,
    pub(crate) budget: &'a Budget,
}

impl<'a> Evaluator<'a> {
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
        }
    }

    fn name(&self, name: &str, span: Span) -> Result<Val<'a>, EvalError> {
        Val::found(self.scope.lookup(name)).ok_or_else(|| self.unknown_name(name, span))
    }

    fn unary(&self, op: UnaryOp, operand: &'a Node) -> Result<Val<'a>, EvalError> {
        // `typeof` is JavaScript's way to ask whether a name exists at all.
        if let (UnaryOp::TypeOf, NodeKind::Name(name)) = (op, &operand.kind) {
            let value = Val::found(self.scope.lookup(name)).unwrap_or(Val::Undefined);
            return Ok(Val::Text(Cow::Borrowed(value.type_name())));
        }
        let value = self.eval(operand)?;
        Ok(match op {
            UnaryOp::Not => Val::Bool(!value.is_truthy()),
            UnaryOp::TypeOf => Val::Text(Cow::Borrowed(value.type_name())),
            UnaryOp::Plus => Val::Number(self.number(&value, operand.span)?),
            UnaryOp::Minus => Val::Number(-self.number(&value, operand.span)?),
        })
    }

    fn logical(&self, first: &'a Node, rest: &'a [(LogicalOp, Node)]) -> Result<Val<'a>, EvalError> {
        let mut value = self.eval(first)?;
        for (op, node) in rest {
            let goes_on = match op {
                LogicalOp::And => value.is_truthy(),
                LogicalOp::Or => !value.is_truthy(),
                LogicalOp::Coalesce => value.is_nullish(),
            };
            if goes_on {
                value = self.eval(node)?;
            }
        }
        Ok(value)
    }

    fn binary(&self, first: &'a Node, rest: &'a [(BinaryOp, Node)]) -> Result<Val<'a>, EvalError> {
        let mut left = self.eval(first)?;
        for (op, node) in rest {
            let right = self.eval(node)?;
            let span = Span { start: first.span.start, end: node.span.end };
            left = self.apply(*op, left, &right).map_err(|fault| self.failure(fault, span))?;
        }
        Ok(left)
    }

    fn apply(&self, op: BinaryOp, left: Val<'a>, right: &Val<'a>) -> Result<Val<'a>, Fault> {
        let compare = |wanted: fn(Ordering) -> bool| {
            value::order(&left, right, self.budget).map(|order| Val::Bool(order.is_some_and(wanted)))
        };
        match op {
            BinaryOp::StrictEqual => Ok(Val::Bool(value::strictly_equal(&left, right))),
            BinaryOp::StrictNotEqual => Ok(Val::Bool(!value::strictly_equal(&left, right))),
            BinaryOp::Equal => Ok(Val::Bool(value::loosely_equal(&left, right, self.budget)?)),
            BinaryOp::NotEqual => Ok(Val::Bool(!value::loosely_equal(&left, right, self.budget)?)),
            BinaryOp::Less => compare(Ordering::is_lt),
            BinaryOp::LessOrEqual => compare(Ordering::is_le),
            BinaryOp::Greater => compare(Ordering::is_gt),
            BinaryOp::GreaterOrEqual => compare(Ordering::is_ge),
            BinaryOp::Add => value::add(left, right, self.budget),
            BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power => {
                let left = value::to_number(&left, self.budget)?;
                let right = value::to_number(right, self.budget)?;
                Ok(Val::Number(arithmetic(op, left, right)))
            }
        }
    }

    fn number(&self, value: &Val<'_>, span: Span) -> Result<f64, EvalError> {
        value::to_number(value, self.budget).map_err(|fault| self.failure(fault, span))
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

fn arithmetic(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        BinaryOp::Remainder => left % right,
        // Unlike C's pow, JavaScript knows no answer to these.
        _ if right.is_nan() || (left.abs() == 1.0 && right.is_infinite()) => f64::NAN,
        _ => left.powf(right),
    }
}
