//! `while`: goes round as long as a condition holds.

use flow_expr::{Expression, Scope};
use flow_model::{Fields, RunError, Step, StepId};

use super::Resolved;
use crate::flow::{Templates, failed};

/// How many passes there are at the most when the author says nothing.
const USUAL_PASSES: u64 = 200;
/// How many there can be.
const MOST_PASSES: u64 = 2_000;

/// The condition, and how often it may hold.
#[derive(Debug)]
pub(crate) struct While {
    condition: Expression,
    /// How many passes there are at the most.
    pub(crate) most_passes: usize,
    /// Where each pass begins.
    pub(crate) first: StepId,
}

impl While {
    pub(super) fn compile(step: &Step, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        data.value("steps"); // read with the document
        let condition = templates.required_expression(data, "condition");
        let most_passes = data.whole_number("maxIterations").unwrap_or(USUAL_PASSES);
        if !(1..=MOST_PASSES).contains(&most_passes) {
            let message = format!("{most_passes} is no number of passes; use 1 to {MOST_PASSES}");
            data.faults().error(data.at("maxIterations"), "out_of_range", message);
        }
        let most_passes = usize::try_from(most_passes).unwrap_or(usize::MAX);
        let first = step.graphs.first()?.steps.first()?.id.clone();
        Some(Self { condition: condition?, most_passes, first })
    }

    /// Whether there is another pass.
    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        self.condition.is_truthy(scope).map(Resolved::Pass).map_err(|error| failed(&error))
    }
}
