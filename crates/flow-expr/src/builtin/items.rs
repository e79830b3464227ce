//! Methods of arrays that need no function. Those that change the array are not here: values don't change.

use super::{Call, Outcome};
use crate::{
    budget::VALUE_COST,
    value::{
        Elements, Fault, Key, Val, View, clamped, copied_items, element, join as joined, relative,
        same_value_zero, strictly_equal,
    },
};

pub(super) fn at<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let at = element(call.integer(0)?, array.array_length()).and_then(|at| u32::try_from(at).ok());
    Ok(at.and_then(|at| array.member(&Key::Index(at))).unwrap_or(Val::Undefined))
}

pub(super) fn concat<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let mut out = whole(array, &call)?;
    let budget = call.budget;
    for arg in call.args {
        if arg.is_array() {
            out.extend(copied_items(arg, budget)?.unwrap_or_default());
        } else {
            budget.spend(VALUE_COST)?;
            out.push(arg);
        }
    }
    Ok(Val::Array(out))
}

pub(super) fn flat<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let depth = call.integer_or(0, 1.0)?;
    let mut out = Vec::new();
    // The arrays that are being read, from the outermost one.
    let mut open = vec![whole(array, &call)?.into_iter()];
    while let Some(innermost) = open.last_mut() {
        match innermost.next() {
            Some(item) if item.is_array() && open.len() as f64 <= depth => {
                open.push(whole(item, &call)?.into_iter());
            }
            Some(item) => out.push(item),
            None => drop(open.pop()),
        }
    }
    Ok(Val::Array(out))
}

pub(super) fn includes<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let from = first(&array, &call)?;
    let wanted = |item: &Val<'_>| same_value_zero(item, call.arg(0));
    let found = Elements::of(&array).is_some_and(|items| (from..items.len()).any(|at| items.is(at, wanted)));
    Ok(Val::Bool(found))
}

pub(super) fn index_of<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let from = first(&array, &call)?;
    let wanted = |item: &Val<'_>| strictly_equal(item, call.arg(0));
    let found = Elements::of(&array).and_then(|items| (from..items.len()).find(|&at| items.is(at, wanted)));
    Ok(position(found))
}

pub(super) fn last_index_of<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let length = array.array_length();
    if length == 0 {
        return Ok(position(None));
    }
    // Unlike elsewhere, an undefined that is written is 0, and one that is left out is the end.
    let latest = if call.args.len() > 1 { call.integer(1)? } else { f64::INFINITY };
    let end = clamped(if latest < 0.0 { length as f64 + latest } else { latest } + 1.0, length);
    let wanted = |item: &Val<'_>| strictly_equal(item, call.arg(0));
    let found = Elements::of(&array).and_then(|items| (0..end).rev().find(|&at| items.is(at, wanted)));
    Ok(position(found))
}

/// Where a search begins. In an array without elements there is none, and where is not even looked at.
fn first(array: &Val<'_>, call: &Call<'_, '_>) -> Result<usize, Fault> {
    match array.array_length() {
        0 => Ok(0),
        length => Ok(relative(call.integer(1)?, length)),
    }
}

fn position<'a>(found: Option<usize>) -> Val<'a> {
    Val::Number(found.map_or(-1.0, |at| at as f64))
}

pub(super) fn join<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let separator = if call.is_undefined(0) { ",".into() } else { call.text(0)? };
    let text = match array.view() {
        View::Values(items) => joined(items.iter().map(View::of), &separator, call.budget)?,
        View::Items(items) => joined(items.iter().map(Val::view), &separator, call.budget)?,
        _ => String::new(),
    };
    Ok(Val::Text(text.into()))
}

pub(super) fn slice<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let length = array.array_length();
    let from = relative(call.integer(0)?, length);
    let to = relative(call.integer_or(1, f64::INFINITY)?, length).max(from);
    call.budget.spend((to - from).saturating_mul(VALUE_COST))?;
    Ok(Val::Array(array.into_elements(from..to)))
}

pub(super) fn to_reversed<'a>(array: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    let mut items = whole(array, &call)?;
    items.reverse();
    Ok(Val::Array(items))
}

pub(super) fn with<'a>(array: Val<'a>, mut call: Call<'a, '_>) -> Outcome<'a> {
    let length = array.array_length();
    let Some(at) = element(call.integer(0)?, length) else {
        return Err(Fault::range(format!("the index must be that of one of the array's {length} elements")));
    };
    let mut items = whole(array, &call)?;
    items[at] = call.take(1);
    Ok(Val::Array(items))
}

/// All elements of an array, paid for.
fn whole<'a>(array: Val<'a>, call: &Call<'a, '_>) -> Result<Vec<Val<'a>>, Fault> {
    Ok(copied_items(array, call.budget)?.unwrap_or_default())
}
