//! What was seen from outside: calls of the world, and whatever is worth telling of.

use std::sync::{Mutex, MutexGuard, PoisonError};

use flow_model::ExecutionId;
use serde_json::Value;

/// A call of the world.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) process: usize,
    pub(super) execution: ExecutionId,
    pub(super) input: std::sync::Arc<Value>,
}

/// Shared by everyone in a world.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    inner: Mutex<Inner>,
    is_told: bool,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Called>,
    under_way: Vec<ExecutionId>,
    /// How many scripts are being evaluated.
    scripts: usize,
    /// The first promise that wasn't kept.
    broken: Option<String>,
    trace: Vec<String>,
}

impl Ledger {
    /// `is_told`: whether a trace is kept, which takes a while.
    pub(super) fn new(is_told: bool) -> Self {
        Self { inner: Mutex::default(), is_told }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call; returns how many calls of that visit there were, this one included.
    pub(super) fn call(&self, called: Called) -> usize {
        let mut inner = self.inner();
        let same = inner.calls.iter().filter(|call| call.execution == called.execution).count();
        inner.calls.push(called);
        same + 1
    }

    /// A call is under way until what this returns is dropped.
    pub(super) fn begin(&self, execution: ExecutionId) -> UnderWay<'_> {
        self.inner().under_way.push(execution.clone());
        UnderWay { ledger: self, execution }
    }

    /// A script is evaluated until what this returns is dropped.
    pub(super) fn evaluate(&self) -> Evaluated<'_> {
        self.inner().scripts += 1;
        Evaluated(self)
    }

    /// Whether any script is evaluated.
    pub(super) fn evaluates(&self) -> bool {
        self.inner().scripts > 0
    }

    /// The visits whose calls haven't returned and weren't dropped.
    pub(super) fn under_way(&self) -> Vec<ExecutionId> {
        self.inner().under_way.clone()
    }

    pub(super) fn calls(&self) -> Vec<Called> {
        self.inner().calls.clone()
    }

    /// A promise isn't kept.
    pub(super) fn broken(&self, what: String) {
        self.inner().broken.get_or_insert(what);
    }

    pub(super) fn what_is_broken(&self) -> Option<String> {
        self.inner().broken.clone()
    }

    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        if self.is_told {
            let line = line();
            self.inner().trace.push(line);
        }
    }

    pub(super) fn trace(&self) -> Vec<String> {
        self.inner().trace.clone()
    }
}

/// A call that is under way.
pub(super) struct UnderWay<'a> {
    ledger: &'a Ledger,
    execution: ExecutionId,
}

/// A script that is evaluated.
pub(super) struct Evaluated<'a>(&'a Ledger);

impl Drop for Evaluated<'_> {
    fn drop(&mut self) {
        self.0.inner().scripts -= 1;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut inner = self.ledger.inner();
        if let Some(place) = inner.under_way.iter().position(|execution| *execution == self.execution) {
            inner.under_way.swap_remove(place);
        }
    }
}
