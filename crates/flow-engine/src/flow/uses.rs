//! Where the expressions of a flow use names: noted as they are parsed, and judged when the whole flow is known.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use flow_expr::FreeName;

/// One use of a name.
#[derive(Debug)]
pub(super) struct Use {
    /// The step, by its place among all steps of the document.
    pub(super) step: usize,
    /// Whether it stands in the step's `when`, which is asked before anything else of the step.
    pub(super) in_when: bool,
    /// Where the text stands that it is a part of.
    pub(super) pointer: String,
    /// The name, and what the expression does with it.
    pub(super) free: FreeName,
}

/// The uses of names that were met so far.
#[derive(Debug, Default)]
pub(super) struct Uses {
    rows: RefCell<Vec<Use>>,
    /// What the rows of a step have set for those below them.
    set_above: RefCell<HashSet<(usize, Arc<str>)>>,
}

/// Notes the uses of one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noting<'a> {
    pub(super) uses: &'a Uses,
    pub(super) step: usize,
    pub(super) in_when: bool,
}

impl Uses {
    pub(super) fn into_rows(self) -> Vec<Use> {
        self.rows.into_inner()
    }
}

impl Noting<'_> {
    pub(super) fn note(&self, pointer: &str, free: &FreeName) {
        if !self.uses.set_above.borrow().contains(&(self.step, Arc::from(&*free.name))) {
            let Self { step, in_when, .. } = *self;
            let row = Use { step, in_when, pointer: pointer.to_owned(), free: free.clone() };
            self.uses.rows.borrow_mut().push(row);
        }
    }

    /// What follows in this step sees that name set.
    pub(super) fn sets(&self, name: Arc<str>) {
        self.uses.set_above.borrow_mut().insert((self.step, name));
    }
}
