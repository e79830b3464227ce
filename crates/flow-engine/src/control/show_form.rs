//! `show-form`: asks a person to fill in a form.

use std::sync::Arc;
use std::time::Duration;

use flow_expr::{Scope, Template};
use flow_model::{Fields, InputSchema, RunError, WaitRequest};
use serde_json::Value;

use super::Resolved;
use super::approval::expiry;
use crate::flow::{Templates, failed};

/// What the form is about, and its fields.
#[derive(Debug)]
pub(crate) struct ShowForm {
    title: Template,
    description: Option<Template>,
    /// As the author declared them, for whoever shows the form and for the check of what comes back.
    fields: Arc<Value>,
    expires_in: Option<Duration>,
}

impl ShowForm {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let title = templates.required_text(data, "title");
        let description = templates.text(data, "description");
        let fields = data.required_value("fields");
        InputSchema::read_fields(data);
        let expires_in = expiry(data);
        Some(Self { title: title?, description, fields: Arc::new(fields?.clone()), expires_in })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let text = |template: &Template| template.render_text(scope).map_err(|error| failed(&error));
        let request = WaitRequest::ShowForm {
            title: text(&self.title)?,
            description: self.description.as_ref().map(text).transpose()?,
            fields: self.fields.clone(),
        };
        Ok(Resolved::Wait { request, expiry: self.expires_in.into() })
    }
}
