//! A flow's limit on how many of its runs go on at a time, compiled.

use flow_expr::{EvalError, Scope, Template};
use flow_model::{Concurrency as Written, Faults, Fields};
use serde_json::{Map, Value};

use super::{CompiledTrigger, Names, Templates};
use crate::Registry;

/// The compiled setting.
#[derive(Debug)]
pub(crate) struct Concurrency {
    /// The most runs with the same key, from 1.
    pub(crate) limit: u32,
    /// Over what is known at the start; none when all runs have the same.
    key: Option<Template>,
}

impl Concurrency {
    /// None when its key has faults, which are added.
    pub(super) fn compile(
        written: &Written,
        triggers: &[CompiledTrigger],
        faults: &Faults,
        registry: &Registry,
    ) -> Option<Self> {
        let key = match &written.key {
            None => None,
            Some(text) => {
                let names = Names::at_the_start(triggers);
                let setting = Map::from_iter([("key".to_owned(), Value::String(text.clone()))]);
                let fields = Fields::new(&setting, "/settings/concurrency", faults);
                let key = Templates::at_the_start(&names, faults, registry).required_text(&fields, "key")?;
                if key.has_scripts() {
                    // The key is wanted before the run exists, and a script takes its time.
                    let message = "the key may have paths, operators and plain methods alone: no callbacks and no \
                                   regular expressions";
                    faults.error(fields.at("key"), "expression_unsupported", message);
                }
                Some(key)
            }
        };
        Some(Self { limit: written.limit, key })
    }

    /// The key of a run that has just begun.
    pub(crate) fn key(&self, scope: &dyn Scope) -> Result<String, EvalError> {
        self.key.as_ref().map_or_else(|| Ok(String::new()), |key| key.render_text(scope))
    }
}
