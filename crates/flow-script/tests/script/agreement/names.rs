//! A scope of plain values.

use std::{collections::BTreeMap, sync::Arc};

use flow_expr::{Ambient, Lookup, Scope};
use serde_json::Value;

/// The link that answers the step `ask`.
pub(super) const RESUME_URL: &str = "https://flows.test/resume/ask?token=t";

pub(super) struct Names {
    pub(super) values: BTreeMap<String, Arc<Value>>,
    pub(super) ambient: Option<Ambient>,
}

impl Names {
    /// The names of an object. There is `missing`, too, which has no value.
    pub(super) fn of(values: &Value) -> Self {
        let values = values.as_object().expect("an object of names").iter();
        let values = values.map(|(name, value)| (name.clone(), Arc::new(value.clone()))).collect();
        Self { values, ambient: None }
    }
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        match self.values.get(name) {
            Some(value) => Lookup::Value(value),
            None if name == "missing" => Lookup::Undefined,
            None => Lookup::Unknown,
        }
    }

    fn names(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    fn ambient(&self) -> Option<&Ambient> {
        self.ambient.as_ref()
    }

    fn resume_url(&self, step: &str) -> Option<String> {
        (step == "ask").then(|| RESUME_URL.to_owned())
    }
}
