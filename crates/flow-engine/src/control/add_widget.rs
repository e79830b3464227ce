//! `add-widget-to-message`: has the client show a widget, which it finds in the run's events.

use std::sync::Arc;

use flow_expr::{Chance, JsonTemplate, Scope, Template};
use flow_model::{Fields, RunError};
use serde_json::{Value, json};

use super::Resolved;
use crate::flow::{Templates, failed};

/// A stream of chance that no expression draws from: they are numbered from 0.
const STREAM: u64 = u64::MAX;

/// The widget, and what it begins with.
#[derive(Debug)]
pub(crate) struct AddWidget {
    id: Template,
    name: Option<Template>,
    initial_state: Option<JsonTemplate>,
}

impl AddWidget {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let id = templates.required_text(data, "widgetId");
        let name = templates.text(data, "widgetName");
        let initial_state =
            data.value("initialState").and_then(|state| templates.json(state, &data.at("initialState")));
        Some(Self { id: id?, name, initial_state })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let text = |template: &Template| template.render_text(scope).map_err(|error| failed(&error));
        let id = text(&self.id)?;
        let name = self.name.as_ref().map(text).transpose()?.filter(|name| !name.is_empty());
        let state = self.initial_state.as_ref().map(|state| state.evaluate(scope)).transpose();
        let state = state.map_err(|error| failed(&error))?.unwrap_or_default();
        // Of the run and the visit, so that a client that meets the event twice shows one widget.
        let own = scope.ambient().map(|ambient| Chance::new(ambient.chance(), STREAM).uuid());
        Ok(Resolved::Value(Arc::new(json!({
            "messageWidgetId": own,
            "widgetId": id,
            "widgetName": name.as_ref().unwrap_or(&id),
            "initialState": Value::clone(&state),
        }))))
    }
}
