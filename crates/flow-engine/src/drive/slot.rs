//! The slot that a new run needs a place in.

use flow_model::{RunState, VisitPath, text_hash};

use crate::EngineError;
use crate::flow::Flow;
use crate::ports::{RunRecord, Slot};
use crate::scope::RunScope;

/// The longest key, in characters: it is a name and no document.
const LONGEST_KEY: usize = 512;
/// The longest name, in bytes, that is stored as it is; an index can't hold just any.
const LONGEST_NAME: usize = 200;
/// What begins a key that stands for a longer one.
const HASHED: &str = "sha256:";

/// The slot of a run whose state is that at its start; none when its flow has no limit.
///
/// # Errors
/// Its key has no value, or one that is too long.
pub(super) fn slot(record: &RunRecord, flow: &Flow, state: &RunState) -> Result<Option<Slot>, EngineError> {
    let (Some(concurrency), Some((_, start))) = (&flow.concurrency, state.start()) else { return Ok(None) };
    let visit = VisitPath::top(&start.trigger.step);
    let key = concurrency.key(&RunScope::new(record, flow, state, &visit));
    let key = key.map_err(|error| EngineError::ConcurrencyKey(error.to_string()))?;
    if key.chars().nth(LONGEST_KEY).is_some() {
        let reason = format!("it has more than {LONGEST_KEY} characters; use less of the inputs");
        return Err(EngineError::ConcurrencyKey(reason));
    }
    Ok(Some(Slot { name: name(record, key), limit: concurrency.limit }))
}

fn name(record: &RunRecord, key: String) -> String {
    let key = if key.len() > LONGEST_NAME || key.starts_with(HASHED) {
        format!("{HASHED}{}", text_hash(&key))
    } else {
        key
    };
    match record.flow {
        Some(flow) => format!("{flow}:{key}"),
        // The same document may be run in several workspaces, which are none of each other's business.
        None => format!("{}/{}:{key}", record.workspace, record.definition),
    }
}
