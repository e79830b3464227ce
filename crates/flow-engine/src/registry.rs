//! The types of step that touch the world, by their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Entry, Step};

/// Types of step beside the control steps: built-in ones and an embedder's own.
#[derive(Clone, Default)]
pub struct Registry {
    steps: BTreeMap<&'static str, Known>,
}

/// A type, and its entry in the catalogue, whose schema is compiled once.
#[derive(Clone)]
struct Known {
    step: Arc<dyn Step>,
    entry: Arc<Entry>,
}

impl Registry {
    /// No types: the control steps alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a type; one of the same name is replaced.
    ///
    /// # Panics
    /// The schema of its [`about`](Step::about) is no JSON Schema, or refers to what isn't in it.
    #[must_use]
    pub fn with(mut self, step: impl Step) -> Self {
        let entry = Arc::new(Entry::of_step(&step));
        self.steps.insert(step.kind(), Known { step: Arc::new(step), entry });
        self
    }

    pub(crate) fn get(&self, kind: &str) -> Option<Arc<dyn Step>> {
        self.steps.get(kind).map(|known| known.step.clone())
    }

    /// What the catalogue says of a type of the registry.
    pub(crate) fn entry(&self, kind: &str) -> Option<&Arc<Entry>> {
        self.steps.get(kind).map(|known| &known.entry)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.steps.values().map(|known| &known.entry)
    }

    /// Where secrets may stand, for people.
    pub(crate) fn secret_fields(&self) -> impl Iterator<Item = String> {
        let all = self.entries().filter(|entry| !entry.secret_fields.is_empty());
        all.map(|entry| format!("`{}` of `{}`", entry.secret_fields.join("`, `"), entry.key))
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = Arc<str>> {
        self.steps.keys().copied().map(Arc::from)
    }
}
