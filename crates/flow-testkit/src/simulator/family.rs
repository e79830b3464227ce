//! Where a run stands among the runs of a play.
//!
//! The run that the client started has an empty path. One that a step started has its parent's, that visit, and the
//! number of the attempt: `call3.1>each1[0]/call2.1>`. So the model, the world and the people can speak of a run before
//! they know its id, and its visits have one name in every play.

use flow_engine::{MemoryStore, Store};
use flow_model::{EventKind, RunId};

use super::world::now;

/// The path to a run that an attempt at a visit starts, if `visit` has the path to its own run before it.
pub(super) fn below(visit: &str, attempt: u32) -> String {
    format!("{visit}.{attempt}>")
}

/// The path to a stored run.
pub(super) fn path(database: &MemoryStore, run: RunId) -> String {
    let Some(parent) = now(database.run_record(run)).flatten().and_then(|record| record.parent) else {
        return String::new();
    };
    let mut attempt = 0;
    for event in now(database.run_events(parent.run, 0)).unwrap_or_default() {
        if let EventKind::ChildStarted { visit, run: child, .. } = event.kind
            && visit == parent.visit
        {
            attempt += 1;
            if child == run {
                break;
            }
        }
    }
    below(&format!("{}{}", path(database, parent.run), parent.visit), attempt)
}
