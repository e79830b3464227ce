//! The parts of the scope that a script reads.
//!
//! A script is sent what it needs, and no more: of `customer.body.items.filter(…)` that is `customer.body.items`, however
//! much else the customer has. Where the text doesn't tell, it gets the whole.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::scope::{Lookup, Object};

/// What is read of each name.
#[derive(Debug, Default)]
pub(crate) struct Picks(IndexMap<Arc<str>, Pick>);

/// What is read of a value.
#[derive(Debug)]
pub(crate) enum Pick {
    Whole,
    Members(IndexMap<Box<str>, Pick>),
}

impl Picks {
    /// Notes that the script reads what that path leads to.
    pub(crate) fn add(&mut self, name: &str, path: &[&str]) {
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), Pick::Members(IndexMap::new()));
        }
        self.0[name].add(path);
    }

    /// Notes all that others note.
    pub(crate) fn merge(&mut self, others: &Self) {
        for (name, pick) in &others.0 {
            self.0.entry(name.clone()).or_insert_with(|| Pick::Members(IndexMap::new())).merge(pick);
        }
    }

    /// Whether the script may ask for the links that answer waits.
    pub(crate) fn ask_for_links(&self) -> bool {
        self.0.contains_key("resumeUrl")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Pick)> {
        self.0.iter()
    }
}

impl Pick {
    fn add(&mut self, path: &[&str]) {
        match (path, &mut *self) {
            (_, Self::Whole) => {}
            ([], pick) => *pick = Self::Whole,
            ([member, rest @ ..], Self::Members(members)) => {
                let inner = members.entry((*member).into()).or_insert_with(|| Self::Members(IndexMap::new()));
                inner.add(rest);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Whole, _) => {}
            (pick, Self::Whole) => *pick = Self::Whole,
            (Self::Members(members), Self::Members(others)) => {
                for (name, other) in others {
                    members
                        .entry(name.clone())
                        .or_insert_with(|| Self::Members(IndexMap::new()))
                        .merge(other);
                }
            }
        }
    }

    /// What is read of what a name stands for; none when that is undefined or unknown.
    ///
    /// # Errors
    /// It has no such member, and can't have.
    pub(crate) fn of(&self, found: Lookup<'_>) -> Result<Option<Arc<Value>>, Unknown> {
        Ok(match found {
            Lookup::Value(value) => Some(match self {
                Self::Whole => Arc::clone(value),
                Self::Members(_) => Arc::new(self.of_value(value)),
            }),
            Lookup::Part(value) => Some(Arc::new(self.of_value(value))),
            Lookup::Object(object) => Some(Arc::new(self.of_object(object)?)),
            Lookup::Undefined | Lookup::Unknown => None,
        })
    }

    fn of_value(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Members(members), Value::Object(map)) => {
                let present = members
                    .iter()
                    .filter_map(|(name, pick)| Some((name.to_string(), pick.of_value(map.get(&**name)?))));
                Value::Object(present.collect())
            }
            // A text's or a list's own members are more than its parts.
            (Self::Whole | Self::Members(_), value) => value.clone(),
        }
    }

    fn of_object(&self, object: &dyn Object) -> Result<Value, Unknown> {
        let Self::Members(members) = self else { return Ok(object.to_value()) };
        let mut map = Map::new();
        for (name, pick) in members {
            let found = object.member(name);
            if matches!(found, Lookup::Unknown) {
                return Err(Unknown { member: name.to_string(), known: object.names() });
            }
            if let Some(value) = pick.of(found)? {
                map.insert(name.to_string(), Arc::unwrap_or_clone(value));
            }
        }
        Ok(Value::Object(map))
    }
}

/// A member that nothing can define, and those that can be.
pub(crate) struct Unknown {
    pub(crate) member: String,
    pub(crate) known: Vec<String>,
}
