//! The item and the pass that a visit is in.

use std::cell::OnceCell;
use std::sync::Arc;

use flow_model::{Container, Place, RunState, VisitPath};
use serde_json::{Value, json};

/// The item of the nearest `each` around a visit.
pub(super) struct Item<'a> {
    pub(super) item: &'a Value,
    pub(super) index: Value,
    place: usize,
    total: usize,
    /// Made when an expression first names it, since it holds a copy of the item.
    group: OnceCell<Arc<Value>>,
}

/// The pass of the nearest `while` around a visit.
pub(super) struct Pass {
    pub(super) iteration: Value,
    pub(super) group: Arc<Value>,
}

impl<'a> Item<'a> {
    pub(super) fn of(state: &'a RunState, visit: &VisitPath) -> Option<Self> {
        let mut inner = visit.clone();
        loop {
            let (container, place) = inner.container()?;
            if let Place::Item(place) = place {
                let items = state.visit(container)?.input.as_deref()?.get("items")?.as_array()?;
                return Some(Self {
                    item: items.get(place)?,
                    index: place.into(),
                    place,
                    total: items.len(),
                    group: OnceCell::new(),
                });
            }
            inner = VisitPath::from_stored(container);
        }
    }

    pub(super) fn group(&self) -> &Arc<Value> {
        self.group.get_or_init(|| {
            Arc::new(json!({
                "item": self.item,
                "index": self.place,
                "total": self.total,
                "isFirst": self.place == 0,
                "isLast": self.place + 1 == self.total,
            }))
        })
    }
}

impl Pass {
    /// The pass that the visit is in.
    pub(super) fn of(visit: &VisitPath) -> Option<Self> {
        let mut inner = visit.clone();
        loop {
            let (container, place) = inner.container()?;
            if let Place::Pass(number) = place {
                return Some(Self::number(number));
            }
            inner = VisitPath::from_stored(container);
        }
    }

    /// The pass of that `while` which its condition decides on.
    pub(super) fn next_of(state: &RunState, container: &VisitPath) -> Self {
        Self::number(state.container(container.as_str()).map_or(0, Container::entered))
    }

    fn number(number: usize) -> Self {
        let group = json!({ "iteration": number, "run": number + 1, "isFirst": number == 0 });
        Self { iteration: number.into(), group: Arc::new(group) }
    }
}
