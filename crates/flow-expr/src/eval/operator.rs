//! Operators.

use std::{borrow::Cow, cmp::Ordering};

use super::Evaluator;
use crate::{
    ast::{BinaryOp, LogicalOp, Node, NodeKind, Span, UnaryOp},
    error::EvalError,
    value::{self, Fault, Val, to_int32, to_uint32},
};

impl<'a> Evaluator<'a> {
    pub(super) fn unary(&self, op: UnaryOp, operand: &'a Node) -> Result<Val<'a>, EvalError> {
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
            UnaryOp::BitNot => Val::Number(f64::from(!to_int32(self.number(&value, operand.span)?))),
            UnaryOp::Void => Val::Undefined,
        })
    }

    pub(super) fn logical(
        &self,
        first: &'a Node,
        rest: &'a [(LogicalOp, Node)],
    ) -> Result<Val<'a>, EvalError> {
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

    pub(super) fn binary(&self, first: &'a Node, rest: &'a [(BinaryOp, Node)]) -> Result<Val<'a>, EvalError> {
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
            BinaryOp::In => value::has_member(right, &value::to_key(&left, self.budget)?).map(Val::Bool),
            _ => {
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

/// An operator of numbers alone.
fn arithmetic(op: BinaryOp, left: f64, right: f64) -> f64 {
    let bits = |op: fn(i32, i32) -> i32| f64::from(op(to_int32(left), to_int32(right)));
    match op {
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        BinaryOp::Remainder => left % right,
        BinaryOp::Power => value::power(left, right),
        BinaryOp::BitAnd => bits(|a, b| a & b),
        BinaryOp::BitOr => bits(|a, b| a | b),
        BinaryOp::BitXor => bits(|a, b| a ^ b),
        // Of the distance of a shift, JavaScript takes the lowest five bits too.
        BinaryOp::ShiftLeft => bits(|a, b| a.wrapping_shl(b.cast_unsigned())),
        BinaryOp::ShiftRight => bits(|a, b| a.wrapping_shr(b.cast_unsigned())),
        BinaryOp::ShiftRightZeroFill => f64::from(to_uint32(left).wrapping_shr(to_uint32(right))),
        _ => f64::NAN,
    }
}
