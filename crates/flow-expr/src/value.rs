//! The values that an evaluation works on.
//!
//! JSON values are borrowed from the scope, and a literal's parts are held unjoined, so nothing is copied until a
//! result must be JSON of its own. The rules of JavaScript are in the modules below; which node uses which rule is
//! the evaluator's business.

mod array;
mod compare;
mod convert;
mod integer;
mod json;
mod member;
mod number;
pub(crate) mod units;

use std::{borrow::Cow, ptr, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{
    functions::FunctionError,
    scope::{Lookup, Object},
};

pub(crate) use array::Elements;
pub(crate) use compare::{loosely_equal, order, same_value_zero, strictly_equal};
pub(crate) use convert::{Primitive, add, join, to_number, to_primitive, to_text};
pub(crate) use integer::{clamped, element, relative, to_int32, to_integer, to_uint32};
pub(crate) use json::{into_json, into_shared, to_json_text, write_text};
pub(crate) use member::{Key, copied_fields, copied_items, has_member, sort_index_keys, to_key};
pub(crate) use number::{array_index, is_white_space, number_to_text, power, radix_to_number};

/// What goes wrong with values alone; the evaluator adds the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An object whose own `toString` hides the built-in one has no text and no number.
    NoPrimitive,
    /// The budget is spent.
    TooLarge,
    /// JavaScript's `TypeError`, with what is wrong.
    Type(String),
    /// A function can't do what it is asked to.
    Function(FunctionError),
}

impl Fault {
    /// JavaScript's `RangeError`.
    pub(crate) fn range(message: impl Into<String>) -> Self {
        Self::Function(FunctionError::new("range_error", message))
    }
}

impl From<FunctionError> for Fault {
    fn from(error: FunctionError) -> Self {
        Self::Function(error)
    }
}

/// The members of an object that an expression made.
pub(crate) type Fields<'a> = IndexMap<Cow<'a, str>, Val<'a>>;

/// A JavaScript value.
pub(crate) enum Val<'a> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// Part of a JSON value.
    Borrowed(&'a Value),
    /// A whole JSON value, which can be shared on.
    Shared(&'a Arc<Value>),
    /// An object made on demand.
    Demand(&'a dyn Object),
    /// A JSON value that was made on demand.
    Owned(Value),
    /// An array that the expression made.
    Array(Vec<Val<'a>>),
    /// An object that the expression made.
    Object(Box<Fields<'a>>),
}

/// A look at a value, wherever it is held.
#[derive(Clone, Copy)]
pub(crate) enum View<'v> {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(&'v str),
    Values(&'v [Value]),
    Items(&'v [Val<'v>]),
    Map(&'v Map<String, Value>),
    Fields(&'v Fields<'v>),
    Demand,
}

impl<'a> Val<'a> {
    /// The value of a lookup; none when the name is unknown.
    pub(crate) fn found(lookup: Lookup<'a>) -> Option<Self> {
        match lookup {
            Lookup::Value(value) => Some(Self::Shared(value)),
            Lookup::Part(value) => Some(Self::Borrowed(value)),
            Lookup::Object(object) => Some(Self::Demand(object)),
            Lookup::Undefined => Some(Self::Undefined),
            Lookup::Unknown => None,
        }
    }

    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Undefined => View::Undefined,
            Self::Null => View::Null,
            Self::Bool(value) => View::Bool(*value),
            Self::Number(value) => View::Number(*value),
            Self::Text(value) => View::Text(value),
            Self::Borrowed(value) => View::of(value),
            Self::Shared(value) => View::of(value),
            Self::Demand(_) => View::Demand,
            Self::Owned(value) => View::of(value),
            Self::Array(items) => View::Items(items),
            Self::Object(fields) => View::Fields(fields),
        }
    }

    /// A text, wherever it is held; else the value itself.
    pub(crate) fn into_own_text(self) -> Result<Cow<'a, str>, Self> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Borrowed(Value::String(text)) => Ok(Cow::Borrowed(text)),
            Self::Shared(value) => value.as_str().map(Cow::Borrowed).ok_or(self),
            Self::Owned(Value::String(text)) => Ok(Cow::Owned(text)),
            value => Err(value),
        }
    }

    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self.view(), View::Undefined | View::Null)
    }

    pub(crate) fn is_truthy(&self) -> bool {
        match self.view() {
            View::Undefined | View::Null => false,
            View::Bool(value) => value,
            View::Number(value) => value != 0.0 && !value.is_nan(),
            View::Text(value) => !value.is_empty(),
            View::Values(_) | View::Items(_) | View::Map(_) | View::Fields(_) | View::Demand => true,
        }
    }

    /// What `typeof` says.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.view() {
            View::Undefined => "undefined",
            View::Bool(_) => "boolean",
            View::Number(_) => "number",
            View::Text(_) => "string",
            _ => "object",
        }
    }

    /// Whether both are the same array or object, not two that look alike. What an expression makes is always new.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self.address(), other.address()) {
            (Some(a), Some(b)) => ptr::eq(a, b),
            _ => matches!((self, other), (Self::Demand(a), Self::Demand(b)) if ptr::addr_eq(*a, *b)),
        }
    }

    fn address(&self) -> Option<*const Value> {
        match self {
            Self::Borrowed(value) => Some(*value),
            Self::Shared(value) => Some(Arc::as_ptr(value)),
            _ => None,
        }
    }
}

impl<'v> View<'v> {
    pub(crate) fn of(value: &'v Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            // Only numbers of arbitrary precision, which are not enabled, could fail to be a double.
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::Values(items),
            Value::Object(map) => Self::Map(map),
        }
    }
}
