//! `condition`: takes the first branch whose condition holds.

use flow_expr::{Expression, Scope};
use flow_model::{Fields, RunError, StepId};
use serde_json::{Value, json};

use super::Resolved;
use crate::flow::{Templates, failed};

/// The branches, in the author's order, and where no branch leads.
#[derive(Debug)]
pub(crate) struct Condition {
    branches: Vec<Branch>,
    otherwise: Option<StepId>,
}

#[derive(Debug)]
struct Branch {
    name: String,
    condition: Expression,
    next: Option<StepId>,
}

impl Condition {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        data.required_value("branches")?;
        let branches = data.objects("branches");
        let branches: Vec<_> = branches
            .iter()
            .enumerate()
            .map(|(index, branch)| {
                let name =
                    branch.string("name").map_or_else(|| format!("branch {}", index + 1), str::to_owned);
                let next = branch.parsed("nextStepId");
                let condition = templates.required_expression(branch, "condition");
                branch.warn_of_unknown();
                Some(Branch { name, condition: condition?, next })
            })
            .collect();
        let otherwise = data.parsed("elseStepId");
        let branches = branches.into_iter().collect::<Option<_>>()?;
        Some(Self { branches, otherwise })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        for branch in &self.branches {
            if branch.condition.is_truthy(scope).map_err(|error| failed(&error))? {
                let output = json!({ "branch": branch.name });
                return Ok(Resolved::Branch { output: output.into(), next: branch.next.clone() });
            }
        }
        let output = json!({ "branch": Value::Null });
        Ok(Resolved::Branch { output: output.into(), next: self.otherwise.clone() })
    }
}
