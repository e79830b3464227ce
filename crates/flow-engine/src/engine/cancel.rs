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
    // Only its end settles a cancelled run.
    let after = u64::MAX;
    if shared.hub.poke(run) {
        return settle::settle(shared, run, after, settle::deadline(shared, patience)).await;
    }
    settle::drive(shared, run, None, carry(shared, take_up(shared.clone(), run)), after, patience).await
}

/// Gets the cancel acknowledged. An answer that was stored first is let through: it may be the run's last,
/// and then the run has ended and can't be cancelled.
async fn request(shared: &Arc<Shared>, run: RunId) -> Result<(), EngineError> {
    let deadline = shared.clock.now().after(RESUMING);
    loop {
        // From before the store is asked, or the commit that takes the answer up may be missed.
        let mut watch = shared.hub.watch(run);
        let now = shared.clock.now();
        match shared.store.run_cancel(run, now, now >= deadline).await? {
            CancelOutcome::Requested => return Ok(()),
            CancelOutcome::Finished(status) => return Err(EngineError::RunFinished { run, status }),
            CancelOutcome::Missing => return Err(EngineError::RunNotFound(run)),
            CancelOutcome::Resuming => {
                tokio::select! {
                    biased;
                    () = watch.changed() => {}
                    () = shared.clock.sleep_until(now.after(PAUSE)) => {}
                }
            }
        }
    }
}
