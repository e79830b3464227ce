//! The types of step that touch the world, by their names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Step;

/// Types of step beside the control steps: built-in ones and an embedder's own.
#[derive(Clone, Default)]
pub struct Registry {
    steps: BTreeMap<&'static str, Arc<dyn Step>>,
}

impl Registry {
    /// No types: the control steps alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a type; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, step: impl Step) -> Self {
        self.steps.insert(step.kind(), Arc::new(step));
        self
    }

    pub(crate) fn get(&self, kind: &str) -> Option<Arc<dyn Step>> {
        self.steps.get(kind).cloned()
    }

    /// Where secrets may stand, for people.
    pub(crate) fn secret_fields(&self) -> impl Iterator<Item = String> {
        let all = self.steps.values().filter(|step| !step.secret_fields().is_empty());
        all.map(|step| format!("`{}` of `{}`", step.secret_fields().join("`, `"), step.kind()))
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = Arc<str>> {
        self.steps.keys().copied().map(Arc::from)
    }
}
