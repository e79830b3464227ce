//! Retries: a new run that begins anew, or where an earlier one has been.
//!
//! The results before that step are copied as events, and nothing is done again for them. The new run has an id
//! of its own, so its effects have other keys than those of the run that it repeats.

use flow_model::{EventKind, RunEvent, RunId, RunStart, RunStatus, StepId, VisitPath};
use serde_json::Value;

use super::execute::accept;
use super::{Engine, Shared, check_files, settle};
use crate::drive::{Driver, Entry, carry};
use crate::flow::Flow;
use crate::{Chosen, EngineError, Patience, Reply, Retry, RunRecord, StoreError, Target};

pub(super) async fn retry(engine: &Engine, request: Retry) -> Result<Reply, EngineError> {
    let shared = &engine.shared;
    shared.refuse_when_stopping()?;
    let before = shared.store.run_record(request.run).await?;
    let before = before.filter(|record| record.workspace == request.workspace);
    let before = before.ok_or(EngineError::RunNotFound(request.run))?;
    if !before.status.is_finished() {
        return Err(EngineError::RunUnfinished { run: before.id, status: before.status });
    }
    let log = shared.store.run_events(before.id, 0).await?;
    let chosen = choose(engine, &request, &before).await?;
    let flow = shared.flow(chosen.hash).await?;
    let copied = match &request.from {
        Some(step) => before_step(before.id, &log, &flow, step)?,
        None => log.get(..1).unwrap_or_default(),
    };
    if chosen.hash != before.definition && request.from.is_some() {
        check_copied(copied, &*shared.flow(before.definition).await?, &flow)?;
    }
    let (record, events) = begin(shared, &request, before, chosen, &flow, copied)?;
    if let Some(EventKind::RunStarted(start)) = events.first().map(|event| &event.kind) {
        let trigger = flow.triggers.iter().find(|trigger| trigger.id == start.trigger.step);
        let trigger = trigger.ok_or_else(|| EngineError::NoTrigger(start.trigger.kind.clone()))?;
        check_files(shared, record.workspace, &trigger.inputs, &start.inputs, "").await?;
    }
    let run = record.id;
    let store_first = request.patience == Patience::UntilStored;
    let turn = shared.admit(flow.concurrency.is_some()).await?;
    let entry = Entry { idempotency: request.idempotency, store_first, turn };
    let driver = Driver::go_on_from(shared, flow, record, events, entry)?;
    let active = driver.active();
    settle::drive(shared, run, Some(active), carry(shared, driver.run()), 0, request.patience).await
}

/// The definition that the new run is pinned to.
async fn choose(engine: &Engine, request: &Retry, before: &RunRecord) -> Result<Chosen, EngineError> {
    match (&request.version, before.flow) {
        (Some(selector), Some(flow)) => {
            engine.flows.choose(before.workspace, &Target::Published(flow, selector.clone())).await
        }
        (Some(_), None) => Err(EngineError::RunOfNoFlow(before.id)),
        (None, flow) => Ok(Chosen { flow, version: before.version, hash: before.definition }),
    }
}

/// The new run's row and its first events.
fn begin(
    shared: &Shared,
    request: &Retry,
    before: RunRecord,
    chosen: Chosen,
    flow: &Flow,
    copied: &[RunEvent],
) -> Result<(RunRecord, Vec<RunEvent>), EngineError> {
    let Some(EventKind::RunStarted(started)) = copied.first().map(|event| &event.kind) else {
        return Err(corrupt(before.id, "its log doesn't begin with its start".to_owned()));
    };
    let trigger = flow.triggers.iter().find(|trigger| trigger.id == started.trigger.step);
    let trigger = trigger.filter(|trigger| trigger.kind == started.trigger.kind);
    let trigger = trigger.ok_or_else(|| EngineError::NoTrigger(started.trigger.kind.clone()))?;
    let inputs = match (&request.inputs, &*started.inputs) {
        (Some(inputs), _) => inputs.clone(),
        (None, Value::Object(inputs)) => inputs.clone(),
        (None, _) => serde_json::Map::new(),
    };
    let start = RunStart {
        trigger: started.trigger.clone(),
        inputs: accept(&shared.limits, trigger, inputs, &started.trigger.data)?,
        current_user: request.current_user.clone(),
        seed: u64::from_le_bytes(shared.random()),
        next: if request.from.is_some() { started.next.clone() } else { trigger.next.clone() },
    };
    let now = shared.clock.now();
    // What the copied steps took was charged to the run that took them.
    let is_own = |event: &&RunEvent| !matches!(event.kind, EventKind::StepCharged { .. });
    let mut events: Vec<RunEvent> = copied.iter().filter(is_own).cloned().collect();
    events.iter_mut().zip(1..).for_each(|(event, seq)| event.seq = seq);
    // The time that the copied steps took is not this run's.
    events.iter_mut().for_each(|event| event.time = now);
    events[0].kind = EventKind::RunStarted(Box::new(start));
    let Chosen { flow, version, hash } = chosen;
    let record = RunRecord {
        id: RunId::new(now, shared.random()),
        flow,
        version,
        definition: hash,
        status: RunStatus::Queued,
        seq: 0,
        created_at: now,
        finished_at: None,
        cancel_requested_at: None,
        parent: None,
        retry_of: Some(before.id),
        slot: None,
        ..before
    };
    Ok((record, events))
}

/// The events up to the one that leads to a step of the top graph. Nothing else is open behind that one: loops and
/// branches are over before the top graph goes on.
fn before_step<'l>(
    run: RunId,
    log: &'l [RunEvent],
    flow: &Flow,
    step: &StepId,
) -> Result<&'l [RunEvent], EngineError> {
    let wanted = VisitPath::top(step);
    let leading = log.iter().position(|event| leads_to(&event.kind) == Some(&wanted));
    match leading.filter(|_| flow.step(&wanted).is_some()) {
        Some(at) => Ok(&log[..=at]),
        None => Err(EngineError::StepNotReached { run, step: step.to_string() }),
    }
}

fn leads_to(event: &EventKind) -> Option<&VisitPath> {
    match event {
        EventKind::RunStarted(start) => start.next.as_ref(),
        EventKind::StepCompleted { next, .. }
        | EventKind::StepSkipped { next, .. }
        | EventKind::StepFailed { next, .. }
        | EventKind::ContainerCompleted { next, .. } => next.as_ref(),
        EventKind::StepStarted { .. }
        | EventKind::ScopeEntered { .. }
        | EventKind::StepRetrying { .. }
        | EventKind::TimerFired { .. }
        | EventKind::StepLogged { .. }
        | EventKind::StepCharged { .. }
        | EventKind::WaitOpened { .. }
        | EventKind::WaitResolved { .. }
        | EventKind::ChildStarted { .. }
        | EventKind::ChildFinished { .. }
        | EventKind::RunCompleted { .. }
        | EventKind::RunFailed { .. }
        | EventKind::RunCancelled {} => None,
    }
}

/// What is copied has to mean the same in the other version: every step is there, and of the same type.
fn check_copied(copied: &[RunEvent], old: &Flow, new: &Flow) -> Result<(), EngineError> {
    for visit in copied.iter().filter_map(|event| event.kind.visit()) {
        let kind = |flow: &Flow| flow.step(visit).map(|step| step.kind.clone());
        if kind(new).is_none() || kind(new) != kind(old) {
            return Err(EngineError::StepDiffers { step: visit.step().to_owned() });
        }
    }
    Ok(())
}

fn corrupt(run: RunId, reason: String) -> EngineError {
    StoreError::Corrupt { what: format!("run {run}"), reason }.into()
}
