//! What can be set: the names and results that a flow's expressions use and its steps define.

use std::collections::HashMap;

use super::graph::Graphs;
use crate::flow::Names;
use crate::flow::uses::Use;

/// Something that is set or not, at a moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fact<'a> {
    /// A name: a variable, an input, or one of the reserved names that come to be.
    Name(&'a str),
    /// The result of a step, as `steps.<name>`.
    Result(usize),
}

/// The facts that matter, numbered. What no expression uses costs nothing.
#[derive(Debug, Default)]
pub(super) struct Facts<'a>(HashMap<Fact<'a>, usize>);

impl<'a> Facts<'a> {
    pub(super) fn of(uses: &'a [Use], names: &Names, graphs: &Graphs<'_>) -> Self {
        let mut facts = Self::default();
        for fact in uses.iter().filter_map(|used| fact(used, names, graphs)) {
            let next = facts.0.len();
            facts.0.entry(fact).or_insert(next);
        }
        facts
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn number(&self, fact: Fact<'_>) -> Option<usize> {
        self.0.get(&fact).copied()
    }

    /// What a caller may give, if the trigger takes any input.
    pub(super) fn open_names(&self) -> impl Iterator<Item = usize> {
        let comes_to_be = |fact: &Fact<'_>| matches!(fact, Fact::Name(name) if !COME_TO_BE.contains(name));
        self.0.iter().filter(move |(fact, _)| comes_to_be(fact)).map(|(_, number)| *number)
    }
}

/// The reserved names that have a value from some moment on. The others have theirs from the start, or never.
pub(super) const COME_TO_BE: [&str; 2] = ["approval", "error"];

/// What a use needs to be set; none when it needs nothing, or nothing that the flow sets.
pub(super) fn fact<'a>(used: &'a Use, names: &Names, graphs: &Graphs<'_>) -> Option<Fact<'a>> {
    let name = &*used.free.name;
    if name == "steps" {
        let step = names.step(used.free.member.as_deref()?)?;
        return graphs.place(step.as_str()).map(Fact::Result);
    }
    let is_judged = COME_TO_BE.contains(&name) || !crate::flow::RESERVED.contains(&name);
    let is_set = is_judged && (graphs.sets(name) || names.declares(name));
    (is_set || names.is_brought(name)).then_some(Fact::Name(name))
}
