//! The entries of the engine's own types: the settings of each as a type of Rust, a file for each category.
//!
//! The control steps read documents themselves, for the sake of their messages; these types say the same once more, and
//! a test makes sure that it is the same.
#![expect(dead_code, reason = "schemas are made of these types, and nothing else")]

mod data;
mod flow;
mod loops;
mod people;
mod time;
mod triggers;

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::{Entry, EntryEffect, StepAbout};

/// A graph inside of a step.
type Steps = Vec<Value>;

/// The control steps. Made once in a process, since they are the same in every registry.
static CONTROLS: LazyLock<Vec<Arc<Entry>>> = LazyLock::new(|| {
    let rows = [flow::rows(), loops::rows(), data::rows(), time::rows(), people::rows()];
    entries(rows.into_iter().flatten())
});

static TRIGGERS: LazyLock<Vec<Arc<Entry>>> = LazyLock::new(|| entries(triggers::rows().into_iter()));

/// A key, what its type does to the world, and what is told of it.
type Row = (&'static str, EntryEffect, StepAbout);

fn entries(rows: impl Iterator<Item = Row>) -> Vec<Arc<Entry>> {
    rows.map(|(key, effect, about)| Arc::new(Entry::new(key, about, effect))).collect()
}

pub(super) fn controls() -> &'static [Arc<Entry>] {
    &CONTROLS
}

pub(super) fn triggers() -> &'static [Arc<Entry>] {
    &TRIGGERS
}

/// The entry of a control step.
pub(crate) fn control(kind: &str) -> Option<&'static Entry> {
    CONTROLS.iter().find(|entry| entry.key == kind).map(|entry| &**entry)
}

/// The entry of a trigger, whatever the id of a webhook's.
pub(crate) fn trigger(kind: &str) -> Option<&'static Entry> {
    let key = if kind.starts_with("webhook.") { triggers::WEBHOOK } else { kind };
    TRIGGERS.iter().find(|entry| entry.key == key).map(|entry| &**entry)
}
