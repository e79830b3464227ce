//! Events, and who waits for them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use flow_model::{EventId, Resolution, RunId, Timestamp, VisitPath, WaitRequest, WorkspaceId};
use serde_json::Value;

use crate::PublishEvent;

/// What events and waits meet at.
pub(super) type Topic = (WorkspaceId, String, Option<String>);

/// The topic of a wait for an event; none of another wait.
pub(super) fn topic(workspace: WorkspaceId, request: &WaitRequest) -> Option<Topic> {
    match request {
        WaitRequest::Event { name, key } => Some((workspace, name.clone(), key.clone())),
        WaitRequest::UserApproval { .. }
        | WaitRequest::ClientTool { .. }
        | WaitRequest::ShowForm { .. }
        | WaitRequest::RunFlow { .. }
        | WaitRequest::Wait {} => None,
    }
}

/// The events of all workspaces.
#[derive(Default)]
pub(super) struct Events {
    rows: HashMap<EventId, Row>,
    /// By the time they were received.
    by_topic: HashMap<Topic, BTreeMap<(Timestamp, EventId), Arrival>>,
    /// Waits that were opened for a topic, oldest first. One that is over is found out when an event comes.
    waiting: HashMap<Topic, Vec<(RunId, VisitPath)>>,
}

/// Where an event stands.
struct Row {
    topic: Topic,
    received_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Clone)]
struct Arrival {
    data: Arc<Value>,
    expires_at: Timestamp,
}

impl Events {
    /// Whether another event is kept under the same id.
    pub(super) fn has_another(&self, event: &PublishEvent) -> bool {
        let topic = (event.workspace, event.name.clone(), event.key.clone());
        self.rows.get(&event.id).is_some_and(|row| {
            let arrived = self.by_topic.get(&row.topic).and_then(|at| at.get(&(row.received_at, event.id)));
            row.topic != topic || arrived.is_some_and(|arrived| arrived.data != event.data)
        })
    }

    /// Keeps an event; false when it is there already.
    pub(super) fn store(&mut self, event: PublishEvent) -> bool {
        let PublishEvent { id, workspace, name, key, data, received_at, expires_at } = event;
        if self.rows.contains_key(&id) {
            return false;
        }
        let topic = (workspace, name, key);
        let at_topic = self.by_topic.entry(topic.clone()).or_default();
        at_topic.insert((received_at, id), Arrival { data, expires_at });
        self.rows.insert(id, Row { topic, received_at, expires_at });
        true
    }

    /// The oldest event for a run that was created at `since` and has taken those in `taken`.
    pub(super) fn oldest(
        &self,
        topic: &Topic,
        since: Timestamp,
        now: Timestamp,
        taken: &HashSet<EventId>,
    ) -> Option<Resolution> {
        let first = (since, EventId::from_bytes([0; 16]));
        let mut received = self.by_topic.get(topic)?.range(first..);
        let found = received.find(|((_, id), event)| event.expires_at > now && !taken.contains(id));
        found.map(|((_, event), Arrival { data, .. })| Resolution::EventReceived {
            event: *event,
            data: data.clone(),
        })
    }

    /// Enters a wait that was opened.
    pub(super) fn wait(&mut self, topic: Topic, run: RunId, visit: VisitPath) {
        self.waiting.entry(topic).or_default().push((run, visit));
    }

    /// Takes out the waits for a topic.
    pub(super) fn take_waiting(&mut self, topic: &Topic) -> Vec<(RunId, VisitPath)> {
        self.waiting.remove(topic).unwrap_or_default()
    }

    /// Deletes expired events; how many there were.
    pub(super) fn purge(&mut self, now: Timestamp) -> usize {
        let before = self.rows.len();
        let expired: BTreeSet<EventId> =
            self.rows.iter().filter(|(_, row)| row.expires_at <= now).map(|(id, _)| *id).collect();
        for id in expired {
            let Some(Row { topic, received_at, .. }) = self.rows.remove(&id) else { continue };
            if let Some(at_topic) = self.by_topic.get_mut(&topic) {
                at_topic.remove(&(received_at, id));
                if at_topic.is_empty() {
                    self.by_topic.remove(&topic);
                }
            }
        }
        before - self.rows.len()
    }
}
