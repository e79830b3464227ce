//! Starts runs.

use std::sync::Arc;

use flow_model::{Faults, RunId, RunStart, RunStatus, Trigger};
use serde_json::{Map, Value};

use super::{Engine, Limits, check_files, settle};
use crate::drive::{Driver, Entry, carry};
use crate::flow::{CompiledTrigger, Flow};
use crate::{Chosen, EngineError, Execute, Patience, Reply, RunRecord, StartedBy};

pub(super) async fn execute(engine: &Engine, request: Execute) -> Result<Reply, EngineError> {
    let shared = &engine.shared;
    shared.refuse_when_stopping()?;
    let Execute { workspace, target, trigger: started_by, inputs, current_user, idempotency, patience } =
        request;
    let chosen = engine.flows.choose(workspace, &target).await?;
    let flow = shared.flow(chosen.hash).await?;
    let trigger = choose_trigger(&flow, &started_by)?;
    let data = match started_by {
        StartedBy::Type { data, .. } => data,
        StartedBy::Any => Arc::new(Value::Object(Map::new())),
    };
    let inputs = accept(&shared.limits, trigger, inputs, &data)?;
    check_files(shared, workspace, &trigger.inputs, &inputs, "").await?;

    let now = shared.clock.now();
    let start = RunStart {
        trigger: Trigger { step: trigger.id.clone(), kind: trigger.kind.clone(), data },
        inputs,
        current_user,
        seed: u64::from_le_bytes(shared.random()),
        next: trigger.next.clone(),
    };
    let Chosen { flow: flow_id, version, hash } = chosen;
    let record = RunRecord {
        id: RunId::new(now, shared.random()),
        workspace,
        flow: flow_id,
        version,
        definition: hash,
        trigger: trigger.kind.clone(),
        status: RunStatus::Queued,
        seq: 0,
        created_at: now,
        finished_at: None,
        cancel_requested_at: None,
        parent: None,
        retry_of: None,
        slot: None,
    };
    let run = record.id;
    let store_first = patience == Patience::UntilStored;
    let turn = shared.admit(flow.concurrency.is_some()).await?;
    let entry = Entry { idempotency, store_first, turn };
    let driver = Driver::start(shared, flow, record, start, entry)?;
    let active = driver.active();
    settle::drive(shared, run, Some(active), carry(shared, driver.run()), 0, patience).await
}

fn choose_trigger<'f>(flow: &'f Flow, started_by: &StartedBy) -> Result<&'f CompiledTrigger, EngineError> {
    let found = match started_by {
        StartedBy::Type { kind, .. } => flow.triggers.iter().find(|trigger| trigger.kind == *kind),
        StartedBy::Any => flow.triggers.iter().find(|trigger| trigger.kind != "schedule"),
    };
    found.ok_or_else(|| {
        EngineError::NoTrigger(match started_by {
            StartedBy::Type { kind, .. } => kind.clone(),
            StartedBy::Any => "api".to_owned(),
        })
    })
}

/// The inputs of a run, checked against the fields of its trigger, defaults filled in; what the trigger brings is checked
/// beside them.
pub(crate) fn accept(
    limits: &Limits,
    trigger: &CompiledTrigger,
    inputs: Map<String, Value>,
    brought: &Value,
) -> Result<Arc<Value>, EngineError> {
    let faults = Faults::new();
    if let Some(schema) = trigger.body() {
        schema.check(brought.get("body").unwrap_or(&Value::Null), "", &faults);
        if faults.has_errors() {
            return Err(EngineError::InvalidPayload(faults.into_vec()));
        }
    }
    let accepted = trigger.inputs.accept(inputs, "", &faults);
    if let Err(refused) = limits.check_depth(&accepted) {
        faults.error("", "too_deep", refused.to_string());
    }
    if faults.has_errors() { Err(EngineError::InvalidInputs(faults.into_vec())) } else { Ok(accepted) }
}
