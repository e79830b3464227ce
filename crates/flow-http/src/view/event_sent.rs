//! What the sender of an event is told.

use flow_engine::PublishedEvent;
use serde::Serialize;

/// An event that was taken.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventBody {
    event_id: String,
    woken: usize,
}

impl EventBody {
    /// The event.
    pub(crate) fn of(published: PublishedEvent) -> Self {
        Self { event_id: published.event.to_string(), woken: published.woken }
    }
}
