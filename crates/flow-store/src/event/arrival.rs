//! Events that are there before the wait for them.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use flow_model::{EventId, Resolution, RunId};

use crate::connection::AnyConnection;
use crate::failure::{Failure, Outcome};
use crate::rows::{bytes, json, read};
use crate::run::commit::Prepared;
use crate::schema::{events, waits};

/// What the new waits of a commit are answered with, in the order of the waits; looked for before the run's row is
/// written, which counts the answers.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    found: Vec<Option<Arrival>>,
}

/// An event that a new wait takes.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) event: EventId,
    /// The resolution as the wait's row holds it.
    pub(crate) resolution: String,
}

/// The run whose commit it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taker<'a> {
    pub(crate) run: RunId,
    pub(crate) workspace: &'a [u8],
    pub(crate) created_at: i64,
}

impl Taker<'_> {
    /// A run whose commit waits for no event.
    pub(crate) const fn of_no_event(run: RunId) -> Self {
        Self { run, workspace: &[], created_at: 0 }
    }
}

impl Arrivals {
    /// The latches of the waits' topics are locked, so nothing comes between this look and the waits.
    pub(crate) fn look(connection: &mut AnyConnection, taker: Taker<'_>, commit: &Prepared) -> Outcome<Self> {
        let mut found: Vec<Option<Arrival>> = Vec::new();
        for wait in &commit.opened {
            let topic = wait.topic.as_ref().filter(|_| wait.can_be_answered());
            let arrival = match topic.map(|topic| topic.hash(taker.workspace)) {
                Some(hash) => oldest(connection, taker, &hash, wait.opened_at().millis(), &found)?,
                None => None,
            };
            found.push(arrival);
        }
        Ok(Self { found })
    }

    pub(crate) fn count(&self) -> usize {
        self.found.iter().flatten().count()
    }

    /// What the wait at that place is answered with, if it is.
    pub(crate) fn of(&self, place: usize) -> Option<&Arrival> {
        self.found.get(place)?.as_ref()
    }
}

/// The oldest event for a wait that opens at `now`. The commit's earlier waits take theirs first.
fn oldest(
    connection: &mut AnyConnection,
    taker: Taker<'_>,
    hash: &[u8],
    now: i64,
    before: &[Option<Arrival>],
) -> Outcome<Option<Arrival>> {
    let taken = waits::table
        .filter(waits::event_id.eq(events::id.nullable()))
        .filter(waits::run_id.eq(taker.run.as_bytes().as_slice()));
    let rows: Vec<(Vec<u8>, String)> = events::table
        .filter(events::topic.eq(hash))
        .filter(events::received_at.ge(taker.created_at))
        .filter(events::expires_at.gt(now))
        .filter(not(exists(taken)))
        .order((events::received_at, events::id))
        .select((events::id, events::data))
        .limit(i64::try_from(before.len()).unwrap_or(i64::MAX).saturating_add(1))
        .load(connection)?;
    for (id, data) in rows {
        let event = read("event", &id, || bytes("id", &id).map(EventId::from_bytes))?;
        if before.iter().flatten().any(|arrival| arrival.event == event) {
            continue;
        }
        let data = read("event", &id, || json("data", &data))?;
        let resolution = serde_json::to_string(&Resolution::EventReceived { event, data });
        let resolution = resolution.map_err(|error| Failure::rejected(error.to_string()))?;
        return Ok(Some(Arrival { event, resolution }));
    }
    Ok(None)
}
