//! `final`: ends the run with an output.

use flow_expr::{JsonTemplate, Scope};
use flow_model::{Fields, RunError};
use serde_json::{Map, Value};
use std::sync::Arc;

use super::Resolved;
use crate::flow::{Templates, failed};

/// The members of the output, in the author's order.
#[derive(Debug)]
pub(crate) struct Final {
    outputs: Vec<(String, JsonTemplate)>,
}

impl Final {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let rows = data.objects("outputs");
        let outputs: Vec<_> = rows
            .iter()
            .map(|row| {
                let name = row.required_string("name");
                let output = row.value("output").unwrap_or(&Value::Null);
                let output = templates.json(output, &row.at("output"));
                row.warn_of_unknown();
                Some((name?.to_owned(), output?))
            })
            .collect();
        outputs.into_iter().collect::<Option<_>>().map(|outputs| Self { outputs })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let mut object = Map::with_capacity(self.outputs.len());
        for (name, output) in &self.outputs {
            let value = output.evaluate(scope).map_err(|error| failed(&error))?;
            object.insert(name.clone(), Arc::unwrap_or_clone(value));
        }
        Ok(Resolved::Output(Arc::new(Value::Object(object))))
    }
}
