//! The body that sends an event.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::NewEvent;
use flow_model::{EventId, Fields, WorkspaceId};
use serde_json::Value;

use super::text;

/// The longest time that an event is kept for runs that come to wait for it: 30 days.
const LONGEST: u64 = 30 * 24 * 60 * 60;

/// `{name, key?, data?, ttlSeconds?}`.
pub(crate) struct Event {
    name: String,
    key: Option<String>,
    data: Arc<Value>,
    time_to_live: Option<Duration>,
}

impl Event {
    /// Reads the body. How long names and keys may be is the engine's to say.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        let (name, key) = (fields.required_string("name").unwrap_or_default(), fields.string("key"));
        text::check(fields, "name", name, usize::MAX);
        text::check(fields, "key", key.unwrap_or_default(), usize::MAX);
        let seconds = fields.whole_number("ttlSeconds");
        if seconds.is_some_and(|seconds| seconds > LONGEST) {
            let message = format!("`ttlSeconds` must be {LONGEST} (30 days) at the most");
            fields.faults().error(fields.at("ttlSeconds"), "out_of_range", message);
        }
        Self {
            name: name.to_owned(),
            key: key.map(str::to_owned),
            data: Arc::new(fields.value("data").cloned().unwrap_or_default()),
            time_to_live: seconds.map(Duration::from_secs),
        }
    }

    /// The event, in its workspace.
    pub(crate) fn named(self, workspace: WorkspaceId, id: Option<EventId>) -> NewEvent {
        let Self { name, key, data, time_to_live } = self;
        NewEvent { workspace, name, key, data, time_to_live, id }
    }
}
