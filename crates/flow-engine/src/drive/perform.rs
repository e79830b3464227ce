//! Steps of the registry: begun, waited for, and ended.

use std::sync::Arc;

use flow_model::{ModelUsage, RunError, Timestamp, VisitPath, VisitStatus};
use serde_json::Value;
use tokio::task::JoinError;

use super::secrets::Keeper;
use super::task::{self, Attempt, TaskEnd};
use super::{Driver, Stop};
use crate::decide::Command;
use crate::flow::Action;
use crate::{Effect as EffectKind, StepError};

impl Driver {
    /// Whether a visit's work has to be committed to before it begins.
    pub(super) fn touches_the_world(&self, visit: &VisitPath) -> bool {
        match self.flow.step(visit).map(|step| &step.action) {
            Some(Action::Task { step, .. }) => step.effect() == EffectKind::World,
            Some(Action::Control(_)) | None => false,
        }
    }

    /// Begins steps of the registry, unless the run ends or the engine stops before they may begin. Before those that
    /// touch the world, everything is committed.
    pub(super) async fn perform(&mut self, to_perform: Vec<(VisitPath, Arc<Value>)>) -> Result<(), Stop> {
        if !self.until_fresh().await? {
            // Those under way still come to their commit; these are begun by whoever takes the run up.
            self.withholds = true;
            return Ok(());
        }
        if self.is_out_of_time() {
            self.decide(Command::TimedOut)?;
        }
        if self.state.end().is_some() {
            return Ok(());
        }
        for (visit, input) in to_perform {
            // What was committed or heard meanwhile may have closed it.
            if !self.is_running(&visit) {
                continue;
            }
            let compiled = self.flow.step(&visit);
            let timeout = compiled.and_then(|step| step.timeout);
            let (step, secrets) = match compiled.map(|step| &step.action) {
                Some(Action::Task { step, secrets, .. }) => (step.clone(), secrets.clone()),
                Some(Action::Control(_)) | None => {
                    return Err(Stop::Damaged(format!(
                        "visit {visit} has an input, and its step takes none"
                    )));
                }
            };
            let keeper = secrets.map(|secrets| Keeper {
                source: self.shared.secrets.clone(),
                workspace: self.record.workspace,
                secrets,
            });
            let (run, workspace) = (self.record.id, self.record.workspace);
            let attempt = Attempt { run, workspace, visit: visit.clone(), step, input, keeper, timeout };
            let abort = task::spawn(&mut self.tasks, &self.shared, attempt);
            self.aborts.insert(visit, abort);
        }
        Ok(())
    }

    /// Waits until the lease is sure enough to begin a step, or the run ends; false when the engine stops.
    async fn until_fresh(&mut self) -> Result<bool, Stop> {
        let (shared, active) = (self.shared.clone(), self.active.clone());
        while self.state.end().is_none() {
            tokio::select! {
                biased;
                () = shared.stopped() => return Ok(false),
                () = shared.node.until_fresh(&*shared.clock) => return Ok(true),
                () = active.poked() => self.look_for_signals().await?,
            }
        }
        Ok(true)
    }

    /// Waits until a step returns, somebody pokes the run, pending events are due, a step is to be tried again,
    /// or the run's time is over.
    pub(super) async fn wait_for_something(&mut self) -> Result<(), Stop> {
        let (active, shared) = (self.active.clone(), self.shared.clone());
        let commit_due = self.pending.due_at();
        let next_attempt = self.state.backing_off().next().map(|(_, due_at)| due_at);
        let wakes_at = [commit_due, next_attempt, self.time_over_at()].into_iter().flatten().min();
        let due = async {
            match wakes_at {
                Some(wakes_at) => shared.clock.sleep_until(wakes_at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // What is ready at once is met in one order, so that the same happenings make the same run. Nothing is
            // starved by what stands before it: pokes are few, and what is due is seen to between the others.
            biased;
            () = active.poked() => self.look_for_signals().await,
            Some(end) = self.tasks.join_next() => {
                self.task_ended(end)?;
                // What returned meanwhile shares its commit.
                while let Some(end) = self.tasks.try_join_next() {
                    self.task_ended(end)?;
                }
                Ok(())
            }
            // Nothing is under way that has to come to its commit: the next attempt is another start's.
            () = shared.stopped(), if self.aborts.is_empty() => Err(Stop::GivenUp),
            () = due => {
                self.next_attempts()?;
                if self.pending.is_due(self.shared.clock.now()) {
                    self.commit(false).await?;
                }
                Ok(())
            }
        }
    }

    /// Begins the attempts whose time has come.
    pub(super) fn next_attempts(&mut self) -> Result<(), Stop> {
        let now = self.shared.clock.now();
        let due = self.state.backing_off().take_while(|(_, due_at)| *due_at <= now);
        let due: Vec<_> = due.map(|(visit, _)| visit.clone()).collect();
        due.into_iter().try_for_each(|visit| self.decide(Command::TimerFired { visit }))
    }

    /// When the run will have been active for as long as its flow allows.
    pub(super) fn time_over_at(&self) -> Option<Timestamp> {
        let timeout = self.flow.timeout?;
        let now = self.shared.clock.now();
        Some(now.after(timeout.saturating_sub(self.state.active_time(now))))
    }

    /// Whether the run has been active for too long.
    pub(super) fn is_out_of_time(&self) -> bool {
        let used = self.state.active_time(self.shared.clock.now());
        self.state.end().is_none() && self.flow.timeout.is_some_and(|timeout| used >= timeout)
    }

    pub(super) fn is_running(&self, visit: &VisitPath) -> bool {
        self.state.visit(visit.as_str()).is_some_and(|visit| visit.status == VisitStatus::Running)
    }

    fn task_ended(&mut self, end: Result<TaskEnd, JoinError>) -> Result<(), Stop> {
        let end = match end {
            Ok(end) => end,
            // Its visit was closed.
            Err(error) if error.is_cancelled() => return Ok(()),
            Err(error) => return Err(Stop::Damaged(error.to_string())),
        };
        // It ended in the moment in which its visit was closed.
        if self.aborts.remove(end.visit()).is_none() {
            return Ok(());
        }
        match end {
            TaskEnd::Wanted { effect, .. } if self.is_closed(effect.visit()) => Ok(()),
            TaskEnd::Wanted { effect, evaluation } => self.evaluate_again(effect, *evaluation),
            TaskEnd::Step { visit, .. } if !self.is_running(&visit) => Ok(()),
            TaskEnd::Step { visit, result, used } => self.step_ended(visit, result, used),
        }
    }

    fn step_ended(
        &mut self,
        visit: VisitPath,
        result: Result<Value, StepError>,
        used: Vec<ModelUsage>,
    ) -> Result<(), Stop> {
        let command = match result {
            Ok(output) => match self.refusal(&output) {
                Some(error) => Command::StepFailed { visit, error, retry_after: None, used },
                None => Command::StepFinished { visit, output: Arc::new(output), used },
            },
            Err(failure) => {
                let mut error = RunError::new(failure.code, failure.message);
                let details = failure.details.filter(|details| self.refusal(details).is_none());
                error.details = details.map(|details| Arc::new(*details));
                Command::StepFailed { visit, error, retry_after: failure.retry_after, used }
            }
        };
        self.decide(command)
    }
}
