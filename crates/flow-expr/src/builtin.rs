//! Built-in methods, functions and constants: JavaScript's own and those of the flow language.
//!
//! What is called is decided when an expression is parsed, by the name alone: a method by its name, whatever it is
//! called on, and a function by the path to it (`Math.max`). A name that isn't in the tables, and a call of a shape
//! that needs more than is here (see [`Shape`]), is not native. So every call that is native can be evaluated natively
//! for all values: one on a value that has no such method is the `TypeError` that JavaScript throws.
//!
//! The functions don't know the tree or the scope. They get their arguments evaluated, convert them by the rules of
//! ECMA-262, and pay for what they make.

mod call;
mod flow;
mod function;
mod items;
mod json;
mod math;
mod method;
mod number;
mod object;
mod text;
mod uri;

use crate::value::{Fault, Val};

pub(crate) use call::Call;
pub(crate) use function::{Function, constant, function};
pub(crate) use method::{Method, method};

/// What a call comes to.
type Outcome<'a> = Result<Val<'a>, Fault>;

/// The arguments with which a call is native.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Any.
    Any,
    /// One, since a second would be a function that is called back.
    One,
    /// None, or the literal 10: the digits of a fraction in another base are each engine's own.
    Decimal,
    /// A value, then nothing or null and an indent: a replacer is called back, or is a list of keys.
    Json,
    /// No function as the second: it would be called back.
    NoCallback,
}
