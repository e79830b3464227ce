//! Where an expression's names get their values.
//!
//! The traits borrow: a context of megabytes is read in place, and a group such as `steps` need not be
//! gathered into one value to read one member of it.

use std::sync::Arc;

use serde_json::Value;

use crate::{Ambient, Scripts};

/// Gives names their values.
pub trait Scope {
    /// Looks a name up.
    fn lookup(&self, name: &str) -> Lookup<'_>;

    /// The names that can be written, asked for only to suggest one in an error.
    fn names(&self) -> Vec<String>;

    /// What functions of time and chance go by; without it they are errors.
    fn ambient(&self) -> Option<&Ambient> {
        None
    }

    /// The link that answers the wait of a step; none when the step has none to answer.
    fn resume_url(&self, _step: &str) -> Option<String> {
        None
    }

    /// The steps that have such a link.
    fn resumable(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// The scripts of this evaluation; without them, what isn't evaluated natively is an error.
    fn scripts(&self) -> Option<&Scripts> {
        None
    }
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
