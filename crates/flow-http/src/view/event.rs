//! A poll: the run's status and its events.

mod charge;

use std::sync::Arc;

use flow_engine::{Poll, RunView};
use flow_model::{
    EventKind, Handling, LogLine, Resolution, RunEnd, RunError, RunEvent, RunId, VisitPath, Wait, WaitRequest,
};
use serde::Serialize;
use serde_json::Value;

use self::charge::Charge;
use super::ErrorView;
use super::wait::Waits;

/// What a poll is answered with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Polled<'a> {
    app_run_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
    #[serde(flatten)]
    waits: Option<Waits>,
    events: Vec<EventRow<'a>>,
    seq: u64,
}

impl<'a> Polled<'a> {
    /// The view of a poll. `error` is the run's, if it failed.
    pub(crate) fn of(poll: &'a Poll, error: Option<&'a RunError>) -> Self {
        let view = &poll.view;
        Self {
            app_run_id: view.id().to_string(),
            status: view.status().as_str(),
            output: view.output().map(Arc::as_ref),
            error: error.map(ErrorView::of),
            waits: Waits::asking(view),
            events: poll.events.iter().map(|event| EventRow::of(event, view)).collect(),
            seq: poll.events.last().map_or(view.state.seq(), |event| event.seq),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRow<'a> {
    seq: u64,
    time: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visit: Option<&'a str>,
    data: Data<'a>,
}

/// What an event tells beside its type. The shape is the type's.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Data<'a> {
    Nothing {},
    Started {
        trigger: Trigger<'a>,
        inputs: &'a Value,
    },
    Input {
        #[serde(skip_serializing_if = "Option::is_none")]
        input: Option<&'a Value>,
    },
    Output {
        output: Option<&'a Value>,
    },
    Entered {
        scopes: Vec<&'a str>,
    },
    Failed {
        error: ErrorView<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        handled_by: Option<&'static str>,
    },
    Retrying {
        error: ErrorView<'a>,
        due_at: String,
    },
    Approval {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        message: &'a str,
        expires_at: Option<String>,
    },
    Tool {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        tool_name: &'a str,
        args: &'a Value,
        expires_at: Option<String>,
    },
    Form {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        title: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        fields: &'a Value,
        expires_at: Option<String>,
    },
    Clock {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        expires_at: Option<String>,
    },
    Child {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        run_id: String,
    },
    Event {
        #[serde(rename = "type")]
        kind: &'static str,
        execution_id: String,
        event: EventName<'a>,
        expires_at: Option<String>,
    },
    ChildStarted {
        run_id: String,
        waits: bool,
    },
    Logged {
        lines: Vec<Line<'a>>,
    },
    Charged(Charge<'a>),
    Resolved {
        resolved_at: String,
        #[serde(flatten)]
        answer: Answer<'a>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trigger<'a> {
    step_id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a Value,
}

/// How a wait ended.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Answer<'a> {
    Decided {
        decision: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        decided_by: Option<&'a str>,
    },
    Succeeded {
        success: bool,
        output: &'a Value,
    },
    Failed {
        success: bool,
        error: &'a str,
    },
    Submitted {
        form_data: &'a Value,
    },
    Event {
        event_id: String,
        data: &'a Value,
    },
    Expired {
        expired: bool,
    },
    Child {
        run_id: String,
        status: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<&'a Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<ErrorView<'a>>,
    },
}

/// A line that a step wrote.
#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Line<'a> {
    fn of(line: &'a LogLine) -> Self {
        let data = line.data.as_deref();
        Self { level: line.level.as_str(), message: &line.message, data }
    }
}

/// The event that is waited for.
#[derive(Serialize)]
struct EventName<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(resolution: &'a Resolution) -> Self {
        match resolution {
            Resolution::Decided { decision, message, decided_by } => Self::Decided {
                decision: decision.as_str(),
                message: message.as_deref(),
                decided_by: decided_by.as_deref(),
            },
            Resolution::ToolSucceeded { output } => Self::Succeeded { success: true, output },
            Resolution::ToolFailed { error } => Self::Failed { success: false, error },
            Resolution::Submitted { data } => Self::Submitted { form_data: data },
            Resolution::EventReceived { event, data } => Self::Event { event_id: event.to_string(), data },
            Resolution::Expired => Self::Expired { expired: true },
            Resolution::ChildEnded { run, end } => Self::child(*run, end),
        }
    }

    fn child(run: RunId, end: &'a RunEnd) -> Self {
        let (output, error) = match end {
            RunEnd::Completed { output } => (Some(&**output), None),
            RunEnd::Failed { error } => (None, Some(ErrorView::of(error))),
            RunEnd::Cancelled => (None, None),
        };
        Self::Child { run_id: run.to_string(), status: end.status().as_str(), output, error }
    }
}

impl<'a> EventRow<'a> {
    fn of(event: &'a RunEvent, view: &'a RunView) -> Self {
        let visit = event.kind.visit();
        Self {
            seq: event.seq,
            time: event.time.to_string(),
            kind: event.kind.name(),
            step_id: visit.map(|visit| visit.step()),
            visit: visit.map(|visit| visit.as_str()),
            data: Data::of(&event.kind, view),
        }
    }
}

impl<'a> Data<'a> {
    fn of(kind: &'a EventKind, view: &'a RunView) -> Self {
        match kind {
            EventKind::RunStarted(start) => Self::Started {
                trigger: Trigger {
                    step_id: start.trigger.step.as_str(),
                    kind: &start.trigger.kind,
                    data: &start.trigger.data,
                },
                inputs: &start.inputs,
            },
            EventKind::StepStarted { input, .. } => Self::Input { input: input.as_deref() },
            EventKind::StepCompleted { output, .. } => Self::Output { output: Some(output) },
            EventKind::ScopeEntered { next, .. } => {
                Self::Entered { scopes: next.iter().filter_map(VisitPath::scope).collect() }
            }
            // Its result isn't in the event, and is in the state that the events come to.
            EventKind::ContainerCompleted { visit, .. } => {
                Self::Output { output: view.state.output(visit.as_str()).map(Arc::as_ref) }
            }
            EventKind::StepFailed { error, handling, .. } => {
                Self::Failed { error: ErrorView::of(error), handled_by: handled_by(handling) }
            }
            EventKind::StepRetrying { error, due_at, .. } => {
                Self::Retrying { error: ErrorView::of(error), due_at: due_at.to_string() }
            }
            EventKind::WaitOpened { visit, wait } => Self::wait(view.execution(visit).to_string(), wait),
            EventKind::WaitResolved { resolution, resolved_at, .. } => {
                Self::Resolved { resolved_at: resolved_at.to_string(), answer: Answer::of(resolution) }
            }
            EventKind::StepLogged { lines, .. } => {
                Self::Logged { lines: lines.iter().map(Line::of).collect() }
            }
            EventKind::StepCharged { credits, charged, .. } => Self::Charged(Charge::of(*credits, charged)),
            EventKind::ChildStarted { run, waits, .. } => {
                Self::ChildStarted { run_id: run.to_string(), waits: *waits }
            }
            EventKind::ChildFinished { run, end, ended_at, .. } => {
                Self::Resolved { resolved_at: ended_at.to_string(), answer: Answer::child(*run, end) }
            }
            EventKind::RunCompleted { .. } => Self::Output { output: view.output().map(Arc::as_ref) },
            EventKind::RunFailed { error } => Self::Failed { error: ErrorView::of(error), handled_by: None },
            EventKind::TimerFired { .. } | EventKind::StepSkipped { .. } | EventKind::RunCancelled {} => {
                Self::Nothing {}
            }
        }
    }

    fn wait(execution_id: String, wait: &'a Wait) -> Self {
        let kind = wait.request.kind().as_str();
        let expires_at = wait.expires_at.map(|at| at.to_string());
        match &wait.request {
            WaitRequest::UserApproval { message, .. } => {
                Self::Approval { kind, execution_id, message, expires_at }
            }
            WaitRequest::ClientTool { tool_name, args } => {
                Self::Tool { kind, execution_id, tool_name, args, expires_at }
            }
            WaitRequest::ShowForm { title, description, fields } => {
                let description = description.as_deref();
                Self::Form { kind, execution_id, title, description, fields, expires_at }
            }
            WaitRequest::Wait {} => Self::Clock { kind, execution_id, expires_at },
            WaitRequest::RunFlow { run } => Self::Child { kind, execution_id, run_id: run.to_string() },
            WaitRequest::Event { name, key } => {
                Self::Event { kind, execution_id, event: EventName { name, key: key.as_deref() }, expires_at }
            }
        }
    }
}

/// Who took care of a step's failure; none when nobody did.
const fn handled_by(handling: &Handling) -> Option<&'static str> {
    match handling {
        Handling::Nobody => None,
        Handling::Continue(_) => Some("continue"),
        Handling::Step => Some("step"),
        Handling::Flow => Some("flow"),
    }
}
