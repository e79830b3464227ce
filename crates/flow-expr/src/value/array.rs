//! Arrays, wherever they are held.

use std::ops::Range;

use serde_json::Value;

use super::{Val, View};

/// The elements of an array, looked at.
#[derive(Clone, Copy)]
pub(crate) enum Elements<'v> {
    Values(&'v [Value]),
    Items(&'v [Val<'v>]),
}

impl<'v> Elements<'v> {
    pub(crate) fn of(value: &'v Val<'_>) -> Option<Self> {
        match value.view() {
            View::Values(values) => Some(Self::Values(values)),
            View::Items(items) => Some(Self::Items(items)),
            _ => None,
        }
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Items(items) => items.len(),
        }
    }

    /// Whether `test` holds for the element at a position.
    pub(crate) fn is(self, at: usize, test: impl Fn(&Val<'_>) -> bool) -> bool {
        match self {
            Self::Values(values) => values.get(at).is_some_and(|value| test(&Val::Borrowed(value))),
            Self::Items(items) => items.get(at).is_some_and(test),
        }
    }
}

impl<'a> Val<'a> {
    pub(crate) fn is_array(&self) -> bool {
        Elements::of(self).is_some()
    }

    /// How many elements an array has; none of another value.
    pub(crate) fn array_length(&self) -> usize {
        Elements::of(self).map_or(0, Elements::len)
    }

    /// Elements of an array, moved out or borrowed; none of another value.
    pub(crate) fn into_elements(self, range: Range<usize>) -> Vec<Self> {
        let borrowed = |value: &'a Value| match value {
            Value::Array(items) => items[range.clone()].iter().map(Val::Borrowed).collect(),
            _ => Vec::new(),
        };
        match self {
            Self::Borrowed(value) => borrowed(value),
            Self::Shared(value) => borrowed(value),
            Self::Owned(Value::Array(mut items)) => items.drain(range).map(Val::Owned).collect(),
            Self::Array(mut items) => {
                items.truncate(range.end);
                items.drain(..range.start);
                items
            }
            _ => Vec::new(),
        }
    }
}
