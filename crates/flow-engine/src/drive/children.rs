//! Runs that steps of this one start, and what their ends mean to those that wait for them.

use std::sync::Arc;

use flow_model::{
    Fault, Resolution, RunEnd, RunError, RunEvent, RunId, RunStart, RunState, RunStatus, Severity, Timestamp,
    Trigger, VisitPath, VisitStatus, WaitKind, apply,
};
use serde_json::{Value, json};

use super::slot::slot;
use super::{Driver, Stop, carry, take_up};
use crate::control::ChildRequest;
use crate::decide::Command;
use crate::engine::{Shared, accept, check_files};
use crate::flow::{CompiledTrigger, Flow};
use crate::ports::{NewChild, Parent, Resolve, RunRecord};
use crate::{Chosen, EngineError, Flows, Target};

/// Why a run wasn't started.
enum Refusal {
    /// The step fails with it.
    Step(RunError),
    /// This run can't go on either.
    Run(Stop),
}

impl Driver {
    /// Makes the run that a step asks for, to be stored with the events that say so. Nothing of it is seen before
    /// that, so a repeat after a crash makes another one in its place.
    pub(super) async fn start_child(&mut self, visit: VisitPath, request: &Value) -> Result<(), Stop> {
        match self.make_child(&visit, request).await {
            Ok((child, waits)) => {
                let run = child.record.id;
                self.pending.start(child);
                self.decide(Command::ChildStarted { visit, run, waits })
            }
            Err(Refusal::Step(error)) => {
                self.decide(Command::StepFailed { visit, error, retry_after: None, used: Vec::new() })
            }
            Err(Refusal::Run(stop)) => Err(stop),
        }
    }

    async fn make_child(&self, visit: &VisitPath, request: &Value) -> Result<(NewChild, bool), Refusal> {
        let ChildRequest { flow, version, inputs, waits } =
            ChildRequest::read(request).map_err(Refusal::Step)?;
        let depth = self.record.parent.as_ref().map_or(0, |parent| parent.depth).saturating_add(1);
        if depth > self.shared.limits.subflow_depth {
            return Err(Refusal::Step(too_deep(self.shared.limits.subflow_depth)));
        }
        let (chosen, flow) = self.choose_child(&Target::Published(flow, version)).await?;
        let trigger = trigger(&flow).map_err(refused)?;
        let inputs = accept(&self.shared.limits, trigger, inputs, &Value::Null).map_err(refused)?;
        let check = || check_files(&self.shared, self.record.workspace, &trigger.inputs, &inputs, "");
        self.ask(check).await?;
        let (shared, now) = (&self.shared, self.shared.clock.now());
        let current_user = self.state.start().map(|(_, start)| start.current_user.clone());
        let start = RunStart {
            trigger: Trigger {
                step: trigger.id.clone(),
                kind: trigger.kind.clone(),
                data: Arc::new(json!({ "parentRunId": self.record.id })),
            },
            inputs,
            current_user: current_user.unwrap_or_else(|| Arc::new(json!({}))),
            seed: u64::from_le_bytes(shared.random()),
            next: trigger.next.clone(),
        };
        let Chosen { flow: id, version, hash } = chosen;
        let mut record = RunRecord {
            id: RunId::new(now, shared.random()),
            workspace: self.record.workspace,
            flow: id,
            version,
            definition: hash,
            trigger: trigger.kind.clone(),
            status: RunStatus::Queued,
            seq: 1,
            created_at: now,
            finished_at: None,
            cancel_requested_at: None,
            retry_of: None,
            parent: Some(Parent { run: self.record.id, visit: visit.clone(), waits, depth }),
            slot: None,
        };
        let kind = flow_model::EventKind::RunStarted(Box::new(start));
        let event = RunEvent { seq: 1, time: now, kind };
        if flow.concurrency.is_some() {
            let mut state = RunState::new();
            let applied = apply(&mut state, &event);
            applied.map_err(|illegal| Refusal::Run(Stop::Damaged(illegal.to_string())))?;
            record.slot = slot(&record, &flow, &state).map_err(refused)?;
        }
        Ok((NewChild { record, events: vec![event] }, waits))
    }

    /// The version and its compiled flow.
    async fn choose_child(&self, target: &Target) -> Result<(Chosen, Arc<Flow>), Refusal> {
        let shared = &self.shared;
        let flows = Flows::new(shared.catalog.clone(), shared.clone());
        let find = || async {
            let chosen = flows.choose(self.record.workspace, target).await?;
            let flow = shared.flow(chosen.hash).await?;
            Ok((chosen, flow))
        };
        self.ask(find).await
    }

    /// What a call comes to. While the store is away this waits for it, as a commit does.
    async fn ask<T, F: Future<Output = Result<T, EngineError>>>(
        &self,
        call: impl Fn() -> F,
    ) -> Result<T, Refusal> {
        let ask = || async {
            match call().await {
                Err(EngineError::Store(error)) => Err(error),
                answer => Ok(answer),
            }
        };
        let answer = self.shared.persist(ask).await;
        answer.map_err(|error| Refusal::Run(Stop::Failed(error)))?.map_err(refused)
    }
}

fn trigger(flow: &Flow) -> Result<&CompiledTrigger, EngineError> {
    let api = flow.triggers.iter().find(|trigger| trigger.kind == "api");
    api.ok_or_else(|| EngineError::NoTrigger("api".to_owned()))
}

/// What the step that asked for the run fails with.
fn refused(error: EngineError) -> Refusal {
    let code = match &error {
        EngineError::FlowNotFound(_) => "flow_not_found",
        EngineError::VersionNotFound { .. } => "version_not_found",
        EngineError::NoPublishedVersion(_) => "no_published_version",
        EngineError::NoTrigger(_) => "no_api_trigger",
        EngineError::ConcurrencyKey(_) => "concurrency_key_invalid",
        EngineError::InvalidDefinition(faults) => {
            return with_faults("invalid_definition", "the definition of the other flow has faults", faults);
        }
        EngineError::InvalidInputs(faults) => {
            return with_faults("inputs_invalid", "the inputs don't fit the other flow", faults);
        }
        other => return Refusal::Run(Stop::Damaged(other.to_string())),
    };
    Refusal::Step(RunError::new(code, error.to_string()))
}

fn with_faults(code: &str, message: &str, faults: &[Fault]) -> Refusal {
    let first = faults.iter().find(|fault| fault.severity == Severity::Error);
    let message = first.map_or_else(|| message.to_owned(), |first| format!("{message}: {}", first.message));
    let details = Some(Arc::new(json!({ "errors": faults })));
    Refusal::Step(RunError { details, ..RunError::new(code, message) })
}

fn too_deep(most: u16) -> RunError {
    let message =
        format!("flows run each other {most} deep at the most; does this one end up running itself?");
    RunError::new("subflow_too_deep", message)
}

/// The answer that a run's end is to the run that waits for it; none when none does.
pub(super) fn answer(record: &RunRecord, at: Timestamp, end: &RunEnd) -> Option<Resolve> {
    let parent = record.parent.as_ref().filter(|parent| parent.waits)?;
    let resolution = Resolution::ChildEnded { run: record.id, end: end.clone() };
    Some(Resolve { run: parent.run, visit: parent.visit.clone(), resolution, now: at })
}

/// Has a run that was just stored driven, if there is room for it; else it stands in the queue.
pub(super) fn wake_new(shared: &Arc<Shared>, run: RunId) {
    if shared.turns.room() > 0 { wake(shared, run) } else { shared.turns.queued() }
}

/// Lets a run see what was stored for it: by its driver, or by one that takes it up.
pub(crate) fn wake(shared: &Arc<Shared>, run: RunId) {
    if !shared.hub.poke(run) && !shared.is_stopping() {
        carry(shared, take_up(shared.clone(), run)).detach();
    }
}

/// Whether what closed a run or some of its visits reached any child: with a cancel all of them, else those that a
/// visit waited for when it was closed.
pub(super) fn may_be_cancelled(state: &RunState) -> bool {
    if state.children() == 0 {
        return false;
    }
    let is_cancelled = matches!(state.end(), Some((_, RunEnd::Cancelled)));
    is_cancelled
        || state.visits().any(|(_, visit)| {
            visit.status == VisitStatus::Cancelled
                && visit.wait.as_ref().is_some_and(|wait| wait.request.kind() == WaitKind::RunFlow)
        })
}

/// Wakes those of a run's children that were cancelled with it. Without this they would end with the next look
/// for orphans.
pub(super) fn wake_cancelled(shared: &Arc<Shared>, parent: RunId) {
    let woken = shared.clone();
    shared.runtime.spawn(async move {
        match woken.store.run_children(parent).await {
            Ok(children) => {
                let unfinished = children.iter().filter(|child| !child.status.is_finished());
                let cancelled = unfinished.filter(|child| child.cancel_requested_at.is_some());
                cancelled.for_each(|child| wake(&woken, child.id));
            }
            Err(error) => tracing::debug!(run = %parent, %error, "its children couldn't be looked for"),
        }
    });
}
