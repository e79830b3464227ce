//! A JSON Schema that an answer must fit.

mod reach;

use std::sync::Arc;
use std::time::Duration;

use flow_engine::StepError;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use tokio::sync::oneshot;

use super::failure::cut;

/// The most problems of an answer that are told of.
const MOST_PROBLEMS: usize = 10;
/// The most characters of one.
const LONGEST_PROBLEM: usize = 200;
/// How long an answer may be checked. A schema that refers to itself in several ways can take for ever.
const TIME: Duration = Duration::from_secs(2);

/// A schema and what checks it. Nothing is fetched: a schema refers to itself alone.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(super) written: Value,
    validator: Arc<Validator>,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(written: &Value) -> Result<Self, String> {
        let unusable =
            |why: String| format!("this is no JSON Schema that can be used: {}", cut(&why, LONGEST_PROBLEM));
        reach::check(written).map_err(unusable)?;
        // A pattern takes time in proportion to the text, which costs it look-around and back-references.
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.with_pattern_options(PatternOptions::regex()).build(written);
        let validator = validator.map_err(|error| match error.instance_path().to_string() {
            at if at.is_empty() => unusable(error.to_string()),
            at => unusable(format!("{at}: {error}")),
        })?;
        Ok(Self { written: written.clone(), validator: Arc::new(validator) })
    }

    /// What of a value doesn't fit; nothing when all does. On a thread of its own, which nobody waits for when it takes
    /// too long.
    pub(super) async fn problems(&self, value: Value) -> Result<Vec<String>, StepError> {
        let validator = self.validator.clone();
        let (tell, told) = oneshot::channel();
        let check = move || drop(tell.send(problems(&validator, &value)));
        let begun = std::thread::Builder::new().name("flow-schema".to_owned()).spawn(check);
        if let (Ok(_), Ok(Ok(problems))) = (begun, tokio::time::timeout(TIME, told).await) {
            return Ok(problems);
        }
        let message = "the answer can't be checked in reasonable time; make the schema simpler";
        Err(StepError::new("schema_too_complex", message))
    }
}

fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value).take(MOST_PROBLEMS);
    let told = errors.map(|error| match error.instance_path().to_string() {
        at if at.is_empty() => cut(&error.to_string(), LONGEST_PROBLEM),
        at => cut(&format!("{at}: {error}"), LONGEST_PROBLEM),
    });
    told.collect()
}
