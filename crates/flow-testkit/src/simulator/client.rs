//! Whoever starts the run, answers what it asks, and holds the server to its word.
//!
//! The client repeats what it got no reply to, under the same idempotency key, at whatever process takes calls. It
//! looks into the database to see what is asked: what it is told is checked elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    EngineError, Execute, IdempotencyKey, Patience, Reply, StartedBy, StoreError, StoredWait, Target,
    WaitChoice, WaitState,
};
use flow_model::{ExecutionId, Resolution, RunId, RunStatus};
use futures_util::FutureExt;
use serde_json::json;
use tokio::task::JoinHandle;

use super::document::FAR_MS;
use super::outside::{Reply as Answered, Topic, reply, whom};
use super::sender::Sender;
use super::world::World;
use super::{Case, chance::Chance, family};

/// The person who gives the answers that count.
pub(super) const NAME: &str = "Ada";

/// Who answers out of turn. Each time it is another person, so that no two answers are the same.
pub(super) const INTRUDER: &str = "Mallory";

type Called = JoinHandle<Result<Reply, EngineError>>;

pub(super) struct Client<'a> {
    case: &'a Case,
    chance: Chance,
    /// The run, once the client was told of it.
    pub(super) run: Option<RunId>,
    calls: Vec<Call>,
    /// The answers that were acknowledged as the ones that count.
    pub(super) acknowledged: BTreeMap<String, (ExecutionId, Resolution)>,
    /// The answers that may count, since their replies never came.
    pub(super) unknown: BTreeSet<String>,
    /// Somebody else's answer was acknowledged, or might have been: the run may take another course.
    pub(super) is_altered: bool,
    pub(super) asked_to_cancel: BTreeSet<RunId>,
    pub(super) cancel_acknowledged: BTreeSet<RunId>,
    /// Whoever sends the events. The client knows nothing of them.
    pub(super) sender: Sender<'a>,
}

/// A call that is under way.
struct Call {
    process: usize,
    kind: CallKind,
    task: Called,
}

enum CallKind {
    Execute,
    Resume(Resume),
    Cancel(RunId),
}

/// An answer that is under way.
struct Resume {
    execution: ExecutionId,
    resolution: Resolution,
    by: String,
    /// The run was to be cancelled before it was given. (The time of a cancel wouldn't tell: it is when it was decided
    /// on, and it may take a while to be stored.)
    is_too_late: bool,
}

impl<'a> Client<'a> {
    pub(super) fn new(case: &'a Case, seed: u64) -> Self {
        Self {
            case,
            chance: Chance::new(seed),
            run: None,
            calls: Vec::new(),
            acknowledged: BTreeMap::new(),
            unknown: BTreeSet::new(),
            is_altered: false,
            asked_to_cancel: BTreeSet::new(),
            cancel_acknowledged: BTreeSet::new(),
            sender: Sender::new(case),
        }
    }

    /// Whether nothing is under way, and the client knows its run.
    pub(super) fn is_done(&self) -> bool {
        self.run.is_some() && self.calls.is_empty() && self.sender.is_done()
    }

    /// Does the next thing that is to be done at that process; false when there is none.
    pub(super) fn act(&mut self, world: &mut World, process: usize) -> bool {
        if self.run.is_none() && !self.calls.iter().any(|call| matches!(call.kind, CallKind::Execute)) {
            if self.sender.is_before(world, process) {
                return true;
            }
            if world.root().is_none() && !self.sender.sent.is_empty() {
                if !self.sender.is_done() {
                    return false;
                }
                // What came in the moment in which the run begins would be for it; clocks may differ by some.
                world.jump(Duration::from_secs(2));
            }
            self.execute(world, process);
            return true;
        }
        let runs = world.runs();
        if !runs.is_empty() && self.sender.is_early(world, process) {
            return true;
        }
        runs.iter().any(|run| {
            let waits = world.waits(run.id).into_iter();
            let mut open = waits.filter(|wait| wait.state == WaitState::Open && is_answered(wait));
            open.any(|wait| self.answers(world, process, run.id, &wait))
        })
    }

    /// Answers an open wait; false when that is under way, or nobody is asked.
    fn answers(&mut self, world: &World, process: usize, run: RunId, wait: &StoredWait) -> bool {
        if let Some(topic) = Topic::of(&wait.wait.request) {
            return self.sender.meets(world, process, &topic);
        }
        let Some(whom) = whom(wait.wait.request.kind()) else { return false };
        if self.is_answering(run, wait) {
            return false;
        }
        let answer = reply(self.case.seed, &world.path(run, &wait.visit), whom);
        let execution = ExecutionId { run, visit: wait.visit.clone() };
        self.resume(world, process, execution, answer, NAME.to_owned());
        true
    }

    fn is_answering(&self, run: RunId, wait: &StoredWait) -> bool {
        self.calls.iter().any(|call| match &call.kind {
            CallKind::Resume(Resume { execution, by, .. }) => {
                execution.run == run && execution.visit == wait.visit && *by == NAME
            }
            CallKind::Execute | CallKind::Cancel(_) => false,
        })
    }

    fn patience(&self) -> Patience {
        match self.chance.below(3) {
            0 => Patience::UntilStored,
            1 => Patience::UpTo(Duration::ZERO),
            _ => Patience::UpTo(Duration::from_secs(3600)),
        }
    }

    fn execute(&mut self, world: &World, process: usize) {
        let inputs = self.case.plan.inputs.as_object().cloned().unwrap_or_default();
        let expires_at = world.now().after(Duration::from_millis(FAR_MS));
        let request = Execute {
            workspace: world.workspace,
            target: Target::Document(Arc::new(self.case.document.clone())),
            trigger: StartedBy::Any,
            inputs,
            current_user: Arc::new(json!({})),
            idempotency: Some(IdempotencyKey { key: "key".to_owned(), body_hash: [7; 32], expires_at }),
            patience: self.patience(),
        };
        world.ledger().note(|| format!("execute at process {process}, {:?}", request.patience));
        let engine = world.processes[process].engine.clone();
        let task = tokio::spawn(async move { engine.execute(request).await });
        self.calls.push(Call { process, kind: CallKind::Execute, task });
    }

    pub(super) fn resume(
        &mut self,
        world: &World,
        process: usize,
        execution: ExecutionId,
        answered: Answered,
        by: String,
    ) {
        let patience = self.patience();
        world.ledger().note(|| {
            format!(
                "{by} answers {} at process {process}, {patience:?}",
                world.path(execution.run, &execution.visit)
            )
        });
        let engine = world.processes[process].engine.clone();
        let (workspace, run, answer) = (world.workspace, execution.run, answered.answer(&by));
        let choice = WaitChoice::Named(execution.to_string());
        let task = tokio::spawn(async move { engine.resume(workspace, run, choice, answer, patience).await });
        let is_too_late = world.record(run).is_some_and(|run| run.cancel_requested_at.is_some());
        let resume = Resume { execution, resolution: answered.resolution(&by), by, is_too_late };
        self.calls.push(Call { process, kind: CallKind::Resume(resume), task });
    }

    pub(super) fn cancel(&mut self, world: &World, process: usize, run: RunId) {
        world.ledger().note(|| {
            let path = family::path(&world.shared.database, run);
            format!("cancel of the run `{path}` at process {process}")
        });
        let engine = world.processes[process].engine.clone();
        let workspace = world.workspace;
        let task = tokio::spawn(async move { engine.cancel(workspace, run).await });
        self.asked_to_cancel.insert(run);
        self.calls.push(Call { process, kind: CallKind::Cancel(run), task });
    }

    /// Takes the replies that have come, and gives up those that can't come any more.
    pub(super) fn collect(&mut self, world: &World) -> Result<(), String> {
        self.sender.collect(world)?;
        let (ended, calls) = std::mem::take(&mut self.calls)
            .into_iter()
            .partition(|call| call.task.is_finished() || world.processes[call.process].store.is_dead());
        self.calls = calls;
        for Call { process, kind, task } in ended {
            match task.now_or_never() {
                Some(Ok(result)) => self.replied(world, kind, result)?,
                Some(Err(error)) => return Err(format!("a call at process {process} broke off: {error}")),
                // The process has died.
                None => self.unknown(&kind),
            }
        }
        Ok(())
    }

    /// It isn't known whether the call was carried out.
    fn unknown(&mut self, kind: &CallKind) {
        match kind {
            CallKind::Resume(Resume { by, execution, .. }) => {
                self.is_altered |= *by != NAME;
                self.unknown.insert(execution.to_string());
            }
            CallKind::Execute | CallKind::Cancel(_) => {}
        }
    }

    fn replied(
        &mut self,
        world: &World,
        kind: CallKind,
        result: Result<Reply, EngineError>,
    ) -> Result<(), String> {
        if let Err(EngineError::Store(StoreError::Unavailable { .. }) | EngineError::Stopping) = &result {
            self.unknown(&kind);
            return Ok(());
        }
        match kind {
            CallKind::Execute => {
                self.executed(world, &result.map_err(|error| format!("the run was refused: {error}"))?)
            }
            CallKind::Resume(resume) => self.resumed(world, resume, result),
            CallKind::Cancel(run) => self.cancelled(run, &result),
        }
    }

    fn executed(&mut self, world: &World, reply: &Reply) -> Result<(), String> {
        let run = reply.view.id();
        world.ledger().note(|| format!("  the run is acknowledged, {}", reply.view.status().as_str()));
        if world.record(run).is_none() {
            return Err(format!("the run {run} was acknowledged and isn't stored"));
        }
        self.run = Some(run);
        Ok(())
    }

    fn resumed(
        &mut self,
        world: &World,
        resume: Resume,
        result: Result<Reply, EngineError>,
    ) -> Result<(), String> {
        let Resume { execution, resolution, by, is_too_late } = resume;
        match result {
            Ok(_) => {
                world.ledger().note(|| format!("  {by}'s answer to {} counts", execution.visit));
                self.is_altered |= by != NAME;
                let waits = world.waits(execution.run);
                let row = waits.iter().find(|wait| wait.visit == execution.visit).map(|wait| &wait.state);
                let is_stored = matches!(row, Some(WaitState::Resolved { resolution: stored, .. }) if *stored == resolution);
                if !is_stored {
                    return Err(format!(
                        "{by}'s answer to {execution} was acknowledged, and {row:?} is stored"
                    ));
                }
                if is_too_late {
                    return Err(format!("{by}'s answer to {execution} was acknowledged after a cancel"));
                }
                match self.acknowledged.insert(execution.to_string(), (execution, resolution)) {
                    None => Ok(()),
                    Some((execution, _)) => Err(format!("two answers to {execution} were acknowledged")),
                }
            }
            Err(
                EngineError::RunNotWaiting { .. }
                | EngineError::RunNotFound(_)
                | EngineError::ExecutionMismatch { .. }
                | EngineError::WaitExpired(_)
                | EngineError::AnswerMismatch { .. },
            ) => Ok(()),
            Err(error) => Err(format!("{by}'s answer to {execution} was refused: {error:?}")),
        }
    }

    fn cancelled(&mut self, run: RunId, result: &Result<Reply, EngineError>) -> Result<(), String> {
        match result {
            Ok(reply) if reply.settled && reply.view.status() != RunStatus::Cancelled => {
                Err(format!("a cancelled run is {}", reply.view.status().as_str()))
            }
            Ok(_) => {
                self.cancel_acknowledged.insert(run);
                Ok(())
            }
            Err(EngineError::RunFinished { .. } | EngineError::RunNotFound(_)) => Ok(()),
            Err(error) => Err(format!("a cancel was refused: {error}")),
        }
    }
}

/// Whether somebody answers the question: one that expires soon is there to expire.
fn is_answered(wait: &StoredWait) -> bool {
    let far = Duration::from_millis(FAR_MS) / 2;
    wait.wait.expires_at.is_none_or(|at| at.since(wait.opened_at) > far)
}
