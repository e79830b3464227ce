//! Where an expression's names get their values.
//!
//! The traits borrow: a context of megabytes is read in place, and a group such as `steps` need not be
//! gathered into one value to read one member of it.

use std::sync::Arc;

use serde_json::Value;

/// Gives names their values.
pub trait Scope {
    /// Looks a name up.
    fn lookup(&self, name: &str) -> Lookup<'_>;

    /// The names that can be written, asked for only to suggest one in an error.
    fn names(&self) -> Vec<String>;
}

/// An object made on demand, whose members are looked up one by one.
pub trait Object {
    /// Looks a member up. An unknown member is an error, as an unknown name is; an undefined one is `undefined`.
    fn member(&self, key: &str) -> Lookup<'_>;

    /// The whole object, made when an expression uses it as a value.
    fn to_value(&self) -> Value;

    /// The members that can be written, asked for only to suggest one in an error.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a name or a member stands for.
#[derive(Clone, Copy)]
pub enum Lookup<'a> {
    /// It has this value.
    Value(&'a Arc<Value>),
    /// It has this value, which is a part of a larger one.
    Part(&'a Value),
    /// It has these members.
    Object(&'a dyn Object),
    /// It could get a value and has none yet.
    Undefined,
    /// Nothing can give it a value.
    Unknown,
}
