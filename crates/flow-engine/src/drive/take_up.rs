//! Takes up runs that nobody drives: after a crash, an answer, or a cancel.

use std::sync::Arc;

use flow_model::{Resolution, RunId, RunState, apply};

use super::commit::Hold;
use super::quarantine::quarantine;
use super::{Driver, Stop};
use crate::StoreError;
use crate::decide::Command;
use crate::engine::Shared;
use crate::ports::{Claim, ClaimedRun, ResolvedWait, StoredRun, StoredWait, WaitState};

/// A run that was claimed this often without getting to a commit is set aside.
const MOST_ATTEMPTS: i32 = 3;

/// Claims up to `limit` runs (only `run`, if given) and makes them ready to be driven.
pub(crate) async fn take_up(
    shared: &Arc<Shared>,
    run: Option<RunId>,
    limit: usize,
) -> Result<Vec<Driver>, StoreError> {
    let claim = Claim { node: shared.node.id(), run, limit, now: shared.clock.now() };
    let mut drivers = Vec::new();
    for claimed in shared.store.run_claim(claim).await? {
        let ClaimedRun { run, epoch, attempts } = claimed;
        let prepared = if attempts > MOST_ATTEMPTS {
            Err(Stop::Damaged(format!("its server stopped {} times while driving it", attempts - 1)))
        } else {
            prepare(shared, run, epoch).await
        };
        match prepared {
            Ok(driver) => drivers.push(driver),
            Err(Stop::Damaged(reason)) => quarantine(shared, run, epoch, &reason).await,
            Err(Stop::Failed(error @ (StoreError::Corrupt { .. } | StoreError::Rejected { .. }))) => {
                quarantine(shared, run, epoch, &error.to_string()).await;
            }
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::GivenUp | Stop::Duplicate { .. }) => {}
        }
    }
    Ok(drivers)
}

async fn prepare(shared: &Arc<Shared>, run: RunId, epoch: i64) -> Result<Driver, Stop> {
    let stored = shared.store.run_load(run).await.map_err(Stop::Failed)?.ok_or(Stop::GivenUp)?;
    let StoredRun { record, events, waits } = stored;
    let flow = shared.flow(record.definition).await.map_err(|error| match error {
        crate::EngineError::Store(error) => Stop::Failed(error),
        other => Stop::Damaged(other.to_string()),
    })?;
    let mut state = RunState::new();
    for event in &events {
        apply(&mut state, event).map_err(|illegal| Stop::Damaged(illegal.to_string()))?;
    }
    let cancelling = record.cancel_requested_at.is_some();
    let mut driver = Driver::new(shared, flow, record, state, Hold::Owned { epoch });
    if cancelling {
        driver.cancel()?;
    } else {
        driver.decide(Command::Recover)?;
        driver.take_answers(answers(waits))?;
    }
    Ok(driver)
}

/// The answers among the waits that are not taken up.
pub(super) fn answers(waits: Vec<StoredWait>) -> Vec<ResolvedWait> {
    let answers = waits.into_iter().filter_map(|StoredWait { visit, state, .. }| match state {
        WaitState::Resolved { resolution, resolved_at } => {
            Some(ResolvedWait { visit, resolution, resolved_at })
        }
        WaitState::Expired { resolved_at } => {
            Some(ResolvedWait { visit, resolution: Resolution::Expired, resolved_at })
        }
        WaitState::Open | WaitState::Closed => None,
    });
    answers.collect()
}
