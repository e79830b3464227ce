//! What a run costs, in credits: an operator's own unit.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// An amount of credits, kept in millionths: sums of decimals are exact. Stored as that whole number, shown as credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credits(u64);

const MILLIONTHS: u64 = 1_000_000;

/// More than anybody pays, and exact as a number of millionths.
const MOST: f64 = 1e9;

impl Credits {
    /// So many millionths.
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// The amount that a number stands for, rounded to millionths; none below 0 and above 1,000,000,000.
    pub fn from_number(number: f64) -> Option<Self> {
        let fits = (0.0..=MOST).contains(&number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is within the bounds"
        )]
        fits.then(|| Self((number * MILLIONTHS as f64).round() as u64))
    }

    /// The amount as a number: a whole one where it is whole.
    pub fn number(self) -> Number {
        match self.0 % MILLIONTHS {
            0 => Number::from(self.0 / MILLIONTHS),
            _ => Number::from_f64(self.0 as f64 / MILLIONTHS as f64).unwrap_or_else(|| Number::from(0)),
        }
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// The tokens that one request to a model took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUsage {
    /// The model that was asked, as the operator names it.
    pub model: String,
    /// The tokens of the question.
    pub input_tokens: u64,
    /// The tokens of the answer.
    pub output_tokens: u64,
}

/// What a thousand tokens of a model cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelPrice {
    /// Those of questions.
    pub input_per_1k: Credits,
    /// Those of answers.
    pub output_per_1k: Credits,
}

impl ModelPrice {
    /// What a use costs, to the millionth above.
    pub fn of(&self, usage: &ModelUsage) -> Credits {
        let part = |price: Credits, tokens: u64| u128::from(price.0) * u128::from(tokens);
        let thousandths = part(self.input_per_1k, usage.input_tokens)
            .saturating_add(part(self.output_per_1k, usage.output_tokens));
        Credits(u64::try_from(thousandths.div_ceil(1_000)).unwrap_or(u64::MAX))
    }
}

/// What an attempt of a step is charged for, with the price that was asked then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Charged {
    /// The attempt itself, by the type of its step.
    Step {
        /// What an attempt costs.
        price: Credits,
    },
    /// A request that it made to a model.
    Model {
        /// The model.
        model: Box<str>,
        /// The tokens of the question.
        input_tokens: u64,
        /// The tokens of the answer.
        output_tokens: u64,
        /// What a thousand tokens cost.
        #[serde(flatten)]
        price: ModelPrice,
    },
}

/// What a run was charged so far: a row for each step, and for each model that it asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Charges {
    total: Credits,
    /// By the step's id: however many visits there are, there are only so many rows.
    steps: IndexMap<Box<str>, Vec<ChargeRow>, foldhash::fast::RandomState>,
}

/// The charges for one step, or for one model that it asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRow {
    /// The model; none for the attempts themselves.
    pub model: Option<Box<str>>,
    /// How many charges there were.
    pub count: u64,
    /// The tokens of the questions.
    pub input_tokens: u64,
    /// The tokens of the answers.
    pub output_tokens: u64,
    /// What they come to.
    pub credits: Credits,
}

impl Charges {
    /// All of them together.
    pub const fn total(&self) -> Credits {
        self.total
    }

    /// The rows, by the id of the step.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &ChargeRow)> {
        self.steps.iter().flat_map(|(step, rows)| rows.iter().map(|row| (&**step, row)))
    }

    pub(crate) fn add(&mut self, step: &str, credits: Credits, charged: &Charged) {
        self.total = self.total.plus(credits);
        let (model, input, output) = match charged {
            Charged::Step { .. } => (None, 0, 0),
            Charged::Model { model, input_tokens, output_tokens, .. } => {
                (Some(model.clone()), *input_tokens, *output_tokens)
            }
        };
        if !self.steps.contains_key(step) {
            self.steps.insert(step.into(), Vec::new());
        }
        let Some(rows) = self.steps.get_mut(step) else { return };
        let place = rows.iter().position(|row| row.model == model).unwrap_or_else(|| {
            let none = Credits::default();
            rows.push(ChargeRow { model, count: 0, input_tokens: 0, output_tokens: 0, credits: none });
            rows.len() - 1
        });
        let row = &mut rows[place];
        row.count += 1;
        row.input_tokens = row.input_tokens.saturating_add(input);
        row.output_tokens = row.output_tokens.saturating_add(output);
        row.credits = row.credits.plus(credits);
    }
}
