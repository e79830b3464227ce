//! A run's events as a stream, as they are committed.

use std::collections::VecDeque;
use std::sync::Arc;

use flow_model::{RunEvent, RunId, WorkspaceId};
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::Shared;
use super::settle::FALLBACK;
use crate::EngineError;

/// Where a reader of a run's events is.
struct Reader {
    shared: Arc<Shared>,
    workspace: WorkspaceId,
    run: RunId,
    /// The number of the last event that was read.
    read: u64,
    /// Read and not handed out.
    ahead: VecDeque<RunEvent>,
}

/// The events of a run after number `since`, as [`super::Engine::events`] says.
pub(super) fn stream(
    shared: Arc<Shared>,
    workspace: WorkspaceId,
    run: RunId,
    since: u64,
) -> impl Stream<Item = Result<RunEvent, EngineError>> + Send {
    let reader = Reader { shared, workspace, run, read: since, ahead: VecDeque::new() };
    try_unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Ok(event.map(|event| (event, reader)))
    })
}

impl Reader {
    /// The next event; none behind the run's last one.
    async fn next(&mut self) -> Result<Option<RunEvent>, EngineError> {
        loop {
            if let Some(event) = self.ahead.pop_front() {
                return Ok(Some(event));
            }
            // From before the store is asked, or a commit may be missed.
            let mut watch = self.shared.hub.watch(self.run);
            let record = self.shared.store.run_record(self.run).await?;
            let record = record.filter(|record| record.workspace == self.workspace);
            let record = record.ok_or(EngineError::RunNotFound(self.run))?;
            if record.seq > self.read {
                self.ahead = self.shared.store.run_events(self.run, self.read).await?.into();
                self.read = self.ahead.back().map_or(record.seq, |last| last.seq);
                continue;
            }
            if record.status.is_finished() {
                return Ok(None);
            }
            tokio::select! {
                () = watch.changed() => {}
                () = self.shared.clock.sleep_until(self.shared.clock.now().after(FALLBACK)) => {}
                // Nothing is lost by asking another server.
                () = self.shared.draining.cancelled() => return Err(EngineError::Stopping),
                () = self.shared.stopping.cancelled() => return Err(EngineError::Stopping),
            }
        }
    }
}
