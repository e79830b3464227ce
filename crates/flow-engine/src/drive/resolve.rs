//! A ready visit's settings, resolved against the run, within the bounds of what is stored.

use std::sync::Arc;

use flow_model::{RunError, VisitPath, WaitRequest};
use serde_json::Value;

use super::{Driver, Stop};
use crate::control::Resolved;
use crate::flow::{Action, failed};
use crate::scope::RunScope;

impl Driver {
    /// Resolves the settings of a ready visit. A step whose settings have no value, or one that may not be
    /// stored, fails.
    pub(super) fn resolve(&self, visit: &VisitPath) -> Result<Resolved, Stop> {
        let step = self.flow.step(visit);
        let step = step.ok_or_else(|| Stop::Damaged(format!("the flow has no step for visit {visit}")))?;
        let scope = RunScope::new(&self.record, &self.flow, &self.state, visit);
        let resolved = match &step.action {
            Action::Control(control) => control.resolve(&scope),
            Action::Task { data, .. } => match data.evaluate(&scope) {
                Ok(input) => Resolved::Task(input),
                Err(error) => Resolved::Failure(failed(&error)),
            },
        };
        let refusal = stored(&resolved).and_then(|value| self.refusal(value));
        Ok(refusal.map_or(resolved, Resolved::Failure))
    }

    /// Why a value may not be stored, if it may not.
    pub(super) fn refusal(&self, value: &Value) -> Option<RunError> {
        let error = self.shared.limits.check(value).err()?;
        Some(RunError::new(error.code(), error.to_string()))
    }
}

/// The value that a resolved step records.
fn stored(resolved: &Resolved) -> Option<&Arc<Value>> {
    match resolved {
        Resolved::Variables(value)
        | Resolved::Branch { output: value, .. }
        | Resolved::Output(value)
        | Resolved::Task(value)
        | Resolved::Wait { request: WaitRequest::ClientTool { args: value, .. }, .. } => Some(value),
        Resolved::Failure(error) => error.details.as_ref(),
        Resolved::Wait { request: WaitRequest::UserApproval { .. }, .. } => None,
    }
}
