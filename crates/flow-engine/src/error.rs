//! What a caller of the engine can be told.

use flow_model::{Bump, Fault, FlowId, RunId, RunStatus};
use semver::Version;

use crate::{FilesError, StoreError};

/// Why a call to the engine came to nothing. Every text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The workspace has no such flow.
    #[error("there is no flow {0}; list the flows to find its id")]
    FlowNotFound(FlowId),
    /// The flow has no version that was asked for.
    #[error("flow {flow} has no published version that `{wanted}` chooses; list its versions")]
    VersionNotFound {
        /// The flow.
        flow: FlowId,
        /// What was asked for.
        wanted: String,
    },
    /// Nothing of the flow is published.
    #[error("flow {0} has no published version; publish it first")]
    NoPublishedVersion(FlowId),
    /// The flow can't be started the way it was called.
    #[error("the flow has no trigger of type `{0}`; add one and publish it")]
    NoTrigger(String),
    /// There is no draft to publish.
    #[error("flow {0} has no changes to publish; change its draft first")]
    NothingToPublish(FlowId),
    /// The caller's bump is less than what changed.
    #[error("the label must rise by {needed:?} at least, since {changes}")]
    BumpTooSmall {
        /// The least bump.
        needed: Bump,
        /// What changed.
        changes: String,
    },
    /// The flow isn't at the revision that the caller saw.
    #[error("the flow is at revision {current} by now; look at it again and repeat with that revision")]
    RevisionStale {
        /// The flow's revision.
        current: i64,
    },
    /// Others kept changing the draft while it was being published.
    #[error("the draft of flow {0} was changed meanwhile; look at it again and repeat")]
    DraftChanged(FlowId),
    /// The definition has faults.
    #[error("the definition has {} faults; mend each and try again", .0.len())]
    InvalidDefinition(Vec<Fault>),
    /// The inputs don't fit the trigger.
    #[error("the inputs have {} faults; mend each and try again", .0.len())]
    InvalidInputs(Vec<Fault>),
    /// What a webhook was called with doesn't fit its schema; the places are in the body of the call.
    #[error("the body has {} faults; mend each and try again", .0.len())]
    InvalidPayload(Vec<Fault>),
    /// There is no such run.
    #[error("there is no run {0}")]
    RunNotFound(RunId),
    /// No webhook is called at this address.
    #[error("there is no such webhook (any more); ask for its present address, or publish a trigger for it")]
    HookNotFound,
    /// A signed call can't be checked.
    #[error(
        "the secret that calls of this webhook are signed with can't be read; its owner finds why in the server's log"
    )]
    HookSecretUnavailable,
    /// The link is none that this engine made, or its run is gone.
    #[error("this link isn't valid (any more); ask for a new one")]
    LinkInvalid,
    /// The run has no open wait.
    #[error("run {run} has no open wait that this answers (it is {}); nothing was changed", status.as_str())]
    RunNotWaiting {
        /// The run.
        run: RunId,
        /// Its status.
        status: RunStatus,
    },
    /// The named wait isn't one of the run's.
    #[error(
        "`{given}` names no wait of run {run}; use the `executionId` that the run's `pendingAction` shows"
    )]
    ExecutionMismatch {
        /// The run.
        run: RunId,
        /// What was named.
        given: String,
    },
    /// Several waits are open and none was named.
    #[error("run {0} has several open waits; name one by its `executionId`")]
    WaitAmbiguous(RunId),
    /// The named wait's time is over.
    #[error("the wait `{0}` has expired; nothing was changed")]
    WaitExpired(String),
    /// The answer doesn't fit the kind of wait.
    #[error("this wait is a {wanted}: answer it with {how}")]
    AnswerMismatch {
        /// The kind of wait.
        wanted: &'static str,
        /// The answer that fits.
        how: &'static str,
    },
    /// The answer can't be recorded; the wait stays open.
    #[error("the answer can't be taken: {0}")]
    AnswerTooLarge(String),
    /// The run has ended, so it can't be cancelled.
    #[error("run {run} has ended already (it is {}); nothing was changed", status.as_str())]
    RunFinished {
        /// The run.
        run: RunId,
        /// Its status.
        status: RunStatus,
    },
    /// The run goes on, so it can't be started again.
    #[error("run {run} hasn't ended (it is {}); cancel it or wait for its end first", status.as_str())]
    RunUnfinished {
        /// The run.
        run: RunId,
        /// Its status.
        status: RunStatus,
    },
    /// The run is of no flow, so it has no other versions.
    #[error("run {0} is of a bare definition, which has no versions; leave the version out")]
    RunOfNoFlow(RunId),
    /// The run wasn't at the step to begin at.
    #[error("run {run} has not been at a step `{step}` of the top graph; name one that its details show")]
    StepNotReached {
        /// The run.
        run: RunId,
        /// The step.
        step: String,
    },
    /// A step whose result would be copied is not the same in the other version.
    #[error(
        "the step `{step}` is missing in that version or of another type; begin at an earlier step, or anew"
    )]
    StepDiffers {
        /// The step.
        step: String,
    },
    /// The flow's `concurrency.key` makes no name of what the run was called with.
    #[error("the flow's concurrency key can't be made of these inputs: {0}")]
    ConcurrencyKey(String),
    /// Too many runs wait for their turn.
    #[error("{most} runs wait for their turn already, which is the most; try again later")]
    QueueFull {
        /// The most that may wait.
        most: usize,
    },
    /// The key was used for another call.
    #[error("this `Idempotency-Key` was used with another body; use a new key for a new call")]
    IdempotencyKeyReused,
    /// A version's label is taken.
    #[error("the label {0} was given already")]
    LabelTaken(Version),
    /// The engine is stopping.
    #[error("the server is stopping; try another or try again in a moment")]
    Stopping,
    /// A file can't be kept or read.
    #[error(transparent)]
    Files(FilesError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<FilesError> for EngineError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Store(error) => Self::Store(error),
            other => Self::Files(other),
        }
    }
}
