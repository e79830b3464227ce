//! What a run waits for, in the two forms that clients read: where it waits, and what to do about it.

use std::sync::Arc;

use flow_engine::{OpenWait, RunView};
use flow_model::{Decision, WaitRequest};
use serde::Serialize;
use serde_json::Value;

/// The open waits of a run. The singular members hold the oldest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waits {
    wait_state: WaitState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_action: Option<PendingAction>,
    wait_states: Vec<WaitState>,
    pending_actions: Vec<PendingAction>,
}

/// Where a run waits.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitState {
    #[serde(rename = "type")]
    kind: &'static str,
    step_id: String,
    step_name: String,
    execution_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    created_at: String,
    expires_at: Option<String>,
}

/// What to do about it, and where. A wait for the clock asks for nothing, and one for another run what that one asks.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingAction {
    #[serde(flatten)]
    action: Action,
    /// The run to resume, if it isn't the one that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_run_id: Option<String>,
}

#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Action {
    /// Decide.
    UserApproval { execution_id: String, message: String, decisions: [&'static str; 2] },
    /// Run the tool and report its result.
    ClientTool { execution_id: String, tool_name: String, args: Arc<Value>, timestamp: String },
    /// Fill in the form.
    ShowForm {
        execution_id: String,
        title: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        fields: Arc<Value>,
    },
}

impl Waits {
    /// The open waits that ask someone, also by a run below, which are those that a caller can do something about;
    /// none when there is none.
    pub(crate) fn asking(view: &RunView) -> Option<Self> {
        let mut open = view.open_waits();
        open.retain(|open| !PendingAction::all(view, open).is_empty());
        Self::of(view, &open)
    }

    /// All open waits, those for the clock too; none when there is none.
    pub(crate) fn all(view: &RunView) -> Option<Self> {
        Self::of(view, &view.open_waits())
    }

    fn of(view: &RunView, open: &[OpenWait]) -> Option<Self> {
        let wait_states: Vec<_> = open.iter().map(WaitState::of).collect();
        let pending_actions: Vec<_> = open.iter().flat_map(|open| PendingAction::all(view, open)).collect();
        Some(Self {
            wait_state: wait_states.first()?.clone(),
            pending_action: pending_actions.first().cloned(),
            wait_states,
            pending_actions,
        })
    }
}

impl WaitState {
    /// The view of an open wait.
    pub(crate) fn of(open: &OpenWait) -> Self {
        Self {
            kind: open.wait.request.kind().as_str(),
            step_id: open.step_id.clone(),
            step_name: open.step_name.clone(),
            execution_id: open.execution.to_string(),
            message: match &open.wait.request {
                WaitRequest::UserApproval { message, .. } => Some(message.clone()),
                WaitRequest::ShowForm { title, .. } => Some(title.clone()),
                WaitRequest::ClientTool { .. }
                | WaitRequest::Wait {}
                | WaitRequest::Event { .. }
                | WaitRequest::RunFlow { .. } => None,
            },
            created_at: open.opened_at.to_string(),
            expires_at: open.wait.expires_at.map(|at| at.to_string()),
        }
    }
}

impl PendingAction {
    /// What an open wait asks for; none when it asks nobody itself.
    pub(crate) fn of(open: &OpenWait) -> Option<Self> {
        Some(Self { action: Action::of(open)?, app_run_id: None })
    }

    /// What an open wait of a run asks for, itself or by the run that it waits for.
    fn all(view: &RunView, open: &OpenWait) -> Vec<Self> {
        let WaitRequest::RunFlow { run } = open.wait.request else {
            return Self::of(open).into_iter().collect();
        };
        let below = view.children.iter().filter(|child| child.id() == run).flat_map(|child| {
            let asked = child.open_waits();
            let asked = asked.iter().flat_map(|open| Self::all(child, open));
            let here = |action: Self| Self {
                app_run_id: action.app_run_id.or_else(|| Some(child.id().to_string())),
                ..action
            };
            asked.map(here).collect::<Vec<_>>()
        });
        below.collect()
    }
}

impl Action {
    fn of(open: &OpenWait) -> Option<Self> {
        let execution_id = open.execution.to_string();
        Some(match &open.wait.request {
            WaitRequest::UserApproval { message, .. } => Self::UserApproval {
                execution_id,
                message: message.clone(),
                decisions: [Decision::Approve.as_str(), Decision::Reject.as_str()],
            },
            WaitRequest::ClientTool { tool_name, args } => Self::ClientTool {
                execution_id,
                tool_name: tool_name.clone(),
                args: args.clone(),
                timestamp: open.opened_at.to_string(),
            },
            WaitRequest::ShowForm { title, description, fields } => Self::ShowForm {
                execution_id,
                title: title.clone(),
                description: description.clone(),
                fields: fields.clone(),
            },
            WaitRequest::Wait {} | WaitRequest::Event { .. } | WaitRequest::RunFlow { .. } => return None,
        })
    }
}
