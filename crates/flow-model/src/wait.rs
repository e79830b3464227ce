//! What a run can wait for from outside, and how such a wait ends.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{EventId, RunEnd, RunId, StepId, Timestamp};

/// An open wait as recorded in `wait.opened` and in its row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// What is asked, and of whom.
    pub request: WaitRequest,
    /// When it ends by itself; none when it may stay open for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// What is asked of the outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum WaitRequest {
    /// A person approves or rejects.
    UserApproval {
        /// The question.
        message: String,
        /// Who may answer, as the author wrote it; everyone when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
    },
    /// A person fills in a form.
    ShowForm {
        /// What it is about.
        title: String,
        /// More about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The fields, as the author declared them.
        fields: Arc<Value>,
    },
    /// Nobody is asked: time passes, until the wait expires.
    Wait {},
    /// Nobody is asked: whoever sends the event that is waited for knows nothing of the run.
    Event {
        /// The event's name.
        name: String,
        /// What tells it from others of that name; an event without a key is another one than any with a key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A client runs one of its own tools and reports the result.
    ClientTool {
        /// The tool's name, as the client knows it.
        tool_name: String,
        /// Its arguments.
        args: Arc<Value>,
    },
    /// Nobody is asked: a run that the step started is under way, until it ends.
    RunFlow {
        /// That run.
        run: RunId,
    },
}

/// The kind of a wait: which answers fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitKind {
    /// Ends by a decision.
    UserApproval,
    /// Ends by a tool's result.
    ClientTool,
    /// Ends by a form's values.
    ShowForm,
    /// Ends by the clock.
    Wait,
    /// Ends with another run.
    RunFlow,
    /// Ends by an event.
    Event,
}

impl WaitKind {
    /// The kind as clients and databases spell it: the type of the step that waits.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserApproval => "user-approval",
            Self::ClientTool => "client-tool",
            Self::ShowForm => "show-form",
            // One type of step waits for either.
            Self::Wait | Self::Event => "wait",
            Self::RunFlow => "run-flow",
        }
    }

    /// Whether somebody is asked: a caller is told at once, and can answer.
    pub const fn asks_someone(self) -> bool {
        match self {
            Self::UserApproval | Self::ClientTool | Self::ShowForm => true,
            Self::Wait | Self::Event | Self::RunFlow => false,
        }
    }
}

impl WaitRequest {
    /// The kind of wait this asks for.
    pub const fn kind(&self) -> WaitKind {
        match self {
            Self::UserApproval { .. } => WaitKind::UserApproval,
            Self::ClientTool { .. } => WaitKind::ClientTool,
            Self::ShowForm { .. } => WaitKind::ShowForm,
            Self::Wait {} => WaitKind::Wait,
            Self::RunFlow { .. } => WaitKind::RunFlow,
            Self::Event { .. } => WaitKind::Event,
        }
    }
}

/// How a wait ended. The first one stored in the wait's row wins; every later one is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Resolution {
    /// A person decided.
    Decided {
        /// What was decided.
        decision: Decision,
        /// The person's remark.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Who decided, by the name of the token's user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decided_by: Option<String>,
    },
    /// The client's tool succeeded.
    ToolSucceeded {
        /// What the tool returned.
        output: Arc<Value>,
    },
    /// The client's tool failed.
    ToolFailed {
        /// The client's message.
        error: String,
    },
    /// A form was filled in.
    Submitted {
        /// Its values, defaults filled in.
        data: Arc<Value>,
    },
    /// The event came, perhaps before the wait was opened.
    EventReceived {
        /// The event.
        event: EventId,
        /// What it brought.
        data: Arc<Value>,
    },
    /// Nobody answered in time, or the time to wait for has come.
    Expired,
    /// The run that the step started has ended.
    ChildEnded {
        /// That run.
        run: RunId,
        /// How.
        end: RunEnd,
    },
}

/// A person's answer to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Go on.
    Approve,
    /// Don't.
    Reject,
}

impl Decision {
    /// The decision as clients spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// What an approval does when nobody answers in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnExpire {
    /// As if it were rejected.
    Reject,
    /// The step fails with `wait_expired`.
    Fail,
    /// The run goes on at that step.
    GoTo(StepId),
    /// The step has done what it was for: it waited.
    Proceed,
}
