//! `user-approval`: asks a person to approve or reject.

use std::time::Duration;

use flow_expr::{JsonTemplate, Scope, Template};
use flow_model::{Fields, OnExpire, RunError, WaitRequest};
use serde_json::Value;

use super::Resolved;
use crate::flow::{Templates, failed};

/// The question, who is asked, and what happens when nobody answers.
#[derive(Debug)]
pub(crate) struct Approval {
    message: Template,
    approvers: Option<JsonTemplate>,
    expires_in: Option<Duration>,
    pub(super) on_expire: OnExpire,
}

impl Approval {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let message = templates.required_text(data, "message");
        let approvers = data.value("approvers").and_then(|value| {
            data.list("approvers")?;
            templates.json(value, &data.at("approvers"))
        });
        let expires_in = expiry(data);
        let on_expire = match data.string("onExpire") {
            None | Some("fail") => OnExpire::Fail,
            Some("reject") => OnExpire::Reject,
            Some(_) => data.parsed("onExpire").map_or(OnExpire::Fail, OnExpire::GoTo),
        };
        Some(Self { message: message?, approvers, expires_in, on_expire })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let message = self.message.render_text(scope).map_err(|error| failed(&error))?;
        let approvers = self.approvers.as_ref().map(|approvers| approvers.evaluate(scope)).transpose();
        let approvers = approvers.map_err(|error| failed(&error))?;
        let approvers = approvers.as_deref().and_then(Value::as_array).into_iter().flatten();
        let approvers = approvers.filter_map(Value::as_str).map(str::to_owned).collect();
        let request = WaitRequest::UserApproval { message, approvers };
        Ok(Resolved::Wait { request, expiry: self.expires_in.into() })
    }
}

/// The time after which a wait ends by itself.
pub(super) fn expiry(data: &Fields<'_>) -> Option<Duration> {
    let millis = data.whole_number("expiresInMs")?;
    if millis == 0 {
        let message = "a wait of no time can't be answered; give a number above 0 or leave it out";
        data.faults().error(data.at("expiresInMs"), "out_of_range", message);
    }
    Some(Duration::from_millis(millis))
}
