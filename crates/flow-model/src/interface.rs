//! What callers of a flow can see of it, and how much a change of it breaks.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde_json::Value;

use crate::inputs::narrows;
use crate::{Document, Faults, Fields, InputField, InputSchema};

/// A flow's public face: how it can be started, with which inputs, and what it returns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// Trigger types.
    triggers: BTreeSet<String>,
    /// Declared inputs by trigger type and name, and whether a caller must give them.
    inputs: BTreeMap<(String, String), (InputField, bool)>,
    /// Names of the outputs of all finals.
    outputs: BTreeSet<String>,
}

/// How much a version differs from the one before (semver.org §6–8, applied to the interface).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// The interface is the same.
    Patch,
    /// Something was added.
    Minor,
    /// Something was removed, has another type, or must be given now.
    Major,
}

impl Interface {
    /// The interface of a document.
    pub fn of(document: &Document) -> Self {
        let ignored = Faults::new();
        let mut interface = Self::default();
        for step in &document.steps {
            if step.is_trigger() {
                interface.triggers.insert(step.kind.clone());
                let schema = InputSchema::read(&Fields::new(&step.data, "", &ignored));
                for field in schema.fields.into_iter().flatten() {
                    let must_be_given = field.required && field.default.is_none();
                    let key = (step.kind.clone(), field.name.as_str().to_owned());
                    interface.inputs.insert(key, (field, must_be_given));
                }
            } else if step.kind == "final" {
                let rows = step.data.get("outputs").and_then(Value::as_array).into_iter().flatten();
                let names = rows.filter_map(|row| row.get("name")?.as_str());
                interface.outputs.extend(names.map(str::to_owned));
            }
        }
        interface
    }

    /// How much callers of `old` must change to use this one.
    pub fn bump_from(&self, old: &Self) -> Bump {
        self.differences(old).into_iter().map(|(bump, _)| bump).max().unwrap_or(Bump::Patch)
    }

    /// What is different from `old`, in words, the breaking changes first.
    pub fn changes_from(&self, old: &Self) -> Vec<String> {
        let mut differences = self.differences(old);
        differences.sort_by_key(|(bump, _)| Reverse(*bump));
        differences.into_iter().map(|(_, words)| words).collect()
    }

    fn differences(&self, old: &Self) -> Vec<(Bump, String)> {
        let mut found = Vec::new();
        for (bump, what, kind) in [
            (Bump::Major, &old.triggers - &self.triggers, "the trigger was removed:"),
            (Bump::Minor, &self.triggers - &old.triggers, "a trigger was added:"),
            (Bump::Major, &old.outputs - &self.outputs, "the output was removed:"),
            (Bump::Minor, &self.outputs - &old.outputs, "an output was added:"),
        ] {
            found.extend(what.into_iter().map(|name| (bump, format!("{kind} `{name}`"))));
        }
        for (key, (old, was_required)) in &old.inputs {
            let name = &key.1;
            match self.inputs.get(key) {
                None => found.push((Bump::Major, format!("the input was removed: `{name}`"))),
                Some((new, _)) if narrows(new, old) => {
                    found.push((Bump::Major, format!("the input takes less, or something else: `{name}`")));
                }
                Some((_, true)) if !was_required => {
                    found.push((Bump::Major, format!("the input must be given now: `{name}`")));
                }
                Some((new, _)) if narrows(old, new) => {
                    found.push((Bump::Minor, format!("the input takes more: `{name}`")));
                }
                Some(_) => {}
            }
        }
        for (key, (_, required)) in self.inputs.iter().filter(|(key, _)| !old.inputs.contains_key(*key)) {
            // An input that a new trigger needs breaks nobody: nobody called that trigger.
            let breaks = *required && old.triggers.contains(&key.0);
            let bump = if breaks { Bump::Major } else { Bump::Minor };
            found.push((bump, format!("an input was added: `{}`", key.1)));
        }
        found
    }
}

impl Bump {
    /// The label that follows `highest`, the highest label ever given.
    pub fn next(self, highest: &Version) -> Version {
        match self {
            Self::Patch => Version::new(highest.major, highest.minor, highest.patch + 1),
            Self::Minor => Version::new(highest.major, highest.minor + 1, 0),
            Self::Major => Version::new(highest.major + 1, 0, 0),
        }
    }
}
