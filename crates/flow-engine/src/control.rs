//! The control steps: those that the engine carries out itself, a file each.
//!
//! A control step's settings are compiled once; at run time they are resolved against the run's scope, and
//! the outcome tells `decide` what happened. Nothing here changes a run.

mod approval;
mod client_tool;
mod condition;
mod fail;
mod final_step;
mod set_variables;

use std::sync::Arc;
use std::time::Duration;

use flow_expr::Scope;
use flow_model::{Fields, OnExpire, RunError, VisitPath, WaitRequest};
use serde_json::Value;

use crate::flow::Templates;
pub(crate) use approval::Approval;
pub(crate) use client_tool::ClientTool;
pub(crate) use condition::Condition;
pub(crate) use fail::Fail;
pub(crate) use final_step::Final;
pub(crate) use set_variables::SetVariables;

/// The control steps' types, as documents name them.
pub(crate) const CONTROL_TYPES: [&str; 6] =
    ["client-tool", "condition", "fail", "final", "set-variables", "user-approval"];

/// A control step's settings, compiled.
#[derive(Debug)]
pub(crate) enum Control {
    SetVariables(SetVariables),
    Condition(Condition),
    Final(Final),
    Fail(Fail),
    Approval(Approval),
    ClientTool(ClientTool),
}

/// A step's settings, resolved against a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    /// Variables and their values.
    Variables(Arc<Value>),
    /// The branch taken.
    Branch {
        output: Arc<Value>,
        /// Where it leads; none for the step's own successor.
        next: Option<VisitPath>,
    },
    /// The run's output.
    Output(Arc<Value>),
    /// The step fails, and on purpose or not.
    Failure(RunError),
    /// Someone is asked.
    Wait { request: WaitRequest, expires_in: Option<Duration> },
    /// The input of a step that touches the world.
    Task(Arc<Value>),
}

impl Control {
    /// Compiles the settings of a control step; none, and at least one fault, when they are wrong.
    pub(crate) fn compile(kind: &str, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        match kind {
            "set-variables" => SetVariables::compile(data, templates).map(Self::SetVariables),
            "condition" => Condition::compile(data, templates).map(Self::Condition),
            "final" => Final::compile(data, templates).map(Self::Final),
            "fail" => Fail::compile(data, templates).map(Self::Fail),
            "user-approval" => Approval::compile(data, templates).map(Self::Approval),
            "client-tool" => ClientTool::compile(data, templates).map(Self::ClientTool),
            _ => None,
        }
    }

    /// Resolves the settings; an expression that has no value makes the step fail.
    pub(crate) fn resolve(&self, scope: &dyn Scope) -> Resolved {
        let resolved = match self {
            Self::SetVariables(control) => control.resolve(scope),
            Self::Condition(control) => control.resolve(scope),
            Self::Final(control) => control.resolve(scope),
            Self::Fail(control) => control.resolve(scope),
            Self::Approval(control) => control.resolve(scope),
            Self::ClientTool(control) => control.resolve(scope),
        };
        resolved.unwrap_or_else(Resolved::Failure)
    }

    /// What the step does when its wait expires.
    pub(crate) fn on_expire(&self) -> OnExpire {
        match self {
            Self::Approval(approval) => approval.on_expire.clone(),
            Self::SetVariables(_)
            | Self::Condition(_)
            | Self::Final(_)
            | Self::Fail(_)
            | Self::ClientTool(_) => OnExpire::Fail,
        }
    }
}
