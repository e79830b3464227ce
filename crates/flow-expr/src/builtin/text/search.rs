//! Methods that look for one text in another. The search takes time in proportion to the text.

use std::borrow::Cow;

use crate::{
    builtin::{Call, Outcome},
    value::{
        Val, to_integer,
        units::{length, spot},
    },
};

pub(crate) fn includes<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let from = spot(&text, call.integer(1)?.max(0.0) as usize).next_whole();
    Ok(Val::Bool(text[from..].contains(&*call.text(0)?)))
}

pub(crate) fn starts_with<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let from = spot(&text, call.integer(1)?.max(0.0) as usize);
    let wanted = call.text(0)?;
    // Nothing that a text here can hold begins with the second half of a pair.
    let found = if from.half { wanted.is_empty() } else { text[from.byte..].starts_with(&*wanted) };
    Ok(Val::Bool(found))
}

pub(crate) fn ends_with<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let to = spot(&text, call.integer_or(1, f64::INFINITY)?.max(0.0) as usize);
    let wanted = call.text(0)?;
    let found = if to.half { wanted.is_empty() } else { text[..to.byte].ends_with(&*wanted) };
    Ok(Val::Bool(found))
}

pub(crate) fn index_of<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let from = call.integer(1)?.max(0.0) as usize;
    let wanted = call.text(0)?;
    if wanted.is_empty() {
        return Ok(position(from.min(length(&text))));
    }
    let start = spot(&text, from).next_whole();
    Ok(match text[start..].find(&*wanted) {
        Some(found) => position(length(&text[..start + found])),
        None => Val::Number(-1.0),
    })
}

pub(crate) fn last_index_of<'a>(text: Cow<'a, str>, call: Call<'a, '_>) -> Outcome<'a> {
    let latest = call.number(1)?;
    let latest = if latest.is_nan() { f64::INFINITY } else { to_integer(latest) }.max(0.0) as usize;
    let wanted = call.text(0)?;
    if wanted.is_empty() {
        return Ok(position(latest.min(length(&text))));
    }
    let end = spot(&text, latest).byte.saturating_add(wanted.len());
    Ok(match text[..text.floor_char_boundary(end)].rfind(&*wanted) {
        Some(found) => position(length(&text[..found])),
        None => Val::Number(-1.0),
    })
}

fn position<'a>(units: usize) -> Val<'a> {
    Val::Number(units as f64)
}
