//! Conversions between the types: ECMA-262's ToPrimitive, ToString, ToNumber and the `+` operator.
//!
//! JSON's arrays and objects inherit nothing but the built-in methods, so an array is its joined elements and an
//! object is `[object Object]`; an own member named `toString` hides the built-in one and can't be called.

use std::borrow::Cow;

use super::{
    Fault, Val, View,
    number::{number_to_text, text_to_number},
};
use crate::budget::Budget;

const OBJECT_TEXT: &str = "[object Object]";

/// A value that is no array and no object.
pub(crate) enum Primitive<'v> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'v, str>),
}

impl<'v> Primitive<'v> {
    pub(crate) fn to_number(&self) -> f64 {
        match self {
            Self::Undefined => f64::NAN,
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::Text(text) => text_to_number(text),
        }
    }

    pub(crate) fn into_text(self) -> Cow<'v, str> {
        match self {
            Self::Undefined => Cow::Borrowed("undefined"),
            Self::Null => Cow::Borrowed("null"),
            Self::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Number(value) => number_to_text(value),
            Self::Text(text) => text,
        }
    }
}

/// ToPrimitive. The hint makes no difference to values of JSON.
pub(crate) fn to_primitive<'v>(view: View<'v>, budget: &Budget) -> Result<Primitive<'v>, Fault> {
    Ok(match view {
        View::Undefined => Primitive::Undefined,
        View::Null => Primitive::Null,
        View::Bool(value) => Primitive::Bool(value),
        View::Number(value) => Primitive::Number(value),
        View::Text(text) => Primitive::Text(Cow::Borrowed(text)),
        View::Values(items) => Primitive::Text(join(items.iter().map(View::of), ",", budget)?.into()),
        View::Items(items) => Primitive::Text(join(items.iter().map(Val::view), ",", budget)?.into()),
        View::Map(map) => object_text(map.contains_key("toString"))?,
        View::Fields(fields) => object_text(fields.contains_key("toString"))?,
        View::Demand => object_text(false)?,
    })
}

fn object_text(hidden: bool) -> Result<Primitive<'static>, Fault> {
    if hidden { Err(Fault::NoPrimitive) } else { Ok(Primitive::Text(Cow::Borrowed(OBJECT_TEXT))) }
}

/// `Array.prototype.join`.
pub(crate) fn join<'v>(
    items: impl Iterator<Item = View<'v>>,
    separator: &str,
    budget: &Budget,
) -> Result<String, Fault> {
    let mut out = String::new();
    for (at, item) in items.enumerate() {
        if at > 0 {
            budget.spend(separator.len())?;
            out.push_str(separator);
        }
        if !matches!(item, View::Undefined | View::Null) {
            let text = to_primitive(item, budget)?.into_text();
            budget.spend(text.len())?;
            out.push_str(&text);
        }
    }
    Ok(out)
}

pub(crate) fn to_number(value: &Val<'_>, budget: &Budget) -> Result<f64, Fault> {
    Ok(to_primitive(value.view(), budget)?.to_number())
}

pub(crate) fn to_text<'v>(value: &'v Val<'_>, budget: &Budget) -> Result<Cow<'v, str>, Fault> {
    Ok(to_primitive(value.view(), budget)?.into_text())
}

/// The `+` operator. A text that was made already is appended to, so a long chain costs its length only once.
pub(crate) fn add<'a>(left: Val<'a>, right: &Val<'_>, budget: &Budget) -> Result<Val<'a>, Fault> {
    let right = to_primitive(right.view(), budget)?;
    if let Val::Text(text) = left {
        return append(text.into_owned_within(budget)?, right, budget);
    }
    match (to_primitive(left.view(), budget)?, right) {
        (Primitive::Text(text), right) => append(text.into_owned_within(budget)?, right, budget),
        (left, right @ Primitive::Text(_)) => append(left.into_text().into_owned(), right, budget),
        (left, right) => Ok(Val::Number(left.to_number() + right.to_number())),
    }
}

fn append<'a>(mut text: String, right: Primitive<'_>, budget: &Budget) -> Result<Val<'a>, Fault> {
    let right = right.into_text();
    budget.spend(right.len())?;
    text.push_str(&right);
    Ok(Val::Text(text.into()))
}

trait IntoOwnedWithin {
    /// Copies the text if it is borrowed, and pays for that.
    fn into_owned_within(self, budget: &Budget) -> Result<String, Fault>;
}

impl IntoOwnedWithin for Cow<'_, str> {
    fn into_owned_within(self, budget: &Budget) -> Result<String, Fault> {
        match self {
            Cow::Owned(text) => Ok(text),
            Cow::Borrowed(text) => {
                budget.spend(text.len())?;
                Ok(text.to_owned())
            }
        }
    }
}

/// The elements that a spread in an array copies, for a text: its characters.
pub(super) fn characters<'a>(text: &Cow<'a, str>) -> Vec<Val<'a>> {
    match text {
        Cow::Borrowed(text) => text.split_inclusive(|_| true).map(|c| Val::Text(Cow::Borrowed(c))).collect(),
        Cow::Owned(text) => text.chars().map(|c| Val::Text(c.to_string().into())).collect(),
    }
}
