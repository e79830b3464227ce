//! A wait ended: by an answer, or because nobody gave one in time.

use std::sync::Arc;

use flow_model::{
    Binding, Decision as Verdict, EventKind, OnExpire, Resolution, RunError, RunState, Timestamp, VisitPath,
    VisitStatus,
};
use serde_json::{Value, json};

use super::{Decision, Refused, find, refuse, status};
use crate::flow::{Action, CompiledStep, Flow};

/// Allowed on a waiting visit only.
pub(super) fn decide(
    flow: &Flow,
    state: &RunState,
    visit: VisitPath,
    resolution: Resolution,
    resolved_at: Timestamp,
) -> Result<Decision, Refused> {
    let command = "wait resolved";
    let step = find(command, flow, &visit)?;
    match status(command, state, &visit)? {
        VisitStatus::Waiting => Ok(resolved(step, visit, resolution, resolved_at)),
        other @ (VisitStatus::Running
        | VisitStatus::Resolved { .. }
        | VisitStatus::Completed { .. }
        | VisitStatus::Failed { .. }
        | VisitStatus::Cancelled) => refuse(command, &visit, other),
    }
}

fn resolved(
    step: &CompiledStep,
    visit: VisitPath,
    resolution: Resolution,
    resolved_at: Timestamp,
) -> Decision {
    let mut decision = Decision::default();
    decision.events.push(EventKind::WaitResolved {
        visit: visit.clone(),
        resolution: resolution.clone(),
        resolved_at,
    });
    conclude(&mut decision, step, visit, &resolution, resolved_at);
    decision
}

/// The end of a visit whose wait is over.
fn conclude(
    decision: &mut Decision,
    step: &CompiledStep,
    visit: VisitPath,
    resolution: &Resolution,
    resolved_at: Timestamp,
) {
    let binding = Binding::Whole(step.variable.clone());
    match resolution {
        Resolution::Decided { decision: verdict, message, decided_by } => {
            let output = approval(*verdict, resolved_at, decided_by.as_deref(), message.as_deref());
            let next = match verdict {
                Verdict::Approve => step.next.clone(),
                Verdict::Reject => step.reject_next.clone().or_else(|| step.next.clone()),
            };
            decision.complete(visit, output, binding, next);
        }
        Resolution::ToolSucceeded { output } => {
            decision.complete(visit, output.clone(), binding, step.next.clone());
        }
        Resolution::ToolFailed { error } => {
            decision.fail(step, visit, RunError::new("tool_failed", error.clone()));
        }
        Resolution::Expired => expired(decision, step, visit, resolved_at, binding),
    }
}

fn expired(decision: &mut Decision, step: &CompiledStep, visit: VisitPath, at: Timestamp, binding: Binding) {
    let on_expire = match &step.action {
        Action::Control(control) => control.on_expire(),
        Action::Task { .. } => OnExpire::Fail,
    };
    match on_expire {
        OnExpire::Fail => {
            let message = format!("nobody answered `{}` in time", step.title);
            decision.fail(step, visit, RunError::new("wait_expired", message));
        }
        OnExpire::Reject => {
            let output = approval(Verdict::Reject, at, None, Some("nobody answered in time"));
            let next = step.reject_next.clone().or_else(|| step.next.clone());
            decision.complete(visit, output, binding, next);
        }
        OnExpire::GoTo(target) => {
            let output = json!({ "decision": null, "decidedAt": null, "decidedBy": null, "message": null });
            decision.complete(visit, output.into(), binding, Some(VisitPath::top(&target)));
        }
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
