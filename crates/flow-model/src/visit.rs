//! Where in a flow something happened.
//!
//! A step's visit is named by the scopes that lead to it, never by an arrival counter: two items of a
//! loop can't swap their idempotency keys when a recovery takes them up in another order.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ParseIdError, RunId, StepId};

/// The path of a visit: the step's id in the flow's top graph, scopes before it inside loops and
/// branches (`orders[17]/call`, `loop#3/call`, `fan:left/ask`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VisitPath(Arc<str>);

impl VisitPath {
    /// The visit of a step in the top graph, which is at most one: cycles stand only inside loops.
    pub fn top(step: &StepId) -> Self {
        Self(step.shared())
    }

    /// The visit as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the visited step: what follows the last scope.
    pub fn step(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path that a database row or an execution id holds.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for VisitPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VisitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VisitPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// One visit of one run, the same over all attempts and recoveries: the `Idempotency-Key` of an effect
/// and the `executionId` of a wait. Shown as `<run>:<visit>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExecutionId {
    /// The run.
    pub run: RunId,
    /// The visit in that run.
    pub visit: VisitPath,
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.run, self.visit)
    }
}

impl FromStr for ExecutionId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (run, visit) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { run: run.parse()?, visit: VisitPath::from_stored(visit) })
    }
}
