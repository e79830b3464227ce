//! Cancels runs.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{RunId, WorkspaceId};

use super::{Shared, settle};
use crate::drive::{carry, take_up};
use crate::ports::CancelOutcome;
use crate::{EngineError, Patience, Reply};

/// How long an answer that was stored first may take to be taken up before the cancel goes over it.
const RESUMING: Duration = Duration::from_secs(5);
/// How long to look for the end of a cancelled run.
const ENDING: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn cancel(
    shared: &Arc<Shared>,
    workspace: WorkspaceId,
    run: RunId,
) -> Result<Reply, EngineError> {
    let record = shared.store.run_record(run).await?.filter(|record| record.workspace == workspace);
    record.ok_or(EngineError::RunNotFound(run))?;
    request(shared, run).await?;
    let patience = Patience::UpTo(ENDING);
    if !shared.hub.poke(run)
        && let Some(driver) = take_up(shared, Some(run), 1).await?.pop()
    {
        let active = driver.active();
        return settle::drive(shared, run, active, carry(driver, &shared.runtime), patience).await;
    }
    settle::settle(shared, run, u64::MAX, settle::deadline(shared, patience)).await
}

/// Gets the cancel acknowledged. An answer that was stored first is let through: it may be the run's last,
/// and then the run has ended and can't be cancelled.
async fn request(shared: &Arc<Shared>, run: RunId) -> Result<(), EngineError> {
    let deadline = shared.clock.now().after(RESUMING);
    loop {
        let now = shared.clock.now();
        match shared.store.run_cancel(run, now, now >= deadline).await? {
            CancelOutcome::Requested => return Ok(()),
            CancelOutcome::Finished(status) => return Err(EngineError::RunFinished { run, status }),
            CancelOutcome::Missing => return Err(EngineError::RunNotFound(run)),
            CancelOutcome::Resuming => {
                let mut watch = shared.hub.watch(run);
                tokio::select! {
                    () = watch.changed() => {}
                    () = shared.clock.sleep_until(now.after(PAUSE)) => {}
                }
            }
        }
    }
}
