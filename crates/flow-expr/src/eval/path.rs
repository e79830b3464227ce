//! Member access along a path.

use std::borrow::Cow;

use super::Evaluator;
use crate::{
    ast::{Node, Span, Step, StepKey},
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
            let computed;
            let key = match &step.key {
                StepKey::Name(name) => Key::Name(Cow::Borrowed(name)),
                StepKey::Index(index) => Key::Index(*index),
                StepKey::Computed(node) => {
                    computed = self.eval(node)?;
                    to_key(&computed, self.budget).map_err(|fault| self.failure(fault, node.span))?
                }
            };
            if value.is_nullish() {
                return Err(self.no_members(&value, reached, next, key));
            }
            let owner = if let Val::Demand(object) = value { Some(object) } else { None };
            value = value.member(&key).ok_or_else(|| self.unknown_member(owner, reached, key))?;
            reached = next;
        }
        Ok(value)
    }
}
