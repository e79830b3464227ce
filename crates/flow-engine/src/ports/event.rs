//! Events from outside, and what the store makes of them.

use std::sync::Arc;

use flow_model::{EventId, RunId, Timestamp, WorkspaceId};
use serde_json::Value;

/// An event to be stored and given to whoever waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishEvent {
    /// Its name for repeats: a second event under the same id is taken for the first.
    pub id: EventId,
    /// The workspace whose runs can take it.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Its key; an event without one is for waits without one.
    pub key: Option<String>,
    /// What it brings.
    pub data: Arc<Value>,
    /// The present moment.
    pub received_at: Timestamp,
    /// When no new wait takes it any more.
    pub expires_at: Timestamp,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// The runs that took it, each up for a claim if nobody drives it, in the order of their ids.
    pub woken: Vec<RunId>,
    /// Whether another event is stored under its id, with another name, key or data, and this one isn't.
    pub is_another: bool,
}
