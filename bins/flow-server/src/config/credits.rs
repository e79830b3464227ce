//! What steps and models cost.

use std::collections::BTreeMap;

use anyhow::Context;
use flow_engine::Prices;
use flow_model::{Credits as Amount, ModelPrice};
use serde::{Deserialize, Serialize};

/// The section `[credits]`: prices in credits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Credits {
    /// What an attempt of a step costs, by the step's type.
    steps: BTreeMap<String, f64>,
    /// What the tokens of a model cost, by its name.
    models: BTreeMap<String, Tokens>,
}

/// What a thousand tokens cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tokens {
    input_per_1k: f64,
    output_per_1k: f64,
}

impl Credits {
    /// The prices as the engine takes them.
    pub(crate) fn prices(&self) -> anyhow::Result<Prices> {
        let steps = self.steps.iter().map(|(kind, price)| {
            Ok((kind.clone(), amount(*price).with_context(|| format!("`credits.steps.{kind}`"))?))
        });
        let models = self.models.iter().map(|(model, tokens)| {
            let price = |number: f64| amount(number).with_context(|| format!("`credits.models.\"{model}\"`"));
            let input_per_1k = price(tokens.input_per_1k)?;
            Ok((model.clone(), ModelPrice { input_per_1k, output_per_1k: price(tokens.output_per_1k)? }))
        });
        Ok(Prices {
            steps: steps.collect::<anyhow::Result<_>>()?,
            models: models.collect::<anyhow::Result<_>>()?,
        })
    }
}

fn amount(number: f64) -> anyhow::Result<Amount> {
    Amount::from_number(number).with_context(|| format!("{number} is no price; use 0 to 1,000,000,000"))
}

#[cfg(test)]
mod tests {
    use super::Credits;

    #[test]
    fn prices_are_read_by_the_names_of_types_and_models() {
        let text = "[steps]\nhttp-request = 0.5\n[models.\"GPT-4.1\"]\ninput_per_1k = 2\n";
        let file = config::File::from_str(text, config::FileFormat::Toml);
        let read = config::Config::builder().add_source(file).build().unwrap();
        let prices = read.try_deserialize::<Credits>().unwrap().prices().unwrap();
        assert_eq!(prices.steps["http-request"].to_string(), "0.5");
        assert_eq!(prices.models["GPT-4.1"].input_per_1k.to_string(), "2");
    }

    #[test]
    fn a_price_below_nothing_is_refused_by_its_name() {
        let credits = Credits { steps: [("log".to_owned(), -1.0)].into(), ..Credits::default() };
        assert_eq!(credits.prices().unwrap_err().to_string(), "`credits.steps.log`");
    }
}
