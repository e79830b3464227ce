//! Sends events to the runs that wait for them.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{EventId, Faults};

use super::{Pauses, Shared};
use crate::drive::{carry, take_up};
use crate::ports::{PublishEvent, Published};
use crate::topic::{key_fault, name_fault};
use crate::{EngineError, NewEvent, PublishedEvent, StoreError};

/// How long an event is there for runs that come to wait for it.
const TIME_TO_LIVE: Duration = Duration::from_secs(24 * 3600);
/// How often an event is sent again while the store doesn't say whether it has it.
const REPEATS: usize = 3;

pub(super) async fn publish(shared: &Arc<Shared>, event: NewEvent) -> Result<PublishedEvent, EngineError> {
    shared.refuse_when_stopping()?;
    check(shared, &event)?;
    let NewEvent { workspace, name, key, data, time_to_live, id } = event;
    let received_at = shared.clock.now();
    let id = id.unwrap_or_else(|| EventId::new(received_at, shared.random()));
    let expires_at = received_at.after(time_to_live.unwrap_or(TIME_TO_LIVE));
    let event = PublishEvent { id, workspace, name, key, data, received_at, expires_at };
    let Published { woken, is_another } = store(shared, event).await?;
    if is_another {
        return Err(EngineError::IdempotencyKeyReused);
    }
    // Acknowledged. A run that isn't reached from here is found as one that nobody drives.
    for run in &woken {
        if !shared.hub.poke(*run) {
            carry(shared, take_up(shared.clone(), *run)).detach();
        }
    }
    Ok(PublishedEvent { event: id, woken: woken.len() })
}

/// Whether runs can wait for it and record it.
fn check(shared: &Shared, event: &NewEvent) -> Result<(), EngineError> {
    let faults = Faults::new();
    if let Some(fault) = name_fault(&event.name) {
        faults.error("/name", "invalid_name", format!("`name` {fault}"));
    }
    if let Some(fault) = event.key.as_deref().and_then(key_fault) {
        faults.error("/key", "invalid_name", format!("`key` {fault}"));
    }
    if let Err(refused) = shared.limits.check(&event.data) {
        faults.error("/data", refused.code(), refused.to_string());
    }
    if faults.has_errors() { Err(EngineError::InvalidInputs(faults.into_vec())) } else { Ok(()) }
}

/// Stores it, again under the same id while a reply may have been lost.
async fn store(shared: &Shared, event: PublishEvent) -> Result<Published, StoreError> {
    let mut outcome = shared.store.event_publish(event.clone()).await;
    let mut pauses = Pauses::default();
    for _ in 0..REPEATS {
        if !matches!(outcome, Err(StoreError::Unavailable { .. })) {
            break;
        }
        pauses.next(&*shared.clock).await;
        outcome = shared.store.event_publish(event.clone()).await;
    }
    outcome
}
