//! What can't go on is set aside: the run fails, its events are kept, and nothing else is held up by it.

use std::sync::Arc;

use flow_model::{BatchId, EventKind, RunEnd, RunError, RunEvent, RunId, RunStatus};

use super::children;
use crate::engine::Shared;
use crate::ports::{Append, Commit};

/// Fails a run that this node owns under `epoch`, whatever its events are.
pub(super) async fn quarantine(shared: &Arc<Shared>, run: RunId, epoch: i64, reason: &str) {
    tracing::error!(%run, reason, "a run can't go on and is set aside");
    let record = match shared.persist(|| shared.store.run_record(run)).await {
        Ok(Some(record)) => record,
        Ok(None) => return,
        Err(error) => return tracing::error!(%run, %error, "it couldn't be set aside"),
    };
    let now = shared.clock.now();
    let message = format!("the server could not carry this run on, and kept its events: {reason}");
    let error = RunError::new("run_quarantined", message);
    // A run that is to be cancelled may only end as cancelled.
    let cancelling = record.cancel_requested_at.is_some();
    let (status, end, kind) = if cancelling {
        (RunStatus::Cancelled, RunEnd::Cancelled, EventKind::RunCancelled {})
    } else {
        (RunStatus::Failed, RunEnd::Failed { error: error.clone() }, EventKind::RunFailed { error })
    };
    let commit = Commit {
        batch: BatchId::new(now, shared.random()),
        events: vec![RunEvent { seq: record.seq + 1, time: now, kind }],
        waits_opened: Vec::new(),
        timers_set: Vec::new(),
        waits_taken: Vec::new(),
        closed: Vec::new(),
        release: true,
        children: Vec::new(),
        answer: children::answer(&record, now, &end),
    };
    let append = Append {
        run,
        node: shared.node.id(),
        epoch,
        expected_seq: record.seq,
        status,
        finished_at: Some(now),
        commit,
    };
    match shared.persist(|| shared.store.run_append(append.clone())).await {
        Ok(Ok(_)) => {
            shared.hub.publish(run);
            record.slot.iter().for_each(|slot| shared.turns.freed(&slot.name));
            children::wake_cancelled(shared, run);
            record.parent.iter().for_each(|parent| children::wake(shared, parent.run));
        }
        Ok(Err(refused)) => tracing::warn!(%run, %refused, "it was taken over before it was set aside"),
        Err(error) => tracing::error!(%run, %error, "it couldn't be set aside"),
    }
}
