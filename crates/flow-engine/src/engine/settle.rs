//! Waits for a run to end or to wait for someone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use flow_model::{RunId, RunState, RunStatus, Timestamp, WorkspaceId};
use futures_util::future::select_all;

use super::family::{Standing, asks_someone, below};
use super::hub::Watch;
use super::{ActiveRun, Shared, view};
use crate::drive::{Carried, DriveEnd};
use crate::{EngineError, Patience, Poll, Reply, StoreError};

/// How often the store is asked about a run that another server may drive.
pub(super) const FALLBACK: Duration = Duration::from_millis(500);

/// Drives a run as long as the caller's patience lasts; the run goes on after that. `active` is there for a run
/// that may not be stored yet. A wait settles the run if it was opened after event number `after`.
pub(super) async fn drive(
    shared: &Arc<Shared>,
    run: RunId,
    active: Option<Arc<ActiveRun>>,
    carried: Carried,
    after: u64,
    patience: Patience,
) -> Result<Reply, EngineError> {
    let deadline = deadline(shared, patience);
    let stored = async {
        match &active {
            Some(active) => active.first_outcome().await,
            None => true,
        }
    };
    let end = match patience {
        Patience::UntilStored => {
            let drive = carried.move_over();
            tokio::pin!(drive);
            tokio::select! {
                biased;
                stored = stored => return out_of_patience(shared, run, stored).await,
                end = &mut drive => end,
            }
        }
        Patience::UpTo(_) => {
            let drive = carried.finish();
            tokio::pin!(drive);
            // A run is stored before it is spoken of, also when the bound comes first.
            let bound = async {
                shared.clock.sleep_until(deadline).await;
                stored.await
            };
            tokio::select! {
                biased;
                end = &mut drive => end,
                stored = bound => return out_of_patience(shared, run, stored).await,
            }
        }
    };
    let is_stored = active.is_none_or(|active| active.is_stored());
    match end {
        DriveEnd::Settled(settled) if concerns_the_caller(&settled.state) => {
            Ok(Reply { view: view::settled(shared, *settled).await, settled: true })
        }
        // It waits for the clock: for a moment, for the next attempt of a step.
        DriveEnd::Settled(_) => settle(shared, run, after, deadline).await,
        DriveEnd::Duplicate { same_body: false, .. } => Err(EngineError::IdempotencyKeyReused),
        DriveEnd::Duplicate { run, same_body: true } => settle(shared, run, 0, deadline).await,
        DriveEnd::GivenUp if is_stored => settle(shared, run, after, deadline).await,
        DriveEnd::GivenUp => Err(EngineError::Stopping),
        DriveEnd::Failed(error) => Err(error.into()),
    }
}

/// Whether the run has ended, or asks someone.
fn concerns_the_caller(state: &RunState) -> bool {
    state.end().is_some() || state.open_waits().any(|(_, _, wait)| wait.request.kind().asks_someone())
}

async fn out_of_patience(shared: &Arc<Shared>, run: RunId, is_stored: bool) -> Result<Reply, EngineError> {
    if is_stored {
        return unsettled(shared, run).await;
    }
    let reason = "the run could not be stored yet".to_owned();
    Err(StoreError::Unavailable { reason }.into())
}

/// When a caller's patience is over.
pub(super) fn deadline(shared: &Shared, patience: Patience) -> Timestamp {
    let now = shared.clock.now();
    match patience {
        Patience::UntilStored => now,
        Patience::UpTo(wait) => now.after(wait),
    }
}

async fn unsettled(shared: &Arc<Shared>, run: RunId) -> Result<Reply, EngineError> {
    Ok(Reply { view: view::inspect(shared, None, run).await?, settled: false })
}

/// Waits until a run, whoever drives it, has ended, or waits after its event number `after`. The store may be
/// away meanwhile.
pub(super) async fn settle(
    shared: &Arc<Shared>,
    run: RunId,
    after: u64,
    deadline: Timestamp,
) -> Result<Reply, EngineError> {
    let mut bound = shared.clock.sleep_until(deadline);
    let mut is_over = shared.clock.now() >= deadline;
    // What the run waits for is watched too: what it asks is to be answered.
    let mut watched = BTreeSet::from([run]);
    let mut watches = vec![shared.hub.watch(run)];
    loop {
        let settled = standing(shared, run, after).await;
        match &settled {
            Ok(Standing::Settled) => {
                return Ok(Reply { view: view::inspect(shared, None, run).await?, settled: true });
            }
            Ok(Standing::Busy(below)) => {
                let new: Vec<RunId> = below.difference(&watched).copied().collect();
                if !new.is_empty() && !is_over {
                    watches.extend(new.iter().map(|run| shared.hub.watch(*run)));
                    watched.extend(new);
                    continue;
                }
            }
            Err(_) => {}
        }
        if is_over || shared.is_stopping() {
            settled?;
            return unsettled(shared, run).await;
        }
        if let Err(error) = settled
            && !matches!(error, EngineError::Store(StoreError::Unavailable { .. }))
        {
            return Err(error);
        }
        tokio::select! {
            biased;
            () = &mut bound => is_over = true,
            () = shared.stopping.cancelled() => {}
            () = any_changed(&mut watches) => {}
            () = shared.clock.sleep_until(shared.clock.now().after(FALLBACK)) => {}
        }
    }
}

async fn any_changed(watches: &mut [Watch]) {
    select_all(watches.iter_mut().map(|watch| Box::pin(watch.changed()))).await;
}

/// Whether a run has settled: it has ended, or it asks someone, itself or by a run that it waits for.
async fn standing(shared: &Shared, run: RunId, after: u64) -> Result<Standing, EngineError> {
    let record = shared.store.run_record(run).await?.ok_or(EngineError::RunNotFound(run))?;
    match record.status {
        RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled => Ok(Standing::Settled),
        RunStatus::Waiting if record.seq > after && record.cancel_requested_at.is_none() => {
            let waits = shared.store.wait_list(run).await?;
            if asks_someone(&waits) { Ok(Standing::Settled) } else { below(shared, &waits).await }
        }
        RunStatus::Queued | RunStatus::Running | RunStatus::Waiting => Ok(Standing::Busy(BTreeSet::new())),
    }
}

/// Reads a run's events after `since`, waiting for one as [`super::Engine::poll`] says.
pub(super) async fn poll(
    shared: &Arc<Shared>,
    workspace: WorkspaceId,
    run: RunId,
    since: u64,
    wait: Duration,
) -> Result<Poll, EngineError> {
    let deadline = shared.clock.now().after(wait);
    let is_leaving = || shared.is_stopping() || shared.draining.is_cancelled();
    let mut bound = shared.clock.sleep_until(deadline);
    let mut is_over = wait.is_zero();
    loop {
        let mut watch = shared.hub.watch(run);
        let record = shared.store.run_record(run).await?;
        let record = record.filter(|record| record.workspace == workspace);
        let record = record.ok_or(EngineError::RunNotFound(run))?;
        if record.seq > since || record.status.is_finished() || is_over || is_leaving() {
            let view = view::inspect(shared, Some(workspace), run).await?;
            let events = match shared.store.run_events(run, since).await {
                Ok(events) => events,
                // The view says that they are damaged.
                Err(StoreError::Corrupt { .. }) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            return Ok(Poll { view, events });
        }
        tokio::select! {
            biased;
            () = &mut bound => is_over = true,
            () = shared.draining.cancelled() => {}
            () = shared.stopping.cancelled() => {}
            () = watch.changed() => {}
            () = shared.clock.sleep_until(shared.clock.now().after(FALLBACK)) => {}
        }
    }
}
