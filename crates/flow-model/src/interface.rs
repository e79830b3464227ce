//! What callers of a flow can see of it, and how much a change of it breaks.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde_json::Value;

use crate::{Document, Faults, FieldType, Fields, InputSchema};

/// A flow's public face: how it can be started, with which inputs, and what it returns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Trigger types.
    triggers: BTreeSet<String>,
    /// Declared inputs by trigger type and name: type, and whether a caller must give it.
    inputs: BTreeMap<(String, String), (FieldType, bool)>,
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
                    interface.inputs.insert(key, (field.field_type, must_be_given));
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
        let lost = !old.triggers.is_subset(&self.triggers) || !old.outputs.is_subset(&self.outputs);
        let broken_input = old.inputs.iter().any(|(key, (old_type, old_must))| match self.inputs.get(key) {
            None => true,
            Some((new_type, new_must)) => new_type != old_type || (*new_must && !*old_must),
        });
        let newly_required = self
            .inputs
            .iter()
            .any(|(key, (_, must))| *must && old.triggers.contains(&key.0) && !old.inputs.contains_key(key));
        if lost || broken_input || newly_required {
            Bump::Major
        } else if self == old {
            Bump::Patch
        } else if self.inputs.len() > old.inputs.len()
            || self.triggers.len() > old.triggers.len()
            || self.outputs.len() > old.outputs.len()
        {
            Bump::Minor
        } else {
            Bump::Patch
        }
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
