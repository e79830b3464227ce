//! Equality and order: ECMA-262's IsStrictlyEqual, IsLooselyEqual and IsLessThan.

use std::cmp::Ordering;

use super::{Fault, Primitive, Val, View, to_primitive};
use crate::budget::Budget;

/// `===`
pub(crate) fn strictly_equal(left: &Val<'_>, right: &Val<'_>) -> bool {
    match (left.view(), right.view()) {
        (View::Undefined, View::Undefined) | (View::Null, View::Null) => true,
        (View::Bool(a), View::Bool(b)) => a == b,
        (View::Number(a), View::Number(b)) => a == b,
        (View::Text(a), View::Text(b)) => a == b,
        (a, b) => a.is_object() && b.is_object() && left.is_same(right),
    }
}

/// ECMA-262's SameValueZero: `===`, but NaN is itself.
pub(crate) fn same_value_zero(left: &Val<'_>, right: &Val<'_>) -> bool {
    match (left.view(), right.view()) {
        (View::Number(a), View::Number(b)) if a.is_nan() => b.is_nan(),
        _ => strictly_equal(left, right),
    }
}

/// `==`
pub(crate) fn loosely_equal(left: &Val<'_>, right: &Val<'_>, budget: &Budget) -> Result<bool, Fault> {
    let (a, b) = (left.view(), right.view());
    if a.is_nullish() || b.is_nullish() {
        return Ok(a.is_nullish() && b.is_nullish());
    }
    if a.is_object() && b.is_object() {
        return Ok(left.is_same(right));
    }
    Ok(match (to_primitive(a, budget)?, to_primitive(b, budget)?) {
        (Primitive::Text(a), Primitive::Text(b)) => a == b,
        (a, b) => a.to_number() == b.to_number(),
    })
}

/// How the values compare with `<` and `>`; none when one is not a number, which makes every comparison false.
pub(crate) fn order(left: &Val<'_>, right: &Val<'_>, budget: &Budget) -> Result<Option<Ordering>, Fault> {
    Ok(match (to_primitive(left.view(), budget)?, to_primitive(right.view(), budget)?) {
        // JavaScript orders by UTF-16 units, which differs from Rust's order beyond U+FFFF.
        (Primitive::Text(a), Primitive::Text(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        (a, b) => a.to_number().partial_cmp(&b.to_number()),
    })
}

impl View<'_> {
    fn is_nullish(self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    fn is_object(self) -> bool {
        matches!(self, Self::Values(_) | Self::Items(_) | Self::Map(_) | Self::Fields(_) | Self::Demand)
    }
}
