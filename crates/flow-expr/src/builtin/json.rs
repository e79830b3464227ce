//! Values as JSON text.

use std::borrow::Cow;

use super::{Call, Outcome};
use crate::value::{
    Fault, Val, View, clamped, to_integer, to_json_text,
    units::{Spot, between, spot},
};

/// `JSON.stringify`, without a replacer.
pub(super) fn stringify<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    if call.is_undefined(0) {
        return Ok(Val::Undefined);
    }
    let text = to_json_text(call.arg(0), &indent(&call)?, call.budget)?;
    Ok(Val::Text(text.into()))
}

/// `str`: as a result is, `undefined` is null.
pub(super) fn str<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Text(to_json_text(call.arg(0), "", call.budget)?.into()))
}

/// What each level is indented by: up to ten spaces, or ten units of a text.
fn indent<'c>(call: &'c Call<'_, '_>) -> Result<Cow<'c, str>, Fault> {
    const MOST: usize = 10;
    match call.arg(2).view() {
        View::Number(number) => Ok(" ".repeat(clamped(to_integer(number), MOST)).into()),
        View::Text(text) => between(Cow::Borrowed(text), Spot::at(0), spot(text, MOST), call.budget),
        _ => Ok(Cow::Borrowed("")),
    }
}
