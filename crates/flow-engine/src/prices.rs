//! What an operator charges for steps and models.

use std::collections::BTreeMap;

use flow_model::{Charged, Credits, ModelPrice, ModelUsage};

/// The prices of an engine. They are asked once, when an attempt ends; what is charged is recorded with them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    /// What an attempt of a step costs, by the step's type.
    pub steps: BTreeMap<String, Credits>,
    /// What a thousand tokens cost, by the model's name.
    pub models: BTreeMap<String, ModelPrice>,
}

impl Prices {
    /// What an attempt of a step of that type costs by itself; none when nothing.
    pub(crate) fn of_step(&self, kind: &str) -> Option<(Credits, Charged)> {
        let price = self.steps.get(kind).copied().filter(|price| !price.is_zero())?;
        Some((price, Charged::Step { price }))
    }

    /// What a request to a model costs; none when nothing.
    pub(crate) fn of_model(&self, usage: &ModelUsage) -> Option<(Credits, Charged)> {
        let price = *self.models.get(&usage.model)?;
        let ModelUsage { model, input_tokens, output_tokens } = usage;
        let charged = Charged::Model {
            model: model.as_str().into(),
            input_tokens: *input_tokens,
            output_tokens: *output_tokens,
            price,
        };
        Some((price.of(usage), charged)).filter(|(credits, _)| !credits.is_zero())
    }
}
