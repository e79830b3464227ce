//! Whoever sends the events that runs wait for.
//!
//! It sends one for every wait that is open and should be met, and some before anybody waits: those count too. What it
//! got no reply to it repeats under the same id. Nothing that it sends tells it of a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flow_engine::{EngineError, NewEvent, PublishedEvent, StoreError};
use flow_model::{EventId, Timestamp};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::Case;
use super::document::LATE;
use super::outside::Topic;
use super::world::World;

pub(super) struct Sender<'a> {
    case: &'a Case,
    /// To be sent before the run is started: it must not get that.
    stale: Option<Topic>,
    /// To be sent as soon as the run is stored, each so often.
    early: Vec<(Topic, Often)>,
    pub(super) sent: BTreeMap<EventId, Sent>,
    calls: Vec<Call>,
    /// Somebody sent what nobody should send: a run may take another course.
    pub(super) is_altered: bool,
}

/// An event, as whoever checks the promises looks at it.
pub(super) struct Sent {
    pub(super) topic: Topic,
    pub(super) data: Arc<Value>,
    /// When it was sent first.
    pub(super) at: Timestamp,
    /// It is over at once: only who waits already gets it.
    pub(super) is_brief: bool,
    /// When that was known, and how many runs took it at once.
    pub(super) acknowledged: Option<(Timestamp, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Often {
    Once,
    /// Again, under the same id.
    Repeated,
    /// And another one.
    Twice,
}

/// A call that is under way.
struct Call {
    process: usize,
    event: EventId,
    task: JoinHandle<Result<PublishedEvent, EngineError>>,
}

impl<'a> Sender<'a> {
    pub(super) fn new(case: &'a Case) -> Self {
        let mut topics: Vec<&Topic> = case.prediction.awaited.values().collect();
        topics.retain(|topic| topic.name != LATE);
        topics.sort_unstable();
        topics.dedup();
        let often = |topic: &&Topic| match topic.hash(case.seed, "early") % 5 {
            0 => Some(Often::Once),
            1 => Some(Often::Repeated),
            2 => Some(Often::Twice),
            _ => None,
        };
        let early = topics.iter().filter_map(|topic| Some(((*topic).clone(), often(topic)?)));
        let stale = topics.first().filter(|topic| topic.hash(case.seed, "stale").is_multiple_of(4));
        Self {
            case,
            stale: stale.map(|topic| (*topic).clone()),
            early: early.collect(),
            sent: BTreeMap::new(),
            calls: Vec::new(),
            is_altered: false,
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.calls.is_empty()
    }

    /// Sends what is to be over before the run starts; false when there is nothing like that.
    pub(super) fn is_before(&mut self, world: &World, process: usize) -> bool {
        let Some(topic) = self.stale.take() else { return false };
        self.send(world, process, topic, json!({ "n": "of another time" }), false);
        true
    }

    /// Sends one of the events that come before anybody waits; false when none is left.
    pub(super) fn is_early(&mut self, world: &World, process: usize) -> bool {
        let Some((topic, often)) = self.early.pop() else { return false };
        let event = self.send_right(world, process, topic.clone());
        match often {
            Often::Once => {}
            Often::Repeated => self.call(world, process, event),
            Often::Twice => drop(self.send_right(world, process, topic)),
        }
        true
    }

    /// Sends what a wait is for, unless that is under way.
    pub(super) fn meets(&mut self, world: &World, process: usize, topic: &Topic) -> bool {
        if self.calls.iter().any(|call| self.sent[&call.event].topic == *topic) {
            return false;
        }
        let unsettled = self.sent.iter().find(|(_, sent)| {
            sent.topic == *topic && sent.acknowledged.is_none() && !sent.is_brief && self.is_right(sent)
        });
        match unsettled.map(|(event, _)| *event) {
            Some(event) => self.call(world, process, event),
            None => drop(self.send_right(world, process, topic.clone())),
        }
        true
    }

    /// Whether nobody waited for that event when it was sent.
    pub(super) fn is_taken_by_nobody(&self, event: &EventId) -> bool {
        self.sent.get(event).and_then(|sent| sent.acknowledged).is_some_and(|(_, woken)| woken == 0)
    }

    fn is_right(&self, sent: &Sent) -> bool {
        *sent.data == sent.topic.data(self.case.seed)
    }

    pub(super) fn send_right(&mut self, world: &World, process: usize, topic: Topic) -> EventId {
        let data = topic.data(self.case.seed);
        self.send(world, process, topic, data, false)
    }

    pub(super) fn send(
        &mut self,
        world: &World,
        process: usize,
        topic: Topic,
        data: Value,
        is_brief: bool,
    ) -> EventId {
        self.is_altered |= topic.name == LATE;
        let mut random = [0; 10];
        random[..8].copy_from_slice(&(self.sent.len() as u64).to_be_bytes());
        let (at, event) = (world.now(), EventId::new(world.now(), random));
        let sent = Sent { topic, data: Arc::new(data), at, is_brief, acknowledged: None };
        self.sent.insert(event, sent);
        self.call(world, process, event);
        event
    }

    /// Sends an event, perhaps again.
    pub(super) fn call(&mut self, world: &World, process: usize, event: EventId) {
        let Some(Sent { topic, data, is_brief, .. }) = self.sent.get(&event) else { return };
        world.ledger().note(|| format!("event {topic:?} {data} at process {process}"));
        let new = NewEvent {
            workspace: world.workspace,
            name: topic.name.clone(),
            key: topic.key.clone(),
            data: data.clone(),
            time_to_live: is_brief.then_some(Duration::ZERO),
            id: Some(event),
        };
        let engine = world.processes[process].engine.clone();
        let task = tokio::spawn(async move { engine.publish_event(new).await });
        self.calls.push(Call { process, event, task });
    }

    /// Takes the replies that have come, and gives up those that can't come any more.
    pub(super) fn collect(&mut self, world: &World) -> Result<(), String> {
        let (ended, calls) = std::mem::take(&mut self.calls)
            .into_iter()
            .partition(|call| call.task.is_finished() || world.processes[call.process].store.is_dead());
        self.calls = calls;
        for Call { process, event, task } in ended {
            match task.now_or_never() {
                Some(Ok(Ok(published))) => self.acknowledged(world, event, &published)?,
                Some(Ok(Err(EngineError::Store(StoreError::Unavailable { .. }) | EngineError::Stopping)))
                | None => {}
                Some(Ok(Err(error))) => return Err(format!("an event was refused: {error:?}")),
                Some(Err(error)) => return Err(format!("a call at process {process} broke off: {error}")),
            }
        }
        Ok(())
    }

    fn acknowledged(
        &mut self,
        world: &World,
        event: EventId,
        published: &PublishedEvent,
    ) -> Result<(), String> {
        if published.event != event {
            return Err(format!("{event} was sent, and {} was acknowledged", published.event));
        }
        world.ledger().note(|| format!("  the event is acknowledged, {} runs took it", published.woken));
        let now = world.now();
        if let Some(sent) = self.sent.get_mut(&event) {
            let (_, woken) = sent.acknowledged.get_or_insert((now, 0));
            *woken = published.woken.max(*woken);
        }
        Ok(())
    }
}
