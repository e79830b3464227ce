//! `switch`: takes the case that equals a value.

use flow_expr::{JsonTemplate, Scope};
use flow_model::{Fields, RunError, StepId};
use serde_json::{Value, json};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The value, the cases in the author's order, and where no case leads.
#[derive(Debug)]
pub(crate) struct Switch {
    value: JsonTemplate,
    cases: Vec<(JsonTemplate, Option<StepId>)>,
    default: Option<StepId>,
}

impl Switch {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        let value = data.required_value("value").and_then(|value| templates.json(value, &data.at("value")));
        data.required_value("cases");
        let cases = data.objects("cases");
        let cases: Vec<_> = cases
            .iter()
            .map(|case| {
                let equals = case.value("equals").unwrap_or(&Value::Null);
                let equals = templates.json(equals, &case.at("equals"));
                let next = case.parsed("nextStepId");
                case.warn_of_unknown();
                Some((equals?, next))
            })
            .collect();
        let default = data.parsed("defaultStepId");
        Some(Self { value: value?, cases: cases.into_iter().collect::<Option<_>>()?, default })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let value = self.value.evaluate(scope).map_err(|error| failed(&error))?;
        for (equals, next) in &self.cases {
            let equals = equals.evaluate(scope).map_err(|error| failed(&error))?;
            if same(&value, &equals) {
                let output = json!({ "case": *equals });
                return Ok(Resolved::Branch { output: output.into(), next: next.clone() });
            }
        }
        let output = json!({ "case": Value::Null });
        Ok(Resolved::Branch { output: output.into(), next: self.default.clone() })
    }
}

/// Equal as JSON; numbers by their value, so that `1` is `1.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let member = |(key, one): (&String, &Value)| other.get(key).is_some_and(|other| same(one, other));
            one.len() == other.len() && one.iter().all(member)
        }
        (one, other) => one == other,
    }
}
