//! What a schema comes to once everything that it refers to stands in its place.
//!
//! A few lines whose parts refer to each other twice, and twice again, come to more than can be checked in a lifetime,
//! and a long chain of them needs more stack than there is. So both are bounded before anything is made of a schema.

use serde_json::Value;

/// The most values in a schema, those that it refers to counted each time.
const MOST_PARTS: usize = 10_000;
/// How deep they may lie.
const MOST_LEVELS: usize = 200;

/// Looks whether a schema is small enough, and refers to its own parts alone. What it has that makes its checks take
/// more time than its size and the value's account for; nothing in most cases.
pub(super) fn check(schema: &Value) -> Result<Option<&'static str>, String> {
    let mut walk = Walk { root: schema, within: Vec::new(), left: MOST_PARTS, costly: None };
    walk.visit(schema, 0)?;
    Ok(walk.costly)
}

struct Walk<'a> {
    root: &'a Value,
    costly: Option<&'static str>,
    /// The references that were followed to where it is; what refers to one of them is recursive, which costs nothing.
    within: Vec<&'a str>,
    left: usize,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, value: &'a Value, level: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(1).ok_or("it comes to too much; make it simpler")?;
        if level > MOST_LEVELS {
            return Err("its parts lie too deep in each other; make it simpler".to_owned());
        }
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.visit(item, level + 1)),
            Value::Object(map) => map.iter().try_for_each(|(key, value)| match (key.as_str(), value) {
                ("$ref", Value::String(target)) => self.follow(target, level + 1),
                ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                    Err(format!("`{key}` can't be used; use `$ref`"))
                }
                ("$id", Value::String(_)) if level > 0 => {
                    Err("`$id` can stand at the top alone, since references begin there".to_owned())
                }
                ("unevaluatedProperties" | "unevaluatedItems", value) => {
                    self.costly = Some("has `unevaluatedProperties` or `unevaluatedItems`");
                    self.visit(value, level + 1)
                }
                (_, value) => self.visit(value, level + 1),
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn follow(&mut self, target: &'a str, level: usize) -> Result<(), String> {
        if self.within.contains(&target) || target == "#" {
            self.costly = Some("refers to itself");
            return Ok(());
        }
        let pointer =
            target.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let part = pointer.and_then(|pointer| self.root.pointer(pointer)).ok_or_else(|| {
            format!("it refers to `{target}`, which is no part of it; write references like #/$defs/name")
        })?;
        self.within.push(target);
        self.visit(part, level)?;
        self.within.pop();
        Ok(())
    }
}
