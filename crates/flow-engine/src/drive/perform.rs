//! Steps of the registry: begun, waited for, and ended.

use std::sync::Arc;

use flow_model::{RunError, VisitPath};
use serde_json::Value;

use super::task::{self, TaskEnd};
use super::{Driver, Stop};
use crate::Effect as EffectKind;
use crate::decide::Command;
use crate::flow::Action;

impl Driver {
    /// Whether a visit's work has to be committed to before it begins.
    pub(super) fn touches_the_world(&self, visit: &VisitPath) -> bool {
        match self.flow.step(visit).map(|step| &step.action) {
            Some(Action::Task { step, .. }) => step.effect() == EffectKind::World,
            Some(Action::Control(_)) | None => false,
        }
    }

    /// Begins steps of the registry, unless the run ends before they may begin. Before those that touch the
    /// world, everything is committed.
    pub(super) async fn perform(&mut self, to_perform: Vec<(VisitPath, Arc<Value>)>) -> Result<(), Stop> {
        self.until_fresh().await?;
        if self.state.end().is_some() {
            return Ok(());
        }
        for (visit, input) in to_perform {
            let step = match self.flow.step(&visit).map(|step| &step.action) {
                Some(Action::Task { step, .. }) => step.clone(),
                Some(Action::Control(_)) | None => {
                    return Err(Stop::Damaged(format!(
                        "visit {visit} has an input, and its step takes none"
                    )));
                }
            };
            task::spawn(&mut self.tasks, &self.shared.runtime, self.record.id, visit, step, input);
        }
        Ok(())
    }

    /// Waits until the lease is sure enough to begin a step, or the run ends.
    async fn until_fresh(&mut self) -> Result<(), Stop> {
        let (shared, active) = (self.shared.clone(), self.active.clone());
        while self.state.end().is_none() {
            tokio::select! {
                biased;
                () = shared.stopped() => return Err(Stop::GivenUp),
                () = shared.node.until_fresh(&*shared.clock) => return Ok(()),
                () = active.poked() => self.look_for_signals().await?,
            }
        }
        Ok(())
    }

    /// Waits until a step returns, somebody pokes the run, or pending events are due.
    pub(super) async fn wait_for_something(&mut self) -> Result<(), Stop> {
        let (active, shared) = (self.active.clone(), self.shared.clone());
        let due_at = self.pending.due_at();
        let due = async {
            match due_at {
                Some(due_at) => shared.clock.sleep_until(due_at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(end) = self.tasks.join_next_with_id() => {
                let end = end.map(|(_, end)| end).map_err(|error| error.to_string());
                self.task_ended(end)
            }
            () = active.poked() => self.look_for_signals().await,
            () = due => self.commit(false).await.map(drop),
        }
    }

    fn task_ended(&mut self, end: Result<TaskEnd, String>) -> Result<(), Stop> {
        let TaskEnd { visit, result } = end.map_err(Stop::Damaged)?;
        let command = match result {
            Ok(output) => match self.refusal(&output) {
                Some(error) => Command::StepFailed { visit, error },
                None => Command::StepFinished { visit, output: Arc::new(output) },
            },
            Err(failure) => {
                let mut error = RunError::new(failure.code, failure.message);
                let details = failure.details.filter(|details| self.refusal(details).is_none());
                error.details = details.map(Arc::new);
                Command::StepFailed { visit, error }
            }
        };
        self.decide(command)
    }
}
