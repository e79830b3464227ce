//! A JSON Schema that values must fit.

mod reach;

use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::pointer_token;

/// The most problems of a value that are told of.
const MOST_PROBLEMS: usize = 10;
/// The most characters of one.
const LONGEST_PROBLEM: usize = 200;

/// A schema and what checks it. Nothing is fetched: a schema refers to itself alone.
#[derive(Clone)]
pub struct Schema {
    written: Value,
    validator: Arc<Validator>,
    costly: Option<&'static str>,
}

/// One thing that doesn't fit a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place in the value, as a JSON pointer; of a member that is missing, where it would be.
    pub pointer: String,
    /// What is wrong, shortened.
    pub message: String,
    /// Whether something is missing there.
    pub is_missing: bool,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(written: &Value) -> Result<Self, String> {
        let unusable =
            |why: String| format!("this is no JSON Schema that can be used: {}", cut(&why, LONGEST_PROBLEM));
        let costly = reach::check(written).map_err(unusable)?;
        // A pattern takes time in proportion to the text, which costs it look-around and back-references.
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.with_pattern_options(PatternOptions::regex()).build(written);
        let validator = validator.map_err(|error| match error.instance_path().to_string() {
            at if at.is_empty() => unusable(error.to_string()),
            at => unusable(format!("{at}: {error}")),
        })?;
        Ok(Self { written: written.clone(), validator: Arc::new(validator), costly })
    }

    /// Reads a schema whose checks need no watch: they take time in proportion to the schema and the value.
    ///
    /// # Errors
    /// What is wrong with it, or makes its checks take longer.
    pub fn read_linear(written: &Value) -> Result<Self, String> {
        let schema = Self::read(written)?;
        match schema.costly {
            None => Ok(schema),
            Some(why) => {
                Err(format!("this schema {why}, and checking that may take for ever; write it without"))
            }
        }
    }

    /// The schema as written.
    pub const fn written(&self) -> &Value {
        &self.written
    }

    /// What of a value doesn't fit, the first few; nothing when all does. A schema that wasn't read as a linear one
    /// can take for ever.
    pub fn problems(&self, value: &Value) -> Vec<Problem> {
        self.validator.iter_errors(value).take(MOST_PROBLEMS).map(|error| Problem::of(&error)).collect()
    }
}

impl Problem {
    fn of(error: &ValidationError<'_>) -> Self {
        let at = error.instance_path().to_string();
        let missing = match error.kind() {
            ValidationErrorKind::Required { property } => property.as_str(),
            _ => None,
        };
        let message = cut(&error.to_string(), LONGEST_PROBLEM);
        match missing {
            Some(name) => {
                Self { pointer: format!("{at}/{}", pointer_token(name)), message, is_missing: true }
            }
            None => Self { pointer: at, message, is_missing: false },
        }
    }
}

/// Two are the same when they are written alike.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.written).finish()
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
