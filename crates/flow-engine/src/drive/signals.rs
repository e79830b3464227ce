//! What others want of a run: answers to its waits, and its cancelling.

use super::{Driver, Stop};
use crate::StoreError;
use crate::decide::Command;
use crate::ports::ResolvedWait;

impl Driver {
    /// Looks in the store for what others want of this run.
    pub(super) async fn look_for_signals(&mut self) -> Result<(), Stop> {
        match self.shared.store.run_signals(self.record.id).await {
            Ok(Some(signals)) if signals.cancel_requested => self.cancel(),
            Ok(Some(signals)) => {
                self.take_answers(signals.resolved)?;
                self.next_attempts()
            }
            Ok(None) => Err(Stop::GivenUp),
            // The next commit tells as well.
            Err(StoreError::Unavailable { .. }) => Ok(()),
            Err(error) => Err(Stop::Failed(error)),
        }
    }

    pub(super) fn take_answers(&mut self, answers: Vec<ResolvedWait>) -> Result<(), Stop> {
        for ResolvedWait { visit, resolution, resolved_at } in answers {
            // Taken up already, or an answer before it closed the branch that it is for.
            if self.pending.takes(&visit) || self.pending.closes(&visit) {
                continue;
            }
            self.pending.take(visit.clone());
            self.decide(Command::WaitResolved { visit, resolution, resolved_at })?;
        }
        Ok(())
    }

    /// The run is to end as cancelled: whatever is under way is dropped.
    pub(super) fn cancel(&mut self) -> Result<(), Stop> {
        self.tasks.abort_all();
        self.effects.clear();
        self.decide(Command::Cancel)
    }
}
