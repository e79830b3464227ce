//! The arguments of a call.

use std::borrow::Cow;

use crate::{
    ambient::Surroundings,
    budget::Budget,
    value::{Fault, Val, to_integer, to_number, to_text},
};

/// A call: its arguments, of which those that aren't given are undefined, and what it may spend and use.
pub(crate) struct Call<'a, 'e> {
    pub(crate) args: Vec<Val<'a>>,
    pub(crate) budget: &'e Budget,
    pub(crate) surroundings: &'e Surroundings<'e>,
}

impl<'a> Call<'a, '_> {
    pub(super) fn arg(&self, at: usize) -> &Val<'a> {
        const MISSING: &Val<'static> = &Val::Undefined;
        self.args.get(at).unwrap_or(MISSING)
    }

    /// The argument, moved out.
    pub(super) fn take(&mut self, at: usize) -> Val<'a> {
        self.args.get_mut(at).map_or(Val::Undefined, |arg| std::mem::replace(arg, Val::Undefined))
    }

    pub(super) fn is_undefined(&self, at: usize) -> bool {
        matches!(self.arg(at), Val::Undefined)
    }

    /// ToString of an argument.
    pub(super) fn text(&self, at: usize) -> Result<Cow<'_, str>, Fault> {
        to_text(self.arg(at), self.budget)
    }

    /// ToNumber of an argument.
    pub(super) fn number(&self, at: usize) -> Result<f64, Fault> {
        to_number(self.arg(at), self.budget)
    }

    /// ToIntegerOrInfinity of an argument.
    pub(super) fn integer(&self, at: usize) -> Result<f64, Fault> {
        Ok(to_integer(self.number(at)?))
    }

    /// ToIntegerOrInfinity of an argument, or what stands for undefined.
    pub(super) fn integer_or(&self, at: usize, otherwise: f64) -> Result<f64, Fault> {
        if self.is_undefined(at) { Ok(otherwise) } else { self.integer(at) }
    }

    /// Pays for a text that the call has made. One that could be more than a few times as long as what it is made of
    /// must be paid for before.
    pub(super) fn made(&self, text: String) -> Result<Val<'a>, Fault> {
        self.budget.spend(text.len())?;
        Ok(Val::Text(text.into()))
    }
}
