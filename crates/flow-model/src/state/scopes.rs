//! Scopes: the items, passes and branches of containers, and what is set in them.
//!
//! A container's scopes are kept while it is open; what remains of them is its result.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunState, Variable, VisitStatus};
use crate::visit::{self, Place};
use crate::{Binding, RunError, Timestamp, VisitPath, json_size};

/// The scopes of an open container.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Container {
    /// In the order they were entered: an item's or pass's place is its index.
    pub(super) scopes: Vec<Scope>,
    /// Where each branch stands among them.
    branches: HashMap<Arc<str>, usize, foldhash::fast::RandomState>,
    open: usize,
}

/// One item, pass or branch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Scope {
    /// The branch's name.
    pub(super) branch: Option<Arc<str>>,
    /// The visit that its path has come to, ready or open; none once it has ended.
    at: Option<VisitPath>,
    /// What is set in it and seen in it alone; none when that is seen around it too.
    pub(super) own: Option<Box<Bindings>>,
    /// The visits in it that have an output, in the order of their ends, with the variables that show it.
    pub(super) outputs: Vec<(Option<Arc<str>>, VisitPath)>,
    pub(super) end: Option<ScopeEnd>,
}

/// How a scope ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum ScopeEnd {
    Well,
    Failed(RunError),
}

/// What expressions can name.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Bindings {
    pub(super) variables: IndexMap<Arc<str>, Variable, foldhash::fast::RandomState>,
    /// The visits of steps that aren't of the top graph, by the step's id: the latest one each.
    pub(super) steps: IndexMap<Box<str>, VisitPath, foldhash::fast::RandomState>,
    /// The approval that ended last.
    pub(super) approval: Option<VisitPath>,
    /// The failure that was taken care of last.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::present::value")]
    pub(super) error: Option<Arc<Value>>,
}

impl Container {
    /// How many scopes were entered.
    pub const fn entered(&self) -> usize {
        self.scopes.len()
    }

    /// How many of them haven't ended.
    pub const fn open(&self) -> usize {
        self.open
    }

    /// The branches that failed, and why.
    pub fn failed_branches(&self) -> impl Iterator<Item = (&str, &RunError)> {
        self.scopes.iter().filter_map(|scope| match &scope.end {
            Some(ScopeEnd::Failed(error)) => Some((scope.branch.as_deref()?, error)),
            Some(ScopeEnd::Well) | None => None,
        })
    }

    /// A scope begins with its first visit.
    pub(super) fn enter(&mut self, first: &VisitPath, isolated: bool) {
        let branch: Option<Arc<str>> = match first.container() {
            Some((_, Place::Branch(name))) => Some(name.into()),
            Some((_, Place::Item(_) | Place::Pass(_))) | None => None,
        };
        self.branches.extend(branch.clone().map(|name| (name, self.scopes.len())));
        let own = isolated.then(Box::default);
        self.scopes.push(Scope { branch, at: Some(first.clone()), own, outputs: Vec::new(), end: None });
        self.open += 1;
    }

    pub(super) fn index(&self, place: Place<'_>) -> Option<usize> {
        match place {
            Place::Item(index) | Place::Pass(index) => (index < self.scopes.len()).then_some(index),
            Place::Branch(name) => self.branches.get(name).copied(),
        }
    }

    fn scope(&self, place: Place<'_>) -> Option<&Scope> {
        self.index(place).and_then(|index| self.scopes.get(index))
    }

    fn scope_mut(&mut self, place: Place<'_>) -> Option<&mut Scope> {
        self.index(place).and_then(|index| self.scopes.get_mut(index))
    }
}

impl RunState {
    /// The scopes of a container that is open and has entered any; none for every other visit.
    pub fn container(&self, visit: &str) -> Option<&Container> {
        self.containers.get(visit)
    }

    /// What a step sees, from its own scope outwards.
    fn seen_from<'s>(&'s self, visit: &'s str) -> impl Iterator<Item = &'s Bindings> {
        let mut inner = Some(visit);
        std::iter::from_fn(move || {
            while let Some((container, place)) = visit::container(inner?) {
                inner = Some(container);
                let scope = self.containers.get(container).and_then(|found| found.scope(place));
                if let Some(own) = scope.and_then(|scope| scope.own.as_deref()) {
                    return Some(own);
                }
            }
            inner = None;
            Some(&self.bindings)
        })
    }

    /// Where what a visit sets is kept: in the nearest scope that is isolated.
    pub(super) fn bindings_of(&mut self, visit: &VisitPath) -> &mut Bindings {
        let mut inner = visit.as_str();
        while let Some((container, place)) = visit::container(inner) {
            let scope = self.containers.get(container).and_then(|found| found.scope(place));
            if scope.is_some_and(|scope| scope.own.is_some()) {
                let scope = self.containers.get_mut(container).and_then(|found| found.scope_mut(place));
                let own = scope.and_then(|scope| scope.own.as_deref_mut());
                return own.unwrap_or(&mut self.bindings);
            }
            inner = container;
        }
        &mut self.bindings
    }

    /// Where a variable's value stands, as a visit sees it; none while it is unset.
    pub fn variable<'s>(&'s self, visit: &'s VisitPath, name: &str) -> Option<&'s Variable> {
        self.seen_from(visit.as_str()).find_map(|bindings| bindings.variables.get(name))
    }

    /// The result of a step, as a visit sees it: none when it has none.
    pub fn step_output<'s>(&'s self, visit: &'s VisitPath, step: &str) -> Option<&'s Arc<Value>> {
        let latest = self.seen_from(visit.as_str()).find_map(|bindings| bindings.steps.get(step));
        self.output(latest.map_or(step, VisitPath::as_str))
    }

    /// The visit of the approval that ended last, as a visit sees it: decided, or gone past its time.
    pub fn approval<'s>(&'s self, visit: &'s VisitPath) -> Option<&'s VisitPath> {
        self.seen_from(visit.as_str()).find_map(|bindings| bindings.approval.as_ref())
    }

    /// The failure that was taken care of last, as expressions of a visit see it.
    pub fn error<'s>(&'s self, visit: &'s VisitPath) -> Option<&'s Arc<Value>> {
        self.seen_from(visit.as_str()).find_map(|bindings| bindings.error.as_ref())
    }

    /// A visit has an output: variables show it, and its scope keeps it.
    pub(super) fn bind(&mut self, visit: &VisitPath, output: &Arc<Value>, binding: &Binding) {
        let shown = match binding {
            Binding::None => None,
            Binding::Whole(name) | Binding::Members(name) => Some(name.shared()),
        };
        let bindings = self.bindings_of(visit);
        let mut set = |name: Arc<str>, member| {
            bindings.variables.insert(name, Variable { visit: visit.clone(), member });
        };
        if let Some(name) = &shown {
            set(name.clone(), None);
        }
        if let (Binding::Members(_), Some(members)) = (binding, output.as_object()) {
            for name in members.keys() {
                let name: Arc<str> = name.as_str().into();
                set(name.clone(), Some(name));
            }
        }
        let Some((container, place)) = visit.container() else { return };
        bindings.steps.insert(visit.step().into(), visit.clone());
        if let Some(scope) = self.containers.get_mut(container).and_then(|found| found.scope_mut(place)) {
            scope.outputs.push((shown, visit.clone()));
            self.collect(visit, json_size(output));
        }
    }

    /// Counts what a visit inside of a container records: there may be any number of them.
    pub(super) fn collect(&mut self, visit: &VisitPath, bytes: usize) {
        if visit.scope().is_some() {
            self.collected_bytes += bytes;
        }
    }

    /// The scope of a visit ends with it.
    pub(super) fn end_scope(&mut self, visit: &VisitPath, end: ScopeEnd) {
        let Some((path, place)) = visit.container() else { return };
        let Some(container) = self.containers.get_mut(path) else { return };
        if let Some(scope) = container.scope_mut(place) {
            scope.end = Some(end);
            scope.at = None;
            // What it set is seen nowhere any more.
            scope.own = None;
        }
        container.open -= 1;
        if container.open == 0 {
            self.set_entered(path, false);
        }
    }

    /// A container has open scopes, or none: only then it runs itself.
    pub(super) fn set_entered(&mut self, container: &str, entered: bool) {
        let Some(visit) = self.visits.get_mut(container) else { return };
        match (&visit.status, entered) {
            (VisitStatus::Running, true) => {
                visit.status = VisitStatus::Entered;
                self.running -= 1;
            }
            (VisitStatus::Entered, false) => {
                visit.status = VisitStatus::Running;
                self.running += 1;
            }
            _ => {}
        }
    }

    /// The path of a visit's scope comes to the next one.
    pub(super) fn move_on(&mut self, visit: &VisitPath, next: &VisitPath) {
        let Some((container, place)) = visit.container() else { return };
        let scope = self.containers.get_mut(container).and_then(|found| found.scope_mut(place));
        if let Some(scope) = scope {
            scope.at = Some(next.clone());
        }
    }

    /// The open and ready visits inside of a container, at any depth, an outer one before those inside of it. Those
    /// inside of a visit that `is_over` names are left out with it.
    ///
    /// A scope is one path, so it has one such visit of its own; no other visit of the run is looked at.
    pub fn inside(&self, container: &VisitPath, is_over: impl Fn(&VisitPath) -> bool) -> Vec<VisitPath> {
        let mut pending = vec![container];
        let mut inside = Vec::new();
        while let Some(container) = pending.pop() {
            let scopes = self.containers.get(container).into_iter().flat_map(|found| &found.scopes);
            for visit in scopes.filter_map(|scope| scope.at.as_ref()).filter(|visit| !is_over(visit)) {
                pending.push(visit);
                inside.push(visit.clone());
            }
        }
        inside
    }

    pub(super) fn close_inside(&mut self, at: Timestamp, container: &VisitPath) {
        for visit in self.inside(container, |_| false) {
            self.ready.remove(&visit);
            self.containers.swap_remove(&visit);
            if let Some(place) = self.visits.get_index_of(&visit) {
                self.close(at, place);
            }
        }
    }

    /// Closes everything that is open or ready.
    pub(super) fn close_all(&mut self, at: Timestamp) {
        self.ready.clear();
        self.containers.clear();
        for place in std::mem::take(&mut self.open) {
            self.close(at, place);
        }
    }

    fn close(&mut self, at: Timestamp, place: usize) {
        self.open.remove(&place);
        let Some((_, visit)) = self.visits.get_index_mut(place) else { return };
        match visit.status {
            VisitStatus::Waiting => self.waiting -= 1,
            VisitStatus::Running | VisitStatus::Resolved => self.running -= 1,
            VisitStatus::BackingOff { due_at, .. } => {
                self.backing_off.remove(&(due_at, place));
                self.running -= 1;
            }
            VisitStatus::Entered => {}
            VisitStatus::Completed { .. }
            | VisitStatus::Failed { .. }
            | VisitStatus::Skipped { .. }
            | VisitStatus::Cancelled => return,
        }
        visit.ended_at = Some(at);
        visit.status = VisitStatus::Cancelled;
    }
}
