//! What the world and the people in it answer: decided by the seed and by what is asked, never by when.
//!
//! So a run that is disturbed gets the very answers that the undisturbed one got.

use flow_engine::Answer;
use flow_model::{Decision, Resolution, WaitKind, WaitRequest};
use serde_json::{Value, json};

use super::chance::hash;
use super::plan::Whom;

/// What is answered to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Approve,
    Reject,
    Tool(u64),
    ToolFails,
    Form(u64),
}

/// What an event is about. All events about the same bring the same, so that it doesn't matter which is taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) key: Option<String>,
}

/// Numbers of the outside are below this.
const NUMBERS: u64 = 997;

/// The answer to the question of a visit.
pub(super) fn reply(seed: u64, visit: &str, whom: Whom) -> Reply {
    let number = hash(seed, &format!("answer {visit}"));
    match whom {
        Whom::Approval if number.is_multiple_of(3) => Reply::Reject,
        Whom::Approval => Reply::Approve,
        Whom::Tool if number.is_multiple_of(7) => Reply::ToolFails,
        Whom::Tool => Reply::Tool(number % NUMBERS),
        Whom::Form => Reply::Form(number % NUMBERS),
    }
}

/// What an effect returns: its input and its place decide it, so that a mix-up of two shows.
pub(super) fn returned(seed: u64, visit: &str, input: &Value) -> Value {
    json!({ "n": hash(seed, &format!("{visit} {input}")) % NUMBERS })
}

impl Topic {
    pub(super) fn new(name: &str, key: Option<&str>) -> Self {
        Self { name: name.to_owned(), key: key.map(str::to_owned) }
    }

    /// What a wait is for, if it is for an event.
    pub(super) fn of(request: &WaitRequest) -> Option<Self> {
        match request {
            WaitRequest::Event { name, key } => Some(Self { name: name.clone(), key: key.clone() }),
            WaitRequest::UserApproval { .. }
            | WaitRequest::ClientTool { .. }
            | WaitRequest::ShowForm { .. }
            | WaitRequest::RunFlow { .. }
            | WaitRequest::Wait {} => None,
        }
    }

    /// What an event about it brings.
    pub(super) fn data(&self, seed: u64) -> Value {
        json!({ "n": self.hash(seed, "event") % NUMBERS })
    }

    /// A number that the seed decides.
    pub(super) fn hash(&self, seed: u64, what: &str) -> u64 {
        hash(seed, &format!("{what} {} {:?}", self.name, self.key))
    }
}

pub(super) const fn whom(kind: WaitKind) -> Option<Whom> {
    match kind {
        WaitKind::UserApproval => Some(Whom::Approval),
        WaitKind::ClientTool => Some(Whom::Tool),
        WaitKind::ShowForm => Some(Whom::Form),
        WaitKind::Wait | WaitKind::Event | WaitKind::RunFlow => None,
    }
}

impl Reply {
    /// The answer as a client gives it, in that person's name.
    pub(super) fn answer(self, by: &str) -> Answer {
        let decided = |decision| Answer::Decision {
            decision,
            message: Some(format!("{by} says so")),
            decided_by: Some(by.to_owned()),
        };
        match self {
            Self::Approve => decided(Decision::Approve),
            Self::Reject => decided(Decision::Reject),
            Self::Tool(number) => Answer::Tool(Ok(json!({ "n": number, "by": by }).into())),
            Self::ToolFails => Answer::Tool(Err(format!("{by} has no such tool"))),
            Self::Form(number) => Answer::Form(form(number, by)),
        }
    }

    /// The same as a run records it.
    pub(super) fn resolution(self, by: &str) -> Resolution {
        match self.answer(by) {
            Answer::Decision { decision, message, decided_by } => {
                Resolution::Decided { decision, message, decided_by }
            }
            Answer::Tool(Ok(output)) => Resolution::ToolSucceeded { output },
            Answer::Tool(Err(error)) => Resolution::ToolFailed { error },
            Answer::Form(values) => Resolution::Submitted { data: Value::Object(values).into() },
        }
    }
}

fn form(number: u64, by: &str) -> serde_json::Map<String, Value> {
    [("n".to_owned(), json!(number)), ("by".to_owned(), json!(by))].into_iter().collect()
}
