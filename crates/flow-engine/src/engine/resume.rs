//! Answers waits.

use std::sync::Arc;

use flow_model::{
    ExecutionId, Faults, Fields, InputSchema, Resolution, RunId, VisitPath, WaitKind, WaitRequest,
    WorkspaceId,
};
use serde_json::{Map, Value};

use super::{Limits, Pauses, Shared, check_files, settle};
use crate::drive::{carry, take_up};
use crate::ports::{Resolve, ResolveOutcome, RunRecord, StoredWait, WaitState};
use crate::{Answer, EngineError, Patience, Reply, StoreError, WaitChoice};

pub(super) async fn resume(
    shared: &Arc<Shared>,
    workspace: WorkspaceId,
    run: RunId,
    choice: WaitChoice,
    answer: Answer,
    patience: Patience,
) -> Result<Reply, EngineError> {
    shared.refuse_when_stopping()?;
    let record = shared.store.run_record(run).await?.filter(|record| record.workspace == workspace);
    let record = record.ok_or(EngineError::RunNotFound(run))?;
    let waits = shared.store.wait_list(run).await?;
    let chosen = choose(&record, &waits, &choice)?;
    let resolution = resolution(answer, &chosen.wait.request)?;
    check(&shared.limits, &resolution)?;
    if let (WaitRequest::ShowForm { fields, .. }, Resolution::Submitted { data }) =
        (&chosen.wait.request, &resolution)
    {
        check_files(shared, workspace, &form(fields), data, FORM_DATA).await?;
    }
    let visit = chosen.visit.clone();
    let resolve = Resolve { run, visit: visit.clone(), resolution, now: shared.clock.now() };
    match store(shared, resolve).await? {
        ResolveOutcome::Won => {}
        ResolveOutcome::NotOpen(state) => return Err(closed(&record, &visit, &state)),
        ResolveOutcome::Missing => return Err(not_waiting(&record)),
    }
    // Acknowledged: from here on nothing may fail the call but the caller's patience.
    let after = record.seq;
    if shared.hub.poke(run) {
        return settle::settle(shared, run, after, settle::deadline(shared, patience)).await;
    }
    settle::drive(shared, run, None, carry(shared, take_up(shared.clone(), run)), after, patience).await
}

/// How often an answer is sent again while the store doesn't say whether it has it.
const REPEATS: usize = 3;

/// Stores an answer. After a reply that was lost, the very answer that stands there is this one.
async fn store(shared: &Shared, resolve: Resolve) -> Result<ResolveOutcome, EngineError> {
    let mut outcome = shared.store.wait_resolve(resolve.clone()).await;
    let mut pauses = Pauses::default();
    for _ in 0..REPEATS {
        if !matches!(outcome, Err(StoreError::Unavailable { .. })) {
            break;
        }
        pauses.next(&*shared.clock).await;
        outcome = match shared.store.wait_resolve(resolve.clone()).await {
            Ok(ResolveOutcome::NotOpen(WaitState::Resolved { resolution, resolved_at }))
                if resolution == resolve.resolution && resolved_at == resolve.now =>
            {
                Ok(ResolveOutcome::Won)
            }
            other => other,
        };
    }
    Ok(outcome?)
}

/// Whether the run can record the answer, of whatever kind it is.
fn check(limits: &Limits, resolution: &Resolution) -> Result<(), EngineError> {
    let checked = match resolution {
        Resolution::Decided { message: Some(text), .. } | Resolution::ToolFailed { error: text } => {
            limits.check_text(text)
        }
        Resolution::ToolSucceeded { output: value }
        | Resolution::Submitted { data: value }
        | Resolution::EventReceived { data: value, .. } => limits.check(value),
        Resolution::Decided { message: None, .. } | Resolution::Expired | Resolution::ChildEnded { .. } => {
            Ok(())
        }
    };
    checked.map_err(|refused| EngineError::AnswerTooLarge(refused.to_string()))
}

fn choose<'w>(
    record: &RunRecord,
    waits: &'w [StoredWait],
    choice: &WaitChoice,
) -> Result<&'w StoredWait, EngineError> {
    let run = record.id;
    // Nobody is asked by a wait for the clock, so nobody can answer it.
    let asks = |wait: &&StoredWait| wait.wait.request.kind().asks_someone();
    let open: Vec<_> = waits.iter().filter(asks).filter(|wait| wait.state == WaitState::Open).collect();
    let named = match choice {
        WaitChoice::Named(text) if *text != run.to_string() => Some(text),
        WaitChoice::Named(_) | WaitChoice::Only => None,
    };
    let Some(text) = named else {
        return match open[..] {
            [] => Err(not_waiting(record)),
            [only] => Ok(only),
            _ => Err(EngineError::WaitAmbiguous(run)),
        };
    };
    let execution = text.parse::<ExecutionId>().ok().filter(|execution| execution.run == run);
    let found =
        execution.and_then(|execution| waits.iter().filter(asks).find(|wait| wait.visit == execution.visit));
    match found {
        Some(wait) if wait.state == WaitState::Open => Ok(wait),
        Some(wait) => Err(closed(record, &wait.visit, &wait.state)),
        None if open.is_empty() => Err(not_waiting(record)),
        None => Err(EngineError::ExecutionMismatch { run, given: text.chars().take(128).collect() }),
    }
}

fn closed(record: &RunRecord, visit: &VisitPath, state: &WaitState) -> EngineError {
    match state {
        WaitState::Expired { .. } => {
            EngineError::WaitExpired(ExecutionId { run: record.id, visit: visit.clone() }.to_string())
        }
        WaitState::Open | WaitState::Resolved { .. } | WaitState::Closed => not_waiting(record),
    }
}

fn not_waiting(record: &RunRecord) -> EngineError {
    EngineError::RunNotWaiting { run: record.id, status: record.status }
}

fn resolution(answer: Answer, request: &WaitRequest) -> Result<Resolution, EngineError> {
    Ok(match (request, answer) {
        (WaitRequest::UserApproval { .. }, Answer::Decision { decision, message, decided_by }) => {
            Resolution::Decided { decision, message, decided_by }
        }
        (WaitRequest::ClientTool { .. }, Answer::Tool(Ok(output))) => Resolution::ToolSucceeded { output },
        (WaitRequest::ClientTool { .. }, Answer::Tool(Err(error))) => Resolution::ToolFailed { error },
        (WaitRequest::ShowForm { fields, .. }, Answer::Form(values)) => {
            Resolution::Submitted { data: accept(fields, values)? }
        }
        (request, Answer::Decision { .. } | Answer::Tool(_) | Answer::Form(_)) => {
            let kind = request.kind();
            return Err(EngineError::AnswerMismatch { wanted: kind.as_str(), how: fitting(kind) });
        }
    })
}

/// Where the values stand in a body.
const FORM_DATA: &str = "/formData";

/// What a form takes. Its fields were checked when the flow was published.
fn form(fields: &Value) -> InputSchema {
    let declared = Map::from_iter([("fields".to_owned(), fields.clone())]);
    InputSchema::read_fields(&Fields::new(&declared, "", &Faults::new()))
}

/// A form's values, checked against its fields, defaults filled in.
fn accept(fields: &Value, values: Map<String, Value>) -> Result<Arc<Value>, EngineError> {
    let faults = Faults::new();
    let accepted = form(fields).accept(values, FORM_DATA, &faults);
    if faults.has_errors() { Err(EngineError::InvalidInputs(faults.into_vec())) } else { Ok(accepted) }
}

/// The answer that fits a kind of wait.
fn fitting(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::UserApproval => r#"{"decision": "approve"} or {"decision": "reject"}"#,
        WaitKind::ClientTool => r#"{"toolResult": {"executionId": "…", "success": true, "output": …}}"#,
        WaitKind::ShowForm => r#"{"formData": {…}}"#,
        WaitKind::Wait => "nothing: it ends by the clock",
        WaitKind::RunFlow => "nothing: it ends with the run that it waits for",
        WaitKind::Event => "nothing: it ends by an event",
    }
}
