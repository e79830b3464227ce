//! Member access and calls of methods along a path.

use std::borrow::Cow;

use super::Evaluator;
use crate::{
    ast::{Node, Span, Step, StepKey, StepKind},
    error::EvalError,
    value::{Key, Val, to_key},
};

impl<'a> Evaluator<'a> {
    pub(super) fn path(&self, base: &'a Node, steps: &'a [Step]) -> Result<Val<'a>, EvalError> {
        let mut value = self.eval(base)?;
        let mut reached = base.span;
        for step in steps {
            // `?.` ends the whole path, and what stands in its brackets is not evaluated.
            if step.optional && value.is_nullish() {
                return Ok(Val::Undefined);
            }
            let next = Span { start: base.span.start, end: step.end };
            value = match &step.kind {
                StepKind::Member(key) => self.member(value, key, reached, next)?,
                StepKind::Method(call) => match self.method(value, call, reached, next)? {
                    Some(value) => value,
                    None => return Ok(Val::Undefined),
                },
            };
            reached = next;
        }
        Ok(value)
    }

    /// The member, at `access`, of the value that stands at `owner`.
    fn member(
        &self,
        value: Val<'a>,
        key: &'a StepKey,
        owner: Span,
        access: Span,
    ) -> Result<Val<'a>, EvalError> {
        let computed;
        let key = match key {
            StepKey::Name(name) => Key::Name(Cow::Borrowed(name)),
            StepKey::Index(index) => Key::Index(*index),
            StepKey::Computed(node) => {
                computed = self.eval(node)?;
                to_key(&computed, self.budget).map_err(|fault| self.failure(fault, node.span))?
            }
        };
        if value.is_nullish() {
            return Err(self.no_members(&value, owner, access, key));
        }
        let object = if let Val::Demand(object) = value { Some(object) } else { None };
        value.member(&key).ok_or_else(|| self.unknown_member(object, owner, key))
    }
}
