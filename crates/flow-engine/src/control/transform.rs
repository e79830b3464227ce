//! `transform`: the value of an expression.

use flow_expr::{Expression, Scope};
use flow_model::{Fields, RunError};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The expression.
#[derive(Debug)]
pub(crate) struct Transform {
    expression: Expression,
}

impl Transform {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        templates.required_expression(data, "expression").map(|expression| Self { expression })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        self.expression.evaluate(scope).map(Resolved::Value).map_err(|error| failed(&error))
    }
}
