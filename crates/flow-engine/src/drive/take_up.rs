//! Takes up runs that nobody drives: after a crash, an answer, or a cancel.

use std::sync::Arc;

use flow_model::{BatchId, Resolution, RunId, RunState, apply};

use super::commit::Hold;
use super::quarantine::quarantine;
use super::{DriveEnd, Driver, Stop, carry};
use crate::decide::Command;
use crate::engine::{ActiveRun, Pauses, Shared, Turn};
use crate::ports::{Claim, Claimable, ClaimedRun, ResolvedWait, StoredRun, StoredWait, WaitState};
use crate::{EngineError, StoreError};

/// A run that was claimed this often without getting to a commit is set aside.
const MOST_ATTEMPTS: i32 = 3;

/// Claims up to `limit` runs that nobody drives, and drives each on the engine's runtime. Returns how many
/// there were.
pub(crate) async fn take_up_some(
    shared: &Arc<Shared>,
    of: Claimable,
    limit: usize,
) -> Result<usize, StoreError> {
    // After a stall this node's own runs look as if nobody drove them, also those that it has just taken.
    shared.node.until_fresh(&*shared.clock).await;
    let claimed = claim(shared, of, limit).await?;
    let count = claimed.len();
    for claimed in claimed {
        // From now on, so that the next look finds less room.
        let turn = shared.turns.begin();
        carry(shared, drive_claimed(shared.clone(), claimed, turn)).detach();
    }
    Ok(count)
}

/// Claims one run, if it is up for it, and drives it. To be carried: a run that was claimed is driven by
/// nobody else.
pub(crate) async fn take_up(shared: Arc<Shared>, run: RunId) -> DriveEnd {
    // A stop waits for the claim too, and not only for the driver that comes of it.
    let _token = shared.tracker.token();
    if shared.has_left() {
        return DriveEnd::GivenUp;
    }
    // After a stall this node's own runs look as if nobody drove them: it would take them from itself, again and
    // again, until that was too often.
    if !shared.is_stopping()
        && let Err(error) = shared.node.refresh(&*shared.store, &*shared.clock).await
    {
        tracing::warn!(%error, "the lease couldn't be renewed");
    }
    match claim(&shared, Claimable::Run(run), 1).await.map(|mut claimed| claimed.pop()) {
        Ok(Some(claimed)) => {
            let turn = shared.turns.begin();
            drive_claimed(shared, claimed, turn).await
        }
        Ok(None) => DriveEnd::GivenUp,
        Err(error) => {
            tracing::warn!(%run, %error, "a run couldn't be claimed; the next look for orphans finds it");
            DriveEnd::GivenUp
        }
    }
}

async fn claim(shared: &Shared, of: Claimable, limit: usize) -> Result<Vec<ClaimedRun>, StoreError> {
    let now = shared.clock.now();
    let id = BatchId::new(now, shared.random());
    let mut claim = Claim { node: shared.node.id(), of, limit, id, repeated: false, now };
    let mut pauses = Pauses::default();
    loop {
        match shared.store.run_claim(claim.clone()).await {
            // Only a known outcome tells which runs are this node's to drive.
            Err(StoreError::Unavailable { reason }) => {
                tracing::warn!(%reason, "a claim's outcome isn't known, and it is repeated");
                pauses.next(&*shared.clock).await;
                claim.repeated = true;
            }
            outcome => return outcome,
        }
    }
}

async fn drive_claimed(shared: Arc<Shared>, claimed: ClaimedRun, turn: Turn) -> DriveEnd {
    let ClaimedRun { run, epoch, attempts } = claimed;
    // Before the run is loaded: an answer that is stored after that has somebody to poke.
    let active = shared.hub.activate(run, true);
    let prepared = if attempts > MOST_ATTEMPTS {
        Err(Stop::Damaged(format!("its server stopped {} times while driving it", attempts - 1)))
    } else {
        prepare(&shared, active, run, epoch, turn).await
    };
    let reason = match prepared {
        Ok(driver) => return driver.run().await,
        Err(Stop::GivenUp | Stop::Queued | Stop::Duplicate { .. }) => return DriveEnd::GivenUp,
        Err(Stop::Damaged(reason)) => reason,
        Err(Stop::Failed(error)) => error.to_string(),
    };
    quarantine(&shared, run, epoch, &reason).await;
    DriveEnd::GivenUp
}

async fn prepare(
    shared: &Arc<Shared>,
    active: Arc<ActiveRun>,
    run: RunId,
    epoch: i64,
    turn: Turn,
) -> Result<Driver, Stop> {
    let stored = shared.persist(|| shared.store.run_load(run)).await.map_err(Stop::Failed)?;
    let StoredRun { record, snapshot, events, waits } = stored.ok_or(Stop::GivenUp)?;
    let flow = shared.persist(|| async {
        match shared.flow(record.definition).await {
            Ok(flow) => Ok(Ok(flow)),
            Err(EngineError::Store(error)) => Err(error),
            Err(other) => Ok(Err(Stop::Damaged(other.to_string()))),
        }
    });
    let flow = flow.await.map_err(Stop::Failed)??;
    let snapshot_seq = snapshot.as_ref().map_or(0, |state| state.seq());
    let mut state = snapshot.map_or_else(RunState::new, Arc::unwrap_or_clone);
    for event in &events {
        apply(&mut state, event).map_err(|illegal| Stop::Damaged(illegal.to_string()))?;
    }
    let cancelling = record.cancel_requested_at.is_some();
    let mut driver = Driver::new(shared, active, flow, record, state, Hold::Owned { epoch }, Some(turn));
    driver.snapshot_seq = snapshot_seq;
    if cancelling {
        driver.cancel()?;
    } else {
        driver.decide(Command::Recover)?;
        driver.take_answers(answers(waits))?;
    }
    Ok(driver)
}

/// The answers among the waits that are not taken up, oldest first: the first of them may close others.
fn answers(waits: Vec<StoredWait>) -> Vec<ResolvedWait> {
    let answers = waits.into_iter().filter_map(|StoredWait { visit, state, .. }| match state {
        WaitState::Resolved { resolution, resolved_at } => {
            Some(ResolvedWait { visit, resolution, resolved_at })
        }
        WaitState::Expired { resolved_at } => {
            Some(ResolvedWait { visit, resolution: Resolution::Expired, resolved_at })
        }
        WaitState::Open | WaitState::Closed => None,
    });
    let mut answers: Vec<_> = answers.collect();
    answers.sort_by_key(|answer| answer.resolved_at);
    answers
}
