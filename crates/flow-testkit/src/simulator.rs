//! The deterministic simulator: random flows on the real engine, while processes die, stall and lose replies.
//!
//! A [`Case`] is a random flow and what it should come to, and a [`Schedule`] says what goes wrong; both follow
//! from seeds. [`play`] runs the case on [`flow_engine::Engine`]s that share a database in memory, in simulated
//! time, and checks what is promised about a run (`invariants`, `families`). One seed decides everything, so that a failure
//! can be played again as often as it takes to understand it.
//!
//! What is inside: `plan`, `expression` and `generate` make flows, `document` writes them down, `model` works out
//! what they should do, and `outside` what the world answers; `family` names the runs that runs start; `shrink` makes
//! flows smaller. `process`, `world`, `client`, `sender` and `work` are the actors; `disturbance` draws what goes
//! wrong, `played` is the play itself.
//!
//! It must run on a runtime of one thread whose clock is paused, see [`play`]. It leaves to its callers how many
//! seeds are tried, on how many threads.

mod chance;
mod client;
mod document;
mod expression;
mod families;
mod family;
mod generate;
mod invariants;
mod ledger;
mod model;
mod outside;
mod plan;
mod played;
mod process;
mod schedule;
mod scripts;
mod sender;
mod shrink;
mod work;
mod world;

use std::fmt;
use std::sync::Arc;

use flow_engine::validate_document;
use flow_model::{Fault, Severity};
use serde_json::Value;

use model::Prediction;
use plan::Plan;
pub use played::{Played, play};
pub use schedule::{InvalidSchedule, Schedule};

/// A random flow, what it is started with, and what it should come to.
#[derive(Debug)]
pub struct Case {
    seed: u64,
    plan: Plan,
    document: Value,
    /// The flows that others run, by their numbers.
    others: Vec<Arc<Value>>,
    prediction: Prediction,
    removed: Vec<usize>,
}

impl Case {
    /// The case of a seed.
    ///
    /// # Panics
    /// When the flow isn't valid: a fault of the generator.
    pub fn of(seed: u64) -> Self {
        let case = Self::new(seed, generate::plan(seed), Vec::new());
        case.unwrap_or_else(|faults| panic!("the flow of seed {seed} isn't valid: {faults:#?}"))
    }

    /// The same without the step of that number, counted as they stand in the flow from 0; none when there is no
    /// such step, or when what is left isn't a valid flow.
    pub fn without(&self, step: usize) -> Option<Self> {
        let mut removed = self.removed.clone();
        removed.push(step);
        Self::new(self.seed, self.plan.without(step)?, removed).ok()
    }

    fn new(seed: u64, plan: Plan, removed: Vec<usize>) -> Result<Self, Vec<Fault>> {
        let document = document::document(&plan.main);
        let others: Vec<_> = plan.others.iter().map(|flow| Arc::new(document::document(flow))).collect();
        let documents = std::iter::once(&document).chain(others.iter().map(|other| &**other));
        let faults = documents.flat_map(|document| {
            validate_document(document, &work::types(), &flow_engine::Limits::default())
        });
        let errors: Vec<_> = faults.filter(|fault| fault.severity == Severity::Error).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let prediction = Prediction::of(&plan, seed);
        Ok(Self { seed, plan, document, others, prediction, removed })
    }

    /// The steps that were removed, each from what was left then.
    pub fn removed(&self) -> &[usize] {
        &self.removed
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The flow, and after it those that are run by it.
    pub fn documents(&self) -> impl Iterator<Item = &Value> {
        std::iter::once(&self.document).chain(self.others.iter().map(|other| &**other))
    }

    /// Whether it isn't known how the flow ends, since its course depends on a race.
    pub const fn is_wild(&self) -> bool {
        self.prediction.is_wild
    }
}

/// A promise that wasn't kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is wrong.
    pub what: String,
    /// What happened before, if that was asked for.
    pub trace: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
