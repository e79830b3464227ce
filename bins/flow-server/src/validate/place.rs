//! Where in a file a JSON pointer leads.

use std::ops::Range;

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// A file's JSON, with the place of each value.
pub(super) struct Places<'t>(Option<Value<'t>>);

impl<'t> Places<'t> {
    /// The text has been read as JSON before.
    pub(super) fn of(text: &'t str) -> Self {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default());
        Self(parsed.ok().and_then(|parsed| parsed.value))
    }

    /// What to mark in bytes: the value if it is short enough to be pointed at, else its name or its first bracket. Where
    /// the pointer leads to what isn't there, what should have it.
    pub(super) fn find(&self, pointer: &str) -> Option<Range<usize>> {
        let mut value = self.0.as_ref()?;
        let mut name = None;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match value {
                // Of two with one name the last one counts.
                Value::Object(object) => {
                    object.properties.iter().rev().find(|property| property.name.as_str() == token).map(named)
                }
                Value::Array(array) => {
                    token.parse::<usize>().ok().and_then(|at| Some((array.elements.get(at)?, None)))
                }
                _ => None,
            };
            let Some((inner, of)) = next else { break };
            (value, name) = (inner, of);
        }
        Some(match value {
            Value::Object(_) | Value::Array(_) => name.unwrap_or_else(|| value.start()..value.start() + 1),
            _ => value.start()..value.end(),
        })
    }
}

/// A member's value, and where its name stands.
fn named<'v, 't>(property: &'v ObjectProp<'t>) -> (&'v Value<'t>, Option<Range<usize>>) {
    let name = property.name.range();
    (&property.value, Some(name.start..name.end))
}
