//! Functions about the types of values, and about the members of objects.

use std::borrow::Cow;

use super::{Call, Outcome};
use crate::{
    budget::VALUE_COST,
    value::{Fault, Fields, Val, copied_fields, sort_index_keys},
};

pub(super) fn is_array<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Bool(call.arg(0).is_array()))
}

pub(super) fn boolean<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Bool(call.arg(0).is_truthy()))
}

pub(super) fn string<'a>(mut call: Call<'a, '_>) -> Outcome<'a> {
    if call.args.is_empty() {
        return Ok(Val::Text(Cow::Borrowed("")));
    }
    match call.take(0).into_own_text() {
        Ok(text) => Ok(Val::Text(text)),
        Err(value) => Ok(Val::Text(crate::value::to_text(&value, call.budget)?.into_owned().into())),
    }
}

pub(super) fn keys<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    members(call, |key, _| Val::Text(key))
}

pub(super) fn values<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    members(call, |_, value| value)
}

pub(super) fn entries<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    members(call, |key, value| Val::Array(vec![Val::Text(key), value]))
}

/// What a function makes of each member, in JavaScript's order.
fn members<'a>(mut call: Call<'a, '_>, each: impl Fn(Cow<'a, str>, Val<'a>) -> Val<'a>) -> Outcome<'a> {
    let value = call.take(0);
    if value.is_nullish() {
        return Err(Fault::Type(
            "undefined and null have no members; write `?? {}` after the value if it may be missing"
                .to_owned(),
        ));
    }
    let mut fields = Fields::new();
    copied_fields(value, &mut fields, call.budget)?;
    sort_index_keys(&mut fields);
    call.budget.spend(fields.len().saturating_mul(VALUE_COST))?;
    Ok(Val::Array(fields.into_iter().map(|(key, value)| each(key, value)).collect()))
}
