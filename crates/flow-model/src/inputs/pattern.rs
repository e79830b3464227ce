//! The regular expression that a text must match.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::FieldType;
use crate::Fields;

/// The most memory that a compiled pattern may take.
const LARGEST: usize = 1 << 20;

/// A pattern for whole texts, as in HTML's forms. It is matched in time proportional to the text, which costs it
/// look-around and back-references.
#[derive(Clone)]
pub(super) struct Pattern {
    written: String,
    regex: Regex,
}

impl Pattern {
    pub(super) fn read(fields: &Fields<'_>, field_type: FieldType) -> Option<Self> {
        let written = fields.string("pattern")?;
        if !field_type.is_text() {
            let message = "a pattern is for texts, and has no effect on a field of this type";
            fields.faults().warning(fields.at("pattern"), "setting_without_effect", message);
            return None;
        }
        // On its own first: a parenthesis of one's own could close the one round it.
        let compiled = compile(written).and_then(|_| compile(&format!("^(?:{written})$")));
        match compiled {
            Ok(regex) => Some(Self { written: written.to_owned(), regex }),
            Err(error) => {
                let message = format!("this is no regular expression that can be used: {error}");
                fields.faults().error(fields.at("pattern"), "pattern_invalid", message);
                None
            }
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.written
    }

    /// The same for those who look for a pattern anywhere in a text, as JSON Schema does.
    pub(super) fn anchored(&self) -> &str {
        self.regex.as_str()
    }

    pub(super) fn fits(&self, value: &Value) -> bool {
        value.as_str().is_none_or(|text| self.regex.is_match(text))
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let compiled = RegexBuilder::new(pattern).size_limit(LARGEST).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large; make it simpler".to_owned(),
        // The last line says what is wrong; those before it draw where.
        other => {
            other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}
