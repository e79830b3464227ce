//! The methods, by the name and the type of what they are called on.

use std::borrow::Cow;

use super::{
    Call, Outcome, Shape, items, number,
    text::{self, make, replace, search, split},
};
use crate::value::{Val, View, to_text};

type OnText = for<'a> fn(Cow<'a, str>, Call<'a, '_>) -> Outcome<'a>;
type OnValue = for<'a> fn(Val<'a>, Call<'a, '_>) -> Outcome<'a>;
type OnNumber = for<'a> fn(f64, Call<'a, '_>) -> Outcome<'a>;

/// A method of one or more types.
#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    on_text: Option<OnText>,
    on_array: Option<OnValue>,
    on_number: Option<OnNumber>,
    /// What values of the other types do, and of these if they have nothing of their own.
    on_any: Option<OnValue>,
}

const fn method_named(name: &'static str) -> Method {
    Method { name, shape: Shape::Any, on_text: None, on_array: None, on_number: None, on_any: None }
}

const fn of_text(name: &'static str, on_text: OnText) -> Method {
    Method { on_text: Some(on_text), ..method_named(name) }
}

const fn of_array(name: &'static str, on_array: OnValue) -> Method {
    Method { on_array: Some(on_array), ..method_named(name) }
}

const fn of_both(name: &'static str, on_text: OnText, on_array: OnValue) -> Method {
    Method { on_text: Some(on_text), on_array: Some(on_array), ..method_named(name) }
}

const fn of_any(name: &'static str, shape: Shape, on_any: OnValue) -> Method {
    Method { shape, on_any: Some(on_any), ..method_named(name) }
}

static METHODS: &[Method] = &[
    of_both("at", text::at, items::at),
    of_text("charAt", text::char_at),
    of_text("charCodeAt", text::char_code_at),
    of_text("codePointAt", text::code_point_at),
    of_both("concat", make::concat, items::concat),
    of_text("endsWith", search::ends_with),
    of_array("flat", items::flat),
    of_both("includes", search::includes, items::includes),
    of_both("indexOf", search::index_of, items::index_of),
    of_array("join", items::join),
    of_both("lastIndexOf", search::last_index_of, items::last_index_of),
    of_text("padEnd", make::pad_end),
    of_text("padStart", make::pad_start),
    of_text("repeat", make::repeat),
    Method { shape: Shape::NoCallback, ..of_text("replace", replace::replace) },
    Method { shape: Shape::NoCallback, ..of_text("replaceAll", replace::replace_all) },
    of_both("slice", text::slice, items::slice),
    of_text("split", split::split),
    of_text("startsWith", search::starts_with),
    of_text("substr", text::substr),
    of_text("substring", text::substring),
    Method { on_number: Some(number::to_fixed), ..method_named("toFixed") },
    of_text("toLowerCase", make::to_lower_case),
    of_array("toReversed", items::to_reversed),
    of_any("toString", Shape::Decimal, to_string),
    of_text("toUpperCase", make::to_upper_case),
    of_text("trim", make::trim),
    of_text("trimEnd", make::trim_end),
    of_text("trimStart", make::trim_start),
    of_any("valueOf", Shape::Any, |value, _| Ok(value)),
    of_array("with", items::with),
];

/// The method of a name, if it is native.
pub(crate) fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

impl Method {
    /// Whether a value of this type has the method. Members of objects are not looked at.
    pub(crate) fn is_of(&self, value: &Val<'_>) -> bool {
        let own = match value.view() {
            View::Text(_) => self.on_text.is_some(),
            View::Number(_) => self.on_number.is_some(),
            View::Values(_) | View::Items(_) => self.on_array.is_some(),
            _ => false,
        };
        own || self.on_any.is_some()
    }

    /// The types that have the method, as a message names them.
    pub(crate) fn types(&self) -> &'static str {
        match (self.on_text, self.on_array) {
            (Some(_), Some(_)) => "texts and arrays",
            (Some(_), None) => "texts",
            (None, Some(_)) => "arrays",
            (None, None) if self.on_any.is_some() => "all values",
            (None, None) => "numbers",
        }
    }

    /// Calls the method on a value that has it.
    pub(crate) fn call<'a>(&self, receiver: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
        let receiver = match (self.on_text, receiver.into_own_text()) {
            (Some(on_text), Ok(text)) => return on_text(text, call),
            (None, Ok(text)) => Val::Text(text),
            (_, Err(receiver)) => receiver,
        };
        match (receiver.view(), self.on_array, self.on_number, self.on_any) {
            (View::Values(_) | View::Items(_), Some(on_array), _, _) => on_array(receiver, call),
            (View::Number(number), _, Some(on_number), _) => on_number(number, call),
            (_, _, _, Some(on_any)) => on_any(receiver, call),
            // The caller has asked whether the value has the method.
            _ => Ok(Val::Undefined),
        }
    }
}

/// `toString` of every type: that of an object, whose own member would hide it, is `[object Object]`.
fn to_string<'a>(value: Val<'a>, call: Call<'a, '_>) -> Outcome<'a> {
    match value.into_own_text() {
        Ok(text) => Ok(Val::Text(text)),
        Err(value) => Ok(Val::Text(to_text(&value, call.budget)?.into_owned().into())),
    }
}
