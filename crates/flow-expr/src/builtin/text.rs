//! Methods of texts that take a part of one, by its units.

mod everywhere;
pub(super) mod make;
pub(super) mod replace;
pub(super) mod search;
pub(super) mod split;

use std::borrow::Cow;

use super::{Call, Outcome};
use crate::value::{
    Val, clamped, element, relative,
    units::{self, Spot, between, spot},
};

pub(super) fn at<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    match element(call.integer(0)?, units::length(&text)) {
        Some(at) => range(text, at, at + 1, &call),
        None => Ok(Val::Undefined),
    }
}

pub(super) fn char_at<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    match call.integer(0)? {
        at if at >= 0.0 => range(text, at as usize, (at as usize).saturating_add(1), &call),
        _ => Ok(Val::Text(Cow::Borrowed(""))),
    }
}

pub(super) fn char_code_at<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let at = call.integer(0)?;
    let unit = (at >= 0.0).then(|| unit(&text, spot(&text, at as usize))).flatten();
    Ok(Val::Number(unit.map_or(f64::NAN, f64::from)))
}

pub(super) fn code_point_at<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let at = call.integer(0)?;
    if at < 0.0 {
        return Ok(Val::Undefined);
    }
    let spot = spot(&text, at as usize);
    let code = if spot.half {
        unit(&text, spot).map(u32::from)
    } else {
        text[spot.byte..].chars().next().map(u32::from)
    };
    Ok(code.map_or(Val::Undefined, |code| Val::Number(f64::from(code))))
}

/// The unit after a position, as a number: here the half of a pair is itself.
fn unit(text: &str, spot: Spot) -> Option<u16> {
    text[spot.byte..].encode_utf16().nth(usize::from(spot.half))
}

pub(super) fn slice<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let length = units::length(&text);
    let from = relative(call.integer(0)?, length);
    let to = relative(call.integer_or(1, f64::INFINITY)?, length);
    range(text, from, to, &call)
}

pub(super) fn substring<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let length = units::length(&text);
    let from = clamped(call.integer(0)?, length);
    let to = clamped(call.integer_or(1, f64::INFINITY)?, length);
    range(text, from.min(to), from.max(to), &call)
}

pub(super) fn substr<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let length = units::length(&text);
    let from = relative(call.integer(0)?, length);
    let count = clamped(call.integer_or(1, f64::INFINITY)?, length);
    range(text, from, from + count, &call)
}

/// The units from one number to another, or an empty text if they are in the wrong order.
fn range<'a>(text: Cow<'a, str>, from: usize, to: usize, call: &Call<'a, '_>) -> Outcome<'a> {
    let (from, to) = (spot(&text, from), spot(&text, to.max(from)));
    Ok(Val::Text(between(text, from, to, call.budget)?))
}
