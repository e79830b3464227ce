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

/// Which of a container's scopes: an item of `each`, a pass of `while`, a branch of `parallel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place<'a> {
    /// The item with that index, from 0.
    Item(usize),
    /// The pass with that number, from 0.
    Pass(usize),
    /// The branch of that name.
    Branch(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(index) => write!(f, "[{index}]"),
            Self::Pass(number) => write!(f, "#{number}"),
            Self::Branch(name) => write!(f, ":{name}"),
        }
    }
}

/// What separates a container from its place: no step id holds any of them.
const PLACES: [char; 3] = ['[', '#', ':'];

impl VisitPath {
    /// The visit of a step in the top graph, which is at most one: cycles stand only inside loops.
    pub fn top(step: &StepId) -> Self {
        Self(step.shared())
    }

    /// The visit of another step in the same scope.
    pub fn sibling(&self, step: &StepId) -> Self {
        match self.scope() {
            None => Self::top(step),
            Some(scope) => Self(format!("{scope}/{step}").into()),
        }
    }

    /// The visit of a step in a scope of the container that this visit is.
    pub fn inside(&self, place: Place<'_>, step: &StepId) -> Self {
        Self(format!("{self}{place}/{step}").into())
    }

    /// The scope it is in, as `orders[17]`; none in the top graph.
    pub fn scope(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(scope, _)| scope)
    }

    /// The visit of the container that it is in, and where in it; none in the top graph.
    pub fn container(&self) -> Option<(&str, Place<'_>)> {
        container(&self.0)
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

/// The container of a visit, and where in it the visit is; none for a visit of the top graph.
pub(crate) fn container(visit: &str) -> Option<(&str, Place<'_>)> {
    let (scope, _) = visit.rsplit_once('/')?;
    let at = scope.rfind(PLACES)?;
    let (container, place) = scope.split_at(at);
    let place = match (place.strip_prefix('['), place.strip_prefix('#'), place.strip_prefix(':')) {
        (Some(item), _, _) => Place::Item(item.strip_suffix(']')?.parse().ok()?),
        (_, Some(pass), _) => Place::Pass(pass.parse().ok()?),
        (_, _, Some(branch)) => Place::Branch(branch),
        (None, None, None) => return None,
    };
    Some((container, place))
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
