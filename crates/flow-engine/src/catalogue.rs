//! The catalogue: what there is to put into a flow, for editors, for pages and for the check of settings.
//!
//! Each type of step and trigger has an entry, built in or an embedder's own. Its JSON Schema is the one truth about
//! its settings: editors make their forms of it, the documentation its tables, and publishing checks documents
//! against it. What a schema can't say, such as that an expression can be parsed, is left to the type's own check.

mod about;
#[cfg(test)]
mod agreement;
mod built_in;
mod check;
mod entry;
mod schema;
mod words;

use std::sync::Arc;

use flow_expr::functions::FunctionAbout;
use serde::Serialize;

pub use about::StepAbout;
pub(crate) use built_in::{control, trigger};
pub use entry::{Entry, EntryEffect, Setting};
pub use schema::{InputFieldSettings, OrTemplate, StepRef, json_object};

use crate::Registry;

/// Everything that a flow can be made of.
#[derive(Debug, Clone, Serialize)]
pub struct Catalogue {
    /// The types of step: those of the engine, then those of the registry.
    pub steps: Vec<Arc<Entry>>,
    /// The types of trigger.
    pub triggers: Vec<Arc<Entry>>,
    /// What expressions have beside JavaScript's own functions.
    pub functions: &'static [FunctionAbout],
}

impl Registry {
    /// Every type of step and trigger that an engine with this registry knows.
    pub fn catalogue(&self) -> Catalogue {
        // One of the registry takes the place of the engine's own of that name.
        let own = built_in::controls().iter().filter(|entry| self.entry(&entry.key).is_none());
        Catalogue {
            steps: own.chain(self.entries()).cloned().collect(),
            triggers: built_in::triggers().to_vec(),
            functions: &flow_expr::functions::ALL,
        }
    }
}
