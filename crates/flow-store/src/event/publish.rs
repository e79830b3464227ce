//! Storing an event, and giving it to whoever waits.

use diesel::prelude::*;
use flow_engine::{PublishEvent, Published, StoreError};
use flow_model::{Resolution, RunId, VisitPath};

use super::topic::{Topic, hash};
use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::rows::wait::OPEN;
use crate::rows::{bytes, read};
use crate::schema::{events, waits};
use crate::wait::{Answer, answer};

/// An event to be stored, encoded before its job is queued.
#[derive(Debug)]
pub(crate) struct NewEvent {
    event: PublishEvent,
    topic: Topic,
    hash: [u8; 32],
    data: String,
    resolution: String,
}

impl NewEvent {
    pub(crate) fn new(event: PublishEvent) -> Result<Self, StoreError> {
        let topic = Topic { name: event.name.clone(), key: event.key.clone() };
        let resolution = Resolution::EventReceived { event: event.id, data: event.data.clone() };
        let unwritable = |error: serde_json::Error| StoreError::Rejected {
            reason: format!("an event can't be written: {error}"),
        };
        Ok(Self {
            hash: hash(event.workspace, &topic),
            data: event.data.to_string(),
            resolution: serde_json::to_string(&resolution).map_err(unwritable)?,
            topic,
            event,
        })
    }

    pub(crate) fn latch(&self) -> Latch {
        self.topic.latch()
    }

    /// Its topic's latch is locked: a wait that isn't seen here is opened after this is committed, and sees the event.
    pub(crate) fn store(&self, connection: &mut AnyConnection) -> Outcome<Published> {
        if !self.store_row(connection)? {
            return self.taken(connection);
        }
        let mut woken = Vec::new();
        for (run, visit) in self.waits(connection)? {
            if woken.last() == Some(&run) {
                continue;
            }
            let event = Some(self.event.id);
            let by = Answer::Given { resolution: &self.resolution, event };
            if answer(connection, run, &visit, by, self.event.received_at)? == Some(true) {
                woken.push(run);
            }
        }
        Ok(Published { woken, is_another: false })
    }

    fn store_row(&self, connection: &mut AnyConnection) -> Outcome<bool> {
        let row = (
            events::id.eq(self.event.id.as_bytes().as_slice()),
            events::workspace_id.eq(self.event.workspace.as_bytes().as_slice()),
            events::name.eq(self.topic.name.as_str()),
            events::key.eq(self.topic.key.as_deref()),
            events::topic.eq(self.hash.as_slice()),
            events::data.eq(self.data.as_str()),
            events::received_at.eq(self.event.received_at.millis()),
            events::expires_at.eq(self.event.expires_at.millis()),
        );
        let stored = on_each!(connection, |each| {
            diesel::insert_into(events::table).values(row).on_conflict_do_nothing().execute(each)
        })?;
        Ok(stored == 1)
    }

    /// The open waits for it: run by run, in the order in which everyone locks runs, and the oldest of a run first.
    fn waits(&self, connection: &mut AnyConnection) -> Outcome<Vec<(RunId, VisitPath)>> {
        let rows: Vec<(Vec<u8>, String)> = waits::table
            .filter(waits::topic.eq(self.hash.as_slice()))
            .filter(waits::state.eq(OPEN))
            .order((waits::run_id, waits::opened_seq, waits::visit))
            .select((waits::run_id, waits::visit))
            .load(connection)?;
        rows.into_iter().map(|(run, visit)| Ok((run_id(&run)?, VisitPath::from_stored(&visit)))).collect()
    }

    /// The runs that have it; none when it is another one that is stored.
    fn taken(&self, connection: &mut AnyConnection) -> Outcome<Published> {
        let stored: Option<(Vec<u8>, String)> = events::table
            .filter(events::id.eq(self.event.id.as_bytes().as_slice()))
            .select((events::topic, events::data))
            .get_result(connection)
            .optional()?;
        if stored.is_some_and(|(topic, data)| topic != self.hash || data != self.data) {
            return Ok(Published { woken: Vec::new(), is_another: true });
        }
        let rows: Vec<Vec<u8>> = waits::table
            .filter(waits::event_id.eq(self.event.id.as_bytes().as_slice()))
            .order(waits::run_id)
            .select(waits::run_id)
            .load(connection)?;
        Ok(Published {
            woken: rows.iter().map(|run| run_id(run)).collect::<Outcome<_>>()?,
            is_another: false,
        })
    }
}

fn run_id(run: &[u8]) -> Outcome<RunId> {
    Ok(read("wait of run", run, || bytes("run_id", run).map(RunId::from_bytes))?)
}
