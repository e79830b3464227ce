//! The body that answers a wait.

use std::sync::Arc;

use flow_engine::{Answer, WaitChoice};
use flow_model::{Decision, Fields};
use serde_json::Value;

/// An answer, and which wait it is for.
pub(crate) struct Resume {
    /// Which wait.
    pub(crate) choice: WaitChoice,
    /// The answer.
    pub(crate) said: Said,
}

/// What a body says.
pub(crate) enum Said {
    /// An answer that some wait takes.
    Answer(Answer),
    /// Something that no wait takes.
    Unfit {
        /// The member that was sent.
        sent: &'static str,
    },
}

const FORMS: &str = "`decision`, `toolResult` or `formData`";

impl Resume {
    /// Reads the body. `decided_by` is the caller's name. None, and a fault, when it can't be read.
    pub(crate) fn read(fields: &Fields<'_>, decided_by: &str) -> Option<Self> {
        let named = fields.string("executionId");
        let sent: Vec<_> = ["decision", "toolResult", "formData", "data"]
            .into_iter()
            .filter(|key| fields.value(key).is_some())
            .collect();
        let (said, named_inside) = match sent.as_slice() {
            ["decision"] => (Said::Answer(decision(fields, decided_by)?), None),
            ["toolResult"] => {
                tool_result(fields).map(|(answer, named)| (Said::Answer(answer), Some(named)))?
            }
            ["formData"] => (Said::Answer(Answer::Form(fields.object("formData").cloned()?)), None),
            [sent] => (Said::Unfit { sent }, None),
            [] => {
                let message = format!("the body answers nothing; send {FORMS}");
                fields.faults().error("", "answer_missing", message);
                return None;
            }
            several => {
                let message = format!("the body has {}; send one of them", several.join(" and "));
                fields.faults().error("", "answer_ambiguous", message);
                return None;
            }
        };
        if let (Some(outer), Some(inner)) = (named, &named_inside)
            && outer != inner
        {
            let message = "`executionId` and `toolResult.executionId` differ; leave the outer one out";
            fields.faults().error(fields.at("executionId"), "execution_ids_differ", message);
        }
        let named = named_inside.or_else(|| named.map(str::to_owned));
        Some(Self { choice: named.map_or(WaitChoice::Only, WaitChoice::Named), said })
    }
}

fn decision(fields: &Fields<'_>, decided_by: &str) -> Option<Answer> {
    let message = fields.string("message").map(str::to_owned);
    let decision = match fields.string("decision")? {
        "approve" => Decision::Approve,
        "reject" => Decision::Reject,
        other => {
            let message = format!("`{other}` is no decision; use approve or reject");
            fields.faults().error(fields.at("decision"), "unknown_value", message);
            return None;
        }
    };
    Some(Answer::Decision { decision, message, decided_by: Some(decided_by.to_owned()) })
}

fn tool_result(fields: &Fields<'_>) -> Option<(Answer, String)> {
    let result = Fields::new(fields.object("toolResult")?, fields.at("toolResult"), fields.faults());
    let execution = result.required_string("executionId").map(str::to_owned);
    result.required_value("success");
    let answer = match result.boolean("success") {
        Some(true) => Ok(Arc::new(result.value("output").cloned().unwrap_or(Value::Null))),
        Some(false) => Err(result.required_string("error")?.to_owned()),
        None => return None,
    };
    Some((Answer::Tool(answer), execution?))
}
