//! Scripts among what is evaluated natively.
//!
//! An evaluation never waits. When it meets scripts whose outcome isn't known it ends with
//! [`EvalError::ScriptPending`](crate::EvalError::ScriptPending) and leaves what it wants in [`Scripts`]; whoever began
//! it has the script evaluated, and begins again with the outcome. Nothing outside changes meanwhile, so the same
//! scripts are met in the same order.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use serde_json::Value;

use crate::script::{Script, ScriptFailure, ScriptOutcome};

/// The scripts of the evaluations that belong together, such as those of one step's settings.
#[derive(Debug, Default)]
pub struct Scripts {
    known: Vec<Known>,
    met: Cell<usize>,
    wanted: RefCell<Option<Script>>,
}

/// An outcome whose values can be shared.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) values: Vec<Arc<Value>>,
    pub(crate) failure: Option<ScriptFailure>,
}

impl Scripts {
    /// Before the first evaluation.
    pub fn new() -> Self {
        Self::default()
    }

    /// The script whose outcome was missing when the evaluation ended.
    pub fn wanted(&mut self) -> Option<Script> {
        self.wanted.take()
    }

    /// Adds the outcome of the script that was wanted; everything is to be evaluated again.
    pub fn push(&mut self, outcome: ScriptOutcome) {
        let values = outcome.values.into_iter().map(Arc::new).collect();
        self.known.push(Known { values, failure: outcome.failure });
        self.begin_again();
    }

    /// Forgets what was met and wanted, and keeps what is known: everything is to be evaluated again.
    pub fn begin_again(&mut self) {
        self.met.set(0);
        self.wanted.take();
    }

    /// The outcome of the next script, which is made only when it isn't known.
    pub(crate) fn next<E>(&self, script: impl FnOnce() -> Result<Script, E>) -> Result<Option<Known>, E> {
        let at = self.met.replace(self.met.get() + 1);
        match self.known.get(at) {
            Some(known) => Ok(Some(known.clone())),
            None => {
                *self.wanted.borrow_mut() = Some(script()?);
                Ok(None)
            }
        }
    }
}
