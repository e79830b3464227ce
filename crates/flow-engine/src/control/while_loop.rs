//! `while`: goes round as long as a condition holds.

use flow_expr::{Expression, Scope};
use flow_model::{Fields, RunError, Step, StepId};

use super::Resolved;
use crate::flow::{Templates, failed};

/// How many passes there are at the most when the author says nothing.
const USUAL_PASSES: u64 = 200;

/// The condition, and how often it may hold.
#[derive(Debug)]
pub(crate) struct While {
    condition: Expression,
    /// How many passes there are at the most, if the engine's limit isn't less.
    pub(crate) most_passes: u64,
    /// Where each pass begins.
    pub(crate) first: StepId,
}

impl While {
    pub(super) fn compile(step: &Step, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        data.value("steps"); // read with the document
        let condition = templates.required_expression(data, "condition");
        let most_passes = data.whole_number("maxIterations").unwrap_or(USUAL_PASSES);
        if most_passes == 0 {
            let message = "there would be no pass; give a number above 0, or leave it out";
            data.faults().error(data.at("maxIterations"), "out_of_range", message);
        }
        let first = step.graphs.first()?.steps.first()?.id.clone();
        Some(Self { condition: condition?, most_passes, first })
    }

    /// Whether there is another pass.
    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        self.condition.is_truthy(scope).map(Resolved::Pass).map_err(|error| failed(&error))
    }
}
