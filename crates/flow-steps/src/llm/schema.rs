//! The check of an answer against a JSON Schema, within bounds.

use std::time::Duration;

use flow_engine::StepError;
use flow_model::Schema;
use serde_json::Value;
use tokio::sync::oneshot;

/// How long an answer may be checked. A schema that refers to itself in several ways can take for ever.
const TIME: Duration = Duration::from_secs(2);

/// What of a value doesn't fit; nothing when all does. On a thread of its own, which nobody waits for when it takes
/// too long.
pub(super) async fn problems(schema: &Schema, value: Value) -> Result<Vec<String>, StepError> {
    let schema = schema.clone();
    let (tell, told) = oneshot::channel();
    let check = move || drop(tell.send(in_words(&schema, &value)));
    let begun = std::thread::Builder::new().name("flow-schema".to_owned()).spawn(check);
    if let (Ok(_), Ok(Ok(problems))) = (begun, tokio::time::timeout(TIME, told).await) {
        return Ok(problems);
    }
    let message = "the answer can't be checked in reasonable time; make the schema simpler";
    Err(StepError::new("schema_too_complex", message))
}

fn in_words(schema: &Schema, value: &Value) -> Vec<String> {
    let told = schema.problems(value).into_iter().map(|problem| match problem.pointer {
        at if at.is_empty() => problem.message,
        at => format!("{at}: {}", problem.message),
    });
    told.collect()
}
