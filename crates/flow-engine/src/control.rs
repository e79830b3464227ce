//! The control steps: those that the engine carries out itself, a file each.
//!
//! A control step's settings are compiled once; at run time they are resolved against the run's scope, and
//! the outcome tells `decide` what happened. Nothing here changes a run.

mod add_widget;
mod approval;
mod client_tool;
mod condition;
mod each;
mod end_session;
mod fail;
mod final_step;
mod log;
mod node_js;
mod parallel;
mod run_flow;
mod set_variables;
mod show_form;
mod switch;
mod transform;
mod wait;
mod while_loop;

use std::sync::Arc;
use std::time::Duration;

use flow_expr::Scope;
use flow_model::{Fields, LogLine, OnExpire, RunError, Step, StepId, Timestamp, WaitRequest};
use serde_json::Value;

use crate::flow::Templates;
pub(crate) use add_widget::AddWidget;
pub(crate) use approval::Approval;
pub(crate) use client_tool::ClientTool;
pub(crate) use condition::Condition;
pub(crate) use each::Each;
pub(crate) use end_session::EndSession;
pub(crate) use fail::Fail;
pub(crate) use final_step::Final;
pub(crate) use log::Log;
pub(crate) use node_js::NodeJs;
pub(crate) use parallel::{Join, Parallel};
pub(crate) use run_flow::{ChildRequest, RunFlow};
pub(crate) use set_variables::SetVariables;
pub(crate) use show_form::ShowForm;
pub(crate) use switch::Switch;
pub(crate) use transform::Transform;
pub(crate) use wait::Wait;
pub(crate) use while_loop::While;

/// The control steps' types, as documents name them.
pub(crate) const CONTROL_TYPES: [&str; 18] = [
    "add-widget-to-message",
    "client-tool",
    "condition",
    "each",
    "end-session",
    "fail",
    "final",
    "log",
    "nodejs",
    "parallel",
    "run-flow",
    "set-variables",
    "show-form",
    "switch",
    "transform",
    "user-approval",
    "wait",
    "while",
];

/// A control step's settings, compiled.
#[derive(Debug)]
pub(crate) enum Control {
    SetVariables(SetVariables),
    Condition(Condition),
    Final(Final),
    Fail(Fail),
    Approval(Approval),
    ClientTool(ClientTool),
    Switch(Switch),
    Transform(Transform),
    Log(Log),
    NodeJs(NodeJs),
    ShowForm(ShowForm),
    Wait(Wait),
    Each(Each),
    While(While),
    Parallel(Parallel),
    RunFlow(Box<RunFlow>),
    AddWidget(AddWidget),
    EndSession(EndSession),
}

/// A step's settings, resolved against a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    /// The step is passed over.
    Skip,
    /// A value, and the step is done.
    Value(Arc<Value>),
    /// A line for the log; the step's result is null.
    Logged(LogLine),
    /// Variables and their values.
    Variables(Arc<Value>),
    /// The branch taken.
    Branch {
        output: Arc<Value>,
        /// Where it leads; none for the step's own successor.
        next: Option<StepId>,
    },
    /// The run's output.
    Output(Arc<Value>),
    /// The step fails, and on purpose or not.
    Failure(RunError),
    /// Someone is asked.
    Wait { request: WaitRequest, expiry: Expiry },
    /// The input of a step that touches the world.
    Task(Arc<Value>),
    /// The items that a loop goes through: `{items, total}`.
    Items(Arc<Value>),
    /// Whether a loop's condition holds.
    Pass(bool),
    /// Branches to be taken.
    Branches,
    /// The run to be started, as [`ChildRequest`] reads it.
    Child(Arc<Value>),
}

/// When a wait ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    Never,
    /// So long after it opens.
    In(Duration),
    /// At that moment; at once when it is over.
    At(Timestamp),
}

impl From<Option<Duration>> for Expiry {
    fn from(delay: Option<Duration>) -> Self {
        delay.map_or(Self::Never, Self::In)
    }
}

impl Control {
    /// Compiles the settings of a control step; none, and at least one fault, when they are wrong.
    pub(crate) fn compile(step: &Step, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        match step.kind.as_str() {
            "set-variables" => SetVariables::compile(data, templates).map(Self::SetVariables),
            "condition" => Condition::compile(data, templates).map(Self::Condition),
            "final" => Final::compile(data, templates).map(Self::Final),
            "fail" => Fail::compile(data, templates).map(Self::Fail),
            "user-approval" => Approval::compile(data, templates).map(Self::Approval),
            "client-tool" => ClientTool::compile(data, templates).map(Self::ClientTool),
            "switch" => Switch::compile(data, templates).map(Self::Switch),
            "transform" => Transform::compile(data, templates).map(Self::Transform),
            "log" => Log::compile(data, templates).map(Self::Log),
            "nodejs" => NodeJs::compile(data, templates).map(Self::NodeJs),
            "show-form" => ShowForm::compile(data, templates).map(Self::ShowForm),
            "wait" => Wait::compile(data, templates).map(Self::Wait),
            "each" => Each::compile(step, data, templates).map(Self::Each),
            "while" => While::compile(step, data, templates).map(Self::While),
            "parallel" => Parallel::compile(step, data).map(Self::Parallel),
            "run-flow" => RunFlow::compile(data, templates).map(|control| Self::RunFlow(control.into())),
            "add-widget-to-message" => AddWidget::compile(data, templates).map(Self::AddWidget),
            "end-session" => EndSession::compile(data, templates).map(Self::EndSession),
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
            Self::Switch(control) => control.resolve(scope),
            Self::Transform(control) => control.resolve(scope),
            Self::Log(control) => control.resolve(scope),
            Self::NodeJs(control) => control.resolve(scope),
            Self::ShowForm(control) => control.resolve(scope),
            Self::Wait(control) => control.resolve(scope),
            Self::Each(control) => control.resolve(scope),
            Self::While(control) => control.resolve(scope),
            Self::Parallel(_) => Ok(Resolved::Branches),
            Self::RunFlow(control) => control.resolve(scope),
            Self::AddWidget(control) => control.resolve(scope),
            Self::EndSession(control) => control.resolve(scope),
        };
        resolved.unwrap_or_else(Resolved::Failure)
    }

    /// Whether it asks somebody outside, who can answer by a link.
    pub(crate) const fn asks_someone(&self) -> bool {
        matches!(self, Self::Approval(_) | Self::ClientTool(_) | Self::ShowForm(_))
    }

    /// What the step does when its wait expires.
    pub(crate) fn on_expire(&self) -> OnExpire {
        match self {
            Self::Approval(approval) => approval.on_expire.clone(),
            Self::Wait(wait) => wait.on_expire(),
            Self::SetVariables(_)
            | Self::Condition(_)
            | Self::Final(_)
            | Self::Fail(_)
            | Self::ClientTool(_)
            | Self::Switch(_)
            | Self::Transform(_)
            | Self::Log(_)
            | Self::NodeJs(_)
            | Self::ShowForm(_)
            | Self::Each(_)
            | Self::While(_)
            | Self::Parallel(_)
            | Self::RunFlow(_)
            | Self::AddWidget(_)
            | Self::EndSession(_) => OnExpire::Fail,
        }
    }
}
