//! A ready visit's settings, resolved against the run, within the bounds of what is stored.

use std::sync::Arc;

use flow_model::{RunError, VisitPath, WaitRequest};
use serde_json::Value;

use super::script::Evaluation;
use super::{Driver, Stop};
use crate::control::{Control, Resolved};
use crate::engine::ValueRefused;
use crate::flow::{Action, CompiledStep, failed};
use crate::scope::RunScope;

impl Driver {
    /// Resolves the settings of a ready visit. A step whose settings have no value, or one that may not be
    /// stored, fails.
    pub(super) fn resolve(&self, visit: &VisitPath, evaluation: &Evaluation) -> Result<Resolved, Stop> {
        let step = self.flow.step(visit);
        let step = step.ok_or_else(|| Stop::Damaged(format!("the flow has no step for visit {visit}")))?;
        let resolved = self.resolve_step(step, visit, evaluation);
        let refusal = stored(&resolved).and_then(|value| self.refusal(value));
        let refusal = refusal.or_else(|| self.text_refusal(stored_text(&resolved)?));
        Ok(refusal.map_or(resolved, Resolved::Failure))
    }

    /// Resolves whether there is another pass of an open `while`.
    pub(super) fn resolve_pass(&self, visit: &VisitPath, evaluation: &Evaluation) -> Result<Resolved, Stop> {
        match self.flow.step(visit).map(|step| &step.action) {
            Some(Action::Control(control @ Control::While(_))) => {
                let scope = self.scope(visit, evaluation);
                Ok(control.resolve(&scope.of_condition()))
            }
            Some(Action::Control(_) | Action::Task { .. }) | None => {
                Err(Stop::Damaged(format!("visit {visit} is no `while`")))
            }
        }
    }

    fn scope<'a>(&'a self, visit: &'a VisitPath, evaluation: &'a Evaluation) -> RunScope<'a> {
        let scope = RunScope::new(&self.record, &self.flow, &self.state, visit);
        scope
            .evaluating(evaluation.began, &evaluation.scripts, &evaluation.files)
            .linking(self.shared.links.as_ref())
    }

    fn resolve_step(&self, step: &CompiledStep, visit: &VisitPath, evaluation: &Evaluation) -> Resolved {
        let scope = self.scope(visit, evaluation);
        if step.disabled {
            return Resolved::Skip;
        }
        match step.when.as_ref().map_or(Ok(true), |when| when.is_truthy(&scope)) {
            Ok(true) => {}
            Ok(false) => return Resolved::Skip,
            Err(error) => return Resolved::Failure(failed(&error)),
        }
        // What an author pinned while drafting never reaches a published run.
        if let (Some(pinned), None) = (&step.pinned_output, self.record.version) {
            return match &step.action {
                Action::Control(Control::Final(_)) => Resolved::Output(pinned.clone()),
                Action::Control(Control::SetVariables(_)) => Resolved::Variables(pinned.clone()),
                Action::Control(_) | Action::Task { .. } => Resolved::Value(pinned.clone()),
            };
        }
        match &step.action {
            Action::Control(control @ Control::While(_)) => control.resolve(&scope.of_condition()),
            Action::Control(control) => control.resolve(&scope),
            Action::Task { data, .. } => match data.evaluate(&scope) {
                Ok(input) => Resolved::Task(input),
                Err(error) => Resolved::Failure(failed(&error)),
            },
        }
    }

    /// Why a value may not be stored, if it may not.
    pub(super) fn refusal(&self, value: &Value) -> Option<RunError> {
        Some(refused(self.shared.limits.check(value).err()?))
    }

    fn text_refusal(&self, text: &str) -> Option<RunError> {
        Some(refused(self.shared.limits.check_text(text).err()?))
    }
}

fn refused(error: ValueRefused) -> RunError {
    RunError::new(error.code(), error.to_string())
}

/// The text that a resolved step records beside or in the place of a value.
fn stored_text(resolved: &Resolved) -> Option<&str> {
    match resolved {
        Resolved::Failure(error) => Some(&error.message),
        Resolved::Logged(line) => Some(&line.message),
        Resolved::Wait { request: WaitRequest::UserApproval { message, .. }, .. } => Some(message),
        Resolved::Wait { request: WaitRequest::ClientTool { tool_name, .. }, .. } => Some(tool_name),
        Resolved::Wait { request: WaitRequest::ShowForm { title, .. }, .. } => Some(title),
        // Bounded where it was resolved.
        Resolved::Wait { request: WaitRequest::Event { .. }, .. } => None,
        Resolved::Wait { request: WaitRequest::Wait {} | WaitRequest::RunFlow { .. }, .. }
        | Resolved::Skip
        | Resolved::Variables(_)
        | Resolved::Value(_)
        | Resolved::Branch { .. }
        | Resolved::Output(_)
        | Resolved::Task(_)
        | Resolved::Items(_)
        | Resolved::Pass(_)
        | Resolved::Branches
        | Resolved::Child(_) => None,
    }
}

/// The value that a resolved step records.
fn stored(resolved: &Resolved) -> Option<&Arc<Value>> {
    match resolved {
        Resolved::Variables(value)
        | Resolved::Value(value)
        | Resolved::Branch { output: value, .. }
        | Resolved::Output(value)
        | Resolved::Task(value)
        | Resolved::Items(value)
        | Resolved::Child(value)
        | Resolved::Wait { request: WaitRequest::ClientTool { args: value, .. }, .. } => Some(value),
        Resolved::Failure(error) => error.details.as_ref(),
        Resolved::Logged(line) => line.data.as_ref(),
        Resolved::Wait {
            request:
                WaitRequest::UserApproval { .. }
                | WaitRequest::ShowForm { .. }
                | WaitRequest::Event { .. }
                | WaitRequest::Wait {}
                | WaitRequest::RunFlow { .. },
            ..
        }
        | Resolved::Skip
        | Resolved::Pass(_)
        | Resolved::Branches => None,
    }
}
