//! A wait ended: by an answer, or because nobody gave one in time.

use std::sync::Arc;

use flow_model::{
    Binding, Decision as Verdict, EventKind, OnExpire, Resolution, RunError, StepId, Timestamp, VisitPath,
    VisitStatus, WaitRequest, excerpt,
};
use serde_json::{Value, json};

use super::{Context, Decision, Refused, child_finished, find, refuse, status};
use crate::flow::CompiledStep;

/// Allowed on a waiting visit only.
pub(super) fn decide(
    cx: Context<'_>,
    visit: VisitPath,
    resolution: Resolution,
    resolved_at: Timestamp,
) -> Result<Decision, Refused> {
    let command = "wait resolved";
    let step = find(command, cx.flow, &visit)?;
    match status(command, cx.state, &visit)? {
        VisitStatus::Waiting => Ok(resolved(cx, step, visit, resolution, resolved_at)),
        other @ (VisitStatus::Running
        | VisitStatus::Entered
        | VisitStatus::Resolved
        | VisitStatus::BackingOff { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Skipped { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}

fn resolved(
    cx: Context<'_>,
    step: &CompiledStep,
    visit: VisitPath,
    resolution: Resolution,
    resolved_at: Timestamp,
) -> Decision {
    let mut decision = Decision::default();
    decision.events.push(ended(&visit, &resolution, resolved_at));
    let binding = Binding::Whole(step.variable.clone());
    let (output, next) = match resolution {
        Resolution::Decided { decision: verdict, message, decided_by } => {
            let output = approval(verdict, resolved_at, decided_by.as_deref(), message.as_deref());
            (output, after(step, verdict))
        }
        Resolution::ToolSucceeded { output }
        | Resolution::Submitted { data: output }
        | Resolution::EventReceived { data: output, .. } => (output, step.next.clone()),
        Resolution::ToolFailed { error } => {
            decision.fail(cx, step, visit, RunError::new("tool_failed", error));
            return decision;
        }
        Resolution::ChildEnded { run, end } => match child_finished::outcome(run, end) {
            Ok(output) => (output, step.next.clone()),
            Err(error) => {
                decision.retry_or_fail(cx, step, visit, error, None);
                return decision;
            }
        },
        Resolution::Expired => match step.on_expire() {
            OnExpire::Fail => {
                let waited_for = cx.state.visit(visit.as_str()).and_then(|visit| visit.wait.as_ref());
                let message = match waited_for.map(|wait| &wait.request) {
                    Some(WaitRequest::Event { name, .. }) => {
                        format!("no event `{}` came for `{}` in time", excerpt(name), step.title)
                    }
                    Some(
                        WaitRequest::UserApproval { .. }
                        | WaitRequest::ClientTool { .. }
                        | WaitRequest::ShowForm { .. }
                        | WaitRequest::RunFlow { .. }
                        | WaitRequest::Wait {},
                    )
                    | None => format!("nobody answered `{}` in time", step.title),
                };
                decision.fail(cx, step, visit, RunError::new("wait_expired", message));
                return decision;
            }
            OnExpire::Reject => {
                let output = approval(Verdict::Reject, resolved_at, None, Some("nobody answered in time"));
                (output, after(step, Verdict::Reject))
            }
            OnExpire::GoTo(target) => (undecided(), Some(target)),
            OnExpire::Proceed => (Arc::new(json!({ "until": resolved_at.to_string() })), step.next.clone()),
        },
    };
    decision.complete(cx, visit, output, binding, next);
    decision
}

/// The event that says how the wait ended.
fn ended(visit: &VisitPath, resolution: &Resolution, at: Timestamp) -> EventKind {
    let visit = visit.clone();
    match resolution {
        Resolution::ChildEnded { run, end } => {
            EventKind::ChildFinished { visit, run: *run, end: end.clone(), ended_at: at }
        }
        Resolution::Decided { .. }
        | Resolution::ToolSucceeded { .. }
        | Resolution::ToolFailed { .. }
        | Resolution::Submitted { .. }
        | Resolution::EventReceived { .. }
        | Resolution::Expired => {
            EventKind::WaitResolved { visit, resolution: resolution.clone(), resolved_at: at }
        }
    }
}

/// Where a decided approval leads.
fn after(step: &CompiledStep, verdict: Verdict) -> Option<StepId> {
    match verdict {
        Verdict::Approve => step.next.clone(),
        Verdict::Reject => step.reject_next.clone().or_else(|| step.next.clone()),
    }
}

fn approval(verdict: Verdict, at: Timestamp, by: Option<&str>, message: Option<&str>) -> Arc<Value> {
    Arc::new(json!({
        "decision": verdict.as_str(),
        "decidedAt": at.to_string(),
        "decidedBy": by,
        "message": message,
    }))
}

fn undecided() -> Arc<Value> {
    Arc::new(json!({ "decision": null, "decidedAt": null, "decidedBy": null, "message": null }))
}
