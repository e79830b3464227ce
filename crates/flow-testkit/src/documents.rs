//! Flow documents as JSON, written in a line a step.
//!
//! The builder links each step to the one added after it, unless a successor was named or the step ends its
//! path, and adds nothing else: what it builds is what an author could have written. It checks nothing, so
//! that tests can build faulty documents too.

mod builder;

use serde_json::{Value, json};

pub use builder::Builder;

/// Begins a document with that name and no step.
pub fn flow(name: &str) -> Builder {
    Builder::new(name)
}

/// A field of a trigger that must be given.
pub fn required(name: &str, field_type: &str) -> Value {
    json!({ "name": name, "type": field_type, "required": true })
}

/// A field of a trigger that may be left out.
pub fn optional(name: &str, field_type: &str) -> Value {
    json!({ "name": name, "type": field_type })
}

/// A field of a trigger that has a default.
pub fn defaulted(name: &str, field_type: &str, default: impl Into<Value>) -> Value {
    let default: Value = default.into();
    json!({ "name": name, "type": field_type, "default": default })
}

#[cfg(test)]
mod tests;
