//! The event that a `wait` step waits for.

use std::time::Duration;

use flow_expr::{Scope, Template};
use flow_model::{Fields, RunError, WaitRequest};
use serde_json::Value;

use crate::control::Resolved;
use crate::control::approval::expiry;
use crate::flow::{Templates, failed};
use crate::topic::{key_fault, name_fault};

/// The event's name and key, and how long it is waited for.
#[derive(Debug)]
pub(crate) struct Event {
    name: Template,
    key: Option<Template>,
    expires_in: Option<Duration>,
}

impl Event {
    /// From the value of `event`, a setting of `data`.
    pub(super) fn compile(event: &Value, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let expires_in = expiry(data);
        let fields = Fields::of(event, data.at("event"), data.faults())?;
        let name = judged(&fields, "name", templates.required_text(&fields, "name"), name_fault);
        let has_key = fields.value("key").is_some();
        let key = judged(&fields, "key", templates.text(&fields, "key"), key_fault);
        fields.warn_of_unknown();
        (!has_key || key.is_some()).then_some(())?;
        Some(Self { name: name?, key, expires_in })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let render = |template: &Template| template.render_text(scope).map_err(|error| failed(&error));
        let name = render(&self.name)?;
        let key = self.key.as_ref().map(render).transpose()?;
        let fault = name_fault(&name).map(|fault| ("name", fault));
        let fault = fault.or_else(|| Some(("key", key_fault(key.as_deref()?)?)));
        if let Some((setting, fault)) = fault {
            return Err(RunError::new("settings_invalid", format!("`event.{setting}` {fault}")));
        }
        Ok(Resolved::Wait { request: WaitRequest::Event { name, key }, expiry: self.expires_in.into() })
    }
}

/// The template; what no expression changes is judged now.
fn judged(
    fields: &Fields<'_>,
    setting: &'static str,
    template: Option<Template>,
    fault: fn(&str) -> Option<&'static str>,
) -> Option<Template> {
    let template = template?;
    let written = fields.string(setting).filter(|_| template.is_constant());
    if let Some(fault) = written.and_then(fault) {
        fields.faults().error(fields.at(setting), "invalid_name", format!("`event.{setting}` {fault}"));
    }
    Some(template)
}
