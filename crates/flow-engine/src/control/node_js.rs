//! `nodejs`: JavaScript of the author's own.

use std::sync::Arc;

use flow_expr::{Code, JsonTemplate, Scope};
use flow_model::{Fields, RunError};
use serde_json::{Map, Value};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The name that the code finds its inputs under.
const INPUTS: &str = "inputs";

/// The body of a function, and what it is given.
#[derive(Debug)]
pub(crate) struct NodeJs {
    code: Code,
    inputs: JsonTemplate,
}

impl NodeJs {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let code =
            data.required_string("code").and_then(|text| templates.code(text, &data.at("code"), &[INPUTS]));
        let none = Value::Object(Map::new());
        let given = data.value("inputs").unwrap_or(&none);
        if !given.is_object() {
            let message = "this must be an object: each member is one of the code's `inputs`";
            data.faults().error(data.at("inputs"), "wrong_type", message);
        }
        let inputs = templates.json(given, &data.at("inputs"));
        Some(Self { code: code?, inputs: inputs? })
    }

    /// What the code returns.
    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let inputs = self.inputs.evaluate(scope).map_err(|error| failed(&error))?;
        let returned = self.code.run(scope, vec![(Arc::from(INPUTS), inputs)]);
        returned.map(Resolved::Value).map_err(|error| failed(&error))
    }
}
