//! Methods that make a text out of another: longer, in other letters, without white space.

use std::borrow::Cow;

use crate::{
    builtin::{Call, Outcome},
    value::{
        Fault, Val, is_white_space,
        units::{Spot, between, length, part, spot},
    },
};

/// The longest string of any engine is far shorter.
const TOO_LONG: f64 = 4_294_967_296.0;

pub(crate) fn concat<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    if call.args.is_empty() {
        return Ok(Val::Text(text));
    }
    let mut out = owned(text, &call)?;
    for at in 0..call.args.len() {
        let part = call.text(at)?;
        call.budget.spend(part.len())?;
        out.push_str(&part);
    }
    Ok(Val::Text(out.into()))
}

pub(crate) fn repeat<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let count = call.integer(0)?;
    if count < 0.0 || count.is_infinite() {
        return Err(Fault::range("the count must be 0 or more, and finite"));
    }
    call.budget.spend(text.len().saturating_mul(count as usize))?;
    Ok(Val::Text(if text.is_empty() { text } else { text.repeat(count as usize).into() }))
}

pub(crate) fn pad_start<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let Some(padding) = padding(&text, &call)? else { return Ok(Val::Text(text)) };
    call.budget.spend(text.len())?;
    Ok(Val::Text((padding + &text).into()))
}

pub(crate) fn pad_end<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let Some(padding) = padding(&text, &call)? else { return Ok(Val::Text(text)) };
    Ok(Val::Text((owned(text, &call)? + &padding).into()))
}

/// What brings a text to the length that the first argument says; none when it is that long.
fn padding(text: &str, call: &Call<'_, '_>) -> Result<Option<String>, Fault> {
    let wanted = call.integer(0)?;
    let present = length(text);
    if wanted <= present as f64 {
        return Ok(None);
    }
    let filler = if call.is_undefined(1) { Cow::Borrowed(" ") } else { call.text(1)? };
    if filler.is_empty() {
        return Ok(None);
    }
    if wanted >= TOO_LONG {
        return Err(Fault::TooLarge);
    }
    let missing = wanted as usize - present;
    let (whole, rest) = (missing / length(&filler), missing % length(&filler));
    call.budget.spend(filler.len().saturating_mul(whole + 1))?;
    let rest = between(Cow::Borrowed(&filler), Spot::at(0), spot(&filler, rest), call.budget)?;
    Ok(Some(filler.repeat(whole) + &rest))
}

pub(crate) fn to_lower_case<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    call.made(text.to_lowercase())
}

pub(crate) fn to_upper_case<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    call.made(text.to_uppercase())
}

pub(crate) fn trim<'a>(text: Cow<'a, str>, _: Call<'a, '_>) -> Outcome<'a> {
    Ok(trimmed(text, true, true))
}

pub(crate) fn trim_start<'a>(text: Cow<'a, str>, _: Call<'a, '_>) -> Outcome<'a> {
    Ok(trimmed(text, true, false))
}

pub(crate) fn trim_end<'a>(text: Cow<'a, str>, _: Call<'a, '_>) -> Outcome<'a> {
    Ok(trimmed(text, false, true))
}

fn trimmed(text: Cow<'_, str>, start: bool, end: bool) -> Val<'_> {
    let to = if end { text.trim_end_matches(is_white_space).len() } else { text.len() };
    let rest = if start { text[..to].trim_start_matches(is_white_space).len() } else { to };
    Val::Text(part(text, to - rest..to))
}

fn owned(text: Cow<'_, str>, call: &Call<'_, '_>) -> Result<String, Fault> {
    if let Cow::Borrowed(text) = text {
        call.budget.spend(text.len())?;
    }
    Ok(text.into_owned())
}
