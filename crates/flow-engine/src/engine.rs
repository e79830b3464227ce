//! The engine as its users see it.

mod background;
mod builder;
mod cancel;
mod events;
mod execute;
mod family;
mod given;
mod hub;
mod limits;
mod link;
mod node;
mod pauses;
mod publish;
mod resume;
mod retry;
mod settle;
mod shared;
mod turns;
mod view;

use std::sync::Arc;
use std::time::Duration;

use flow_model::{ExecutionId, RunEvent, RunId, SecretName, WorkspaceId};
use futures_util::Stream;

use crate::{
    Answer, Catalogue, Clock, EngineError, Entropy, Execute, Files, FilesError, Flows, Hook, LinkAllows,
    NewEvent, Patience, Poll, PublishedEvent, Reply, Retry, RunView, SecretString, WaitChoice, hooks,
};
pub use builder::EngineBuilder;
pub(crate) use execute::accept;
pub(crate) use given::check_files;
pub(crate) use hub::ActiveRun;
pub use limits::Limits;
pub(crate) use limits::{ValueRefused, is_deeper};
pub(crate) use pauses::Pauses;
pub(crate) use shared::Shared;
pub(crate) use turns::Turn;

/// Executes flows. A cheap handle: clone it freely.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    flows: Flows,
}

/// The parts that an engine can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// Someone runs JavaScript beyond what the engine evaluates itself.
    pub scripts: bool,
    /// Someone keeps the secrets of workspaces.
    pub secrets: bool,
    /// Flows can make links that answer for them.
    pub resume_links: bool,
}

impl Engine {
    /// A builder; only the store has no default.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// The flows and versions that this engine's catalog holds.
    pub fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The files that runs can be given.
    ///
    /// # Errors
    /// The engine was built without.
    pub fn files(&self) -> Result<&Files, FilesError> {
        self.shared.files()
    }

    /// Everything that its flows can be made of.
    pub fn catalogue(&self) -> Catalogue {
        self.shared.registry.catalogue()
    }

    /// What bounds it.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// What it was put together with, of the parts that it can do without.
    pub fn features(&self) -> Features {
        Features {
            scripts: self.shared.scripts.is_some(),
            secrets: self.shared.secrets.is_some(),
            resume_links: self.shared.links.is_some(),
        }
    }

    /// The engine's clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// The engine's source of chance.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.shared.entropy
    }

    /// Starts a run and waits for it as long as the caller's patience lasts. The run outlives the call.
    ///
    /// # Errors
    /// The flow, version or trigger isn't there, the definition or the inputs have faults, the idempotency
    /// key was used for another call, or the store is away; then no run was acknowledged.
    pub async fn execute(&self, request: Execute) -> Result<Reply, EngineError> {
        execute::execute(self, request).await
    }

    /// Answers a wait of a run and waits for the run as long as the caller's patience lasts.
    ///
    /// # Errors
    /// There is no such run or wait, it isn't open any more, or the answer doesn't fit it; then nothing was
    /// changed.
    pub async fn resume(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        choice: WaitChoice,
        answer: Answer,
        patience: Patience,
    ) -> Result<Reply, EngineError> {
        resume::resume(&self.shared, workspace, run, choice, answer, patience).await
    }

    /// The workspace of the wait that a link from `resumeUrl(…)` is for, and what the link allows: whoever has it may look
    /// at that wait, and give it such an answer with [`Engine::resume`].
    ///
    /// # Errors
    /// The link isn't one of this engine's, or its run is gone.
    pub async fn link_owner(
        &self,
        execution: &ExecutionId,
        token: &str,
    ) -> Result<(WorkspaceId, LinkAllows), EngineError> {
        link::owner(&self.shared, execution, token).await
    }

    /// Sends an event: every run of the workspace that waits for it goes on with its data, and so does one that
    /// comes to wait for it before it expires.
    ///
    /// # Errors
    /// Its name, key or data is refused, or the store is away; then a repeat under the same id does no harm.
    pub async fn publish_event(&self, event: NewEvent) -> Result<PublishedEvent, EngineError> {
        publish::publish(&self.shared, event).await
    }

    /// Cancels a run: it will end as cancelled, and in the usual case has when this returns.
    ///
    /// # Errors
    /// There is no such run, or it has ended.
    pub async fn cancel(&self, workspace: WorkspaceId, run: RunId) -> Result<Reply, EngineError> {
        cancel::cancel(&self.shared, workspace, run).await
    }

    /// Starts a new run from a finished one: anew, or at a step that it has been at, with the results before.
    ///
    /// # Errors
    /// There is no such run, it is unfinished, it hasn't been at that step, or the other version doesn't fit what
    /// would be copied; and whatever an execute can be told. Then no run was acknowledged.
    pub async fn retry(&self, request: Retry) -> Result<Reply, EngineError> {
        retry::retry(self, request).await
    }

    /// A run as it stands.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn inspect(&self, workspace: WorkspaceId, run: RunId) -> Result<RunView, EngineError> {
        view::inspect(&self.shared, Some(workspace), run).await
    }

    /// The events of a run after number `since`: at once when there are any or the run has ended, else when
    /// there are, and after `wait` at the latest.
    ///
    /// # Errors
    /// There is no such run.
    pub async fn poll(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        since: u64,
        wait: Duration,
    ) -> Result<Poll, EngineError> {
        settle::poll(&self.shared, workspace, run, since, wait).await
    }

    /// The events of a run after number `since`, each as soon as it is committed, up to the run's last one.
    ///
    /// The stream ends with an error when there is no such run, the store is away, or the engine is told to drain
    /// or stop; read on elsewhere or later after the number of the last event that came.
    pub fn events(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        since: u64,
    ) -> impl Stream<Item = Result<RunEvent, EngineError>> + Send + use<> {
        events::stream(self.shared.clone(), workspace, run, since)
    }

    /// The webhook whose address has that token.
    ///
    /// # Errors
    /// There is none, or the latest version of its flow has it no more.
    pub async fn hook(&self, token: &str) -> Result<Hook, EngineError> {
        hooks::find(&self.shared, &self.flows, token).await
    }

    /// The secret that the calls of a webhook are signed with.
    ///
    /// # Errors
    /// The workspace has no such secret, or it can't be read; the log tells which.
    pub async fn hook_secret(&self, hook: &Hook, name: &SecretName) -> Result<SecretString, EngineError> {
        hooks::secret(&self.shared, hook, name).await
    }

    /// Whether new callers should come: the store answers, and the engine isn't draining or stopping.
    ///
    /// # Errors
    /// Why they shouldn't.
    pub async fn ready(&self) -> Result<(), EngineError> {
        self.shared.refuse_when_stopping()?;
        if self.shared.draining.is_cancelled() {
            return Err(EngineError::Stopping);
        }
        Ok(self.shared.store.ping().await?)
    }

    /// Says that it isn't ready from now on, and still takes calls: the first half of a graceful stop, while
    /// requests that are on their way are answered. Polls that are held end at once, since nothing is lost by
    /// asking another server.
    pub fn drain(&self) {
        self.shared.draining.cancel();
    }

    /// Takes no new work, lets steps under way come to their commit, gives every run up, and returns when
    /// none is left or `patience` is over. What is left is taken up by the next start.
    pub async fn stop(&self, patience: Duration) {
        background::stop(&self.shared, patience).await;
    }
}
