//! Members: property keys, member access and the copies that a spread makes.
//!
//! Only own properties exist. Texts are indexed by UTF-16 unit, as in JavaScript; half of a surrogate pair, which
//! a Rust string can't hold, reads as U+FFFD.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    Fault, Fields, Val, View,
    convert::characters,
    number::array_index,
    to_text,
    units::{self, HALF_PAIR},
};
use crate::{
    budget::{Budget, VALUE_COST},
    scope::Lookup,
};

/// A property key.
#[derive(Clone)]
pub(crate) enum Key<'k> {
    Name(Cow<'k, str>),
    Index(u32),
}

impl<'k> Key<'k> {
    pub(crate) fn into_name(self) -> Cow<'k, str> {
        match self {
            Self::Name(name) => name,
            Self::Index(index) => Cow::Owned(index.to_string()),
        }
    }

    fn index(&self) -> Option<usize> {
        match self {
            Self::Name(name) => array_index(name).map(|index| index as usize),
            Self::Index(index) => Some(*index as usize),
        }
    }

    fn is_length(&self) -> bool {
        matches!(self, Self::Name(name) if name == "length")
    }
}

/// ToPropertyKey.
pub(crate) fn to_key<'v>(value: &'v Val<'_>, budget: &Budget) -> Result<Key<'v>, Fault> {
    if let View::Number(number) = value.view()
        && number >= 0.0
        && number < f64::from(u32::MAX)
        && number.fract() == 0.0
    {
        return Ok(Key::Index(number as u32));
    }
    Ok(Key::Name(to_text(value, budget)?))
}

impl<'a> Val<'a> {
    /// The member of a value that is neither undefined nor null; none when nothing can define it.
    pub(crate) fn member(self, key: &Key<'_>) -> Option<Self> {
        Some(match self {
            Self::Borrowed(value) => member_of(value, key),
            Self::Shared(value) => member_of(value, key),
            Self::Demand(object) => return Self::found(demand(object, key)),
            Self::Text(text) => member_of_text(&text, key),
            Self::Owned(value) => member_of_owned(value, key),
            Self::Array(mut items) => match key.index() {
                Some(index) if index < items.len() => items.swap_remove(index),
                _ if key.is_length() => count(items.len()),
                _ => Self::Undefined,
            },
            Self::Object(mut fields) => {
                fields.swap_remove(&*key.clone().into_name()).unwrap_or(Self::Undefined)
            }
            Self::Undefined | Self::Null | Self::Bool(_) | Self::Number(_) => Self::Undefined,
        })
    }
}

fn demand<'a>(object: &'a dyn crate::scope::Object, key: &Key<'_>) -> Lookup<'a> {
    match key {
        Key::Name(name) => object.member(name),
        Key::Index(index) => object.member(&index.to_string()),
    }
}

fn member_of<'a>(value: &'a Value, key: &Key<'_>) -> Val<'a> {
    let found = match (value, key) {
        (Value::Object(map), Key::Name(name)) => map.get(&**name),
        (Value::Object(map), Key::Index(index)) => map.get(&index.to_string()),
        (Value::Array(items), _) => match key.index() {
            Some(index) => items.get(index),
            None if key.is_length() => return count(items.len()),
            None => None,
        },
        (Value::String(text), _) => return member_of_text(&Cow::Borrowed(text), key),
        _ => None,
    };
    found.map_or(Val::Undefined, Val::Borrowed)
}

fn member_of_owned<'a>(value: Value, key: &Key<'_>) -> Val<'a> {
    match value {
        Value::Object(mut map) => {
            map.swap_remove(&*key.clone().into_name()).map_or(Val::Undefined, Val::Owned)
        }
        Value::Array(mut items) => match key.index() {
            Some(index) if index < items.len() => Val::Owned(items.swap_remove(index)),
            _ if key.is_length() => count(items.len()),
            _ => Val::Undefined,
        },
        Value::String(text) => member_of_text(&Cow::Owned(text), key),
        _ => Val::Undefined,
    }
}

fn member_of_text<'a>(text: &Cow<'a, str>, key: &Key<'_>) -> Val<'a> {
    match key.index() {
        Some(index) => unit(text, index).map_or(Val::Undefined, Val::Text),
        None if key.is_length() => count(units::length(text)),
        None => Val::Undefined,
    }
}

fn count<'a>(count: usize) -> Val<'a> {
    Val::Number(count as f64)
}

/// The UTF-16 unit at `index`.
fn unit<'a>(text: &Cow<'a, str>, index: usize) -> Option<Cow<'a, str>> {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if index < units + c.len_utf16() {
            return Some(match text {
                _ if c.len_utf16() > 1 => Cow::Borrowed(HALF_PAIR),
                Cow::Borrowed(text) => Cow::Borrowed(&text[at..at + c.len_utf8()]),
                Cow::Owned(_) => Cow::Owned(c.to_string()),
            });
        }
        units += c.len_utf16();
    }
    None
}

/// A text; none when the value is something else.
fn own_text<'a>(value: &Val<'a>) -> Option<Cow<'a, str>> {
    match value {
        Val::Text(text) => Some(text.clone()),
        Val::Borrowed(value) => value.as_str().map(Cow::Borrowed),
        Val::Shared(value) => value.as_str().map(Cow::Borrowed),
        Val::Owned(value) => value.as_str().map(|text| Cow::Owned(text.to_owned())),
        _ => None,
    }
}

/// The operator `in`: whether an object or array has a member. One without a value yet counts as missing.
pub(crate) fn has_member(value: &Val<'_>, key: &Key<'_>) -> Result<bool, Fault> {
    let has_item = |length| key.is_length() || key.index().is_some_and(|index| index < length);
    Ok(match value.view() {
        View::Map(map) => map.contains_key(&*key.clone().into_name()),
        View::Fields(fields) => fields.contains_key(&*key.clone().into_name()),
        View::Values(items) => has_item(items.len()),
        View::Items(items) => has_item(items.len()),
        View::Demand => match value {
            Val::Demand(object) => !matches!(demand(*object, key), Lookup::Unknown | Lookup::Undefined),
            _ => false,
        },
        View::Undefined | View::Null | View::Bool(_) | View::Number(_) | View::Text(_) => {
            return Err(Fault::Type("the right side of `in` must be an object or array".to_owned()));
        }
    })
}

/// The elements that `...value` adds to an array; none when the value is no array and no text.
pub(crate) fn copied_items<'a>(value: Val<'a>, budget: &Budget) -> Result<Option<Vec<Val<'a>>>, Fault> {
    if let Some(text) = own_text(&value) {
        budget.spend(text.len().saturating_mul(VALUE_COST))?;
        return Ok(Some(characters(&text)));
    }
    if !value.is_array() {
        return Ok(None);
    }
    let length = value.array_length();
    budget.spend(length.saturating_mul(VALUE_COST))?;
    Ok(Some(value.into_elements(0..length)))
}

/// Adds what `...value` adds to an object: nothing for a value without members.
pub(crate) fn copied_fields<'a>(
    value: Val<'a>,
    fields: &mut Fields<'a>,
    budget: &Budget,
) -> Result<(), Fault> {
    let spend = |key: &str| budget.spend(key.len() + VALUE_COST);
    if let Some(text) = own_text(&value) {
        budget.spend(text.len().saturating_mul(VALUE_COST))?;
        let units = units::each(&text).enumerate();
        fields.extend(units.map(|(index, unit)| (Cow::Owned(index.to_string()), Val::Text(unit))));
        return Ok(());
    }
    let value = match value {
        Val::Demand(object) => Val::Owned(object.to_value()),
        Val::Shared(value) => Val::Borrowed(value),
        value => value,
    };
    match value {
        Val::Object(own) => fields.extend(*own),
        Val::Borrowed(Value::Object(map)) => {
            for (key, value) in map {
                spend(key)?;
                fields.insert(Cow::Borrowed(key), Val::Borrowed(value));
            }
        }
        Val::Owned(Value::Object(map)) => {
            for (key, value) in map {
                spend(&key)?;
                fields.insert(Cow::Owned(key), Val::Owned(value));
            }
        }
        value => {
            for (index, item) in copied_items(value, budget)?.into_iter().flatten().enumerate() {
                fields.insert(Cow::Owned(index.to_string()), item);
            }
        }
    }
    Ok(())
}

/// Puts keys that are array indexes first and in order, as JavaScript's objects do.
pub(crate) fn sort_index_keys(fields: &mut Fields<'_>) {
    if fields.keys().any(|key| array_index(key).is_some()) {
        fields.sort_by_cached_key(|key, _| index_first(key));
    }
}

/// What to sort keys by, so that array indexes come first and in order.
pub(super) fn index_first(key: &str) -> u64 {
    array_index(key).map_or(u64::MAX, u64::from)
}
