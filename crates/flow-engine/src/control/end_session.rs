//! `end-session`: says that the conversation which started the run is over. Whoever leads it finds that in the run's
//! events.

use std::sync::Arc;

use flow_expr::{Ambient, Expression, Scope, Template};
use flow_model::{Fields, RunError};
use serde_json::{Value, json};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The reason when the author gives none.
const USUAL_REASON: &str = "flow_completed";

/// Why it ends.
#[derive(Debug)]
pub(crate) struct EndSession {
    reason: Option<Template>,
    /// Where the conversation is named.
    trigger: Expression,
}

impl EndSession {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let reason = templates.text(data, "reason");
        let trigger = templates.expression("_trigger.data", &data.at("reason"))?;
        Some(Self { reason, trigger })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let reason = self.reason.as_ref().map(|reason| reason.render_text(scope)).transpose();
        let reason = reason.map_err(|error| failed(&error))?.filter(|reason| !reason.is_empty());
        let trigger = self.trigger.evaluate(scope).map_err(|error| failed(&error))?;
        let named = |name: &str| trigger.get(name).and_then(Value::as_str).filter(|id| !id.is_empty());
        let conversation = named("conversationId");
        let error = match conversation {
            Some(_) => None,
            None => Some("nothing was ended: the run wasn't started by a message of a conversation"),
        };
        Ok(Resolved::Value(Arc::new(json!({
            "success": conversation.is_some(),
            "message": error.unwrap_or("the session is ended"),
            "sessionId": named("sessionId"),
            "endReason": reason.as_deref().unwrap_or(USUAL_REASON),
            "endedAt": scope.ambient().map(Ambient::now_text),
            "conversationId": conversation,
            "error": error,
        }))))
    }
}
