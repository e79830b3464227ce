//! The visits that were decided on and haven't started, in the order of the decisions.
//!
//! Loops inside of loops make thousands of them at once, so none is looked for by going through all.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::VisitPath;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Ready {
    in_order: BTreeMap<u64, VisitPath>,
    places: HashMap<VisitPath, Place, foldhash::fast::RandomState>,
    made: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    at: u64,
    /// The visit that leads to it: the one before, or the container that it begins a scope of.
    from: Option<VisitPath>,
}

impl Ready {
    pub(super) fn push(&mut self, visit: VisitPath, from: Option<VisitPath>) {
        self.made += 1;
        self.in_order.insert(self.made, visit.clone());
        self.places.insert(visit, Place { at: self.made, from });
    }

    pub(super) fn remove(&mut self, visit: &VisitPath) {
        if let Some(place) = self.places.remove(visit) {
            self.in_order.remove(&place.at);
        }
    }

    pub(super) fn clear(&mut self) {
        self.in_order.clear();
        self.places.clear();
    }

    pub(super) fn contains(&self, visit: &str) -> bool {
        self.places.contains_key(visit)
    }

    pub(super) fn from(&self, visit: &str) -> Option<&VisitPath> {
        self.places.get(visit)?.from.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &VisitPath> {
        self.in_order.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}
