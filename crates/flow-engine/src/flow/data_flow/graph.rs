//! The steps of a document and the ways between them, by numbers.

use std::collections::{HashMap, HashSet};

use flow_model::{After, Document, OnError, Step, edges, loop_names};

/// A way out of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It has ended well: all is set that it sets.
    Done,
    /// It was passed over, or its failure is its result: it shows that, and sets nothing more.
    Shown,
    /// It has failed, and somebody takes care of that.
    Failed,
}

/// A step among the others.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) step: &'a Step,
    /// The graph that it stands in; 0 is the top graph.
    pub(super) graph: usize,
    /// Where it leads to, and how.
    pub(super) exits: Vec<(usize, Way)>,
    /// Where the graphs inside of it begin.
    pub(super) firsts: Vec<usize>,
}

/// All steps, and the graphs that they stand in.
#[derive(Debug, Default)]
pub(super) struct Graphs<'a> {
    /// In the order of [`Document::all_steps`].
    pub(super) nodes: Vec<Node<'a>>,
    /// The step that each graph stands in; none for the top graph.
    pub(super) containers: Vec<Option<usize>>,
    places: HashMap<&'a str, usize>,
    /// The names that any step sets, or that are there inside of some.
    set: HashSet<String>,
}

impl<'a> Graphs<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let mut graphs = Self { containers: vec![None], ..Self::default() };
        graphs.add(&document.steps, 0);
        for place in 0..graphs.nodes.len() {
            graphs.nodes[place].exits = graphs.exits(graphs.nodes[place].step);
        }
        graphs
    }

    fn add(&mut self, steps: &'a [Step], graph: usize) {
        for step in steps {
            let place = self.nodes.len();
            self.places.insert(step.id.as_str(), place);
            if !step.is_trigger() {
                self.set.extend(step.variable().map(|name| name.to_string()));
            }
            self.set.extend(step.set_variables().map(|(_, name)| name.to_owned()));
            self.set.extend(loop_names(&step.kind).iter().map(|name| (*name).to_owned()));
            self.nodes.push(Node { step, graph, exits: Vec::new(), firsts: Vec::new() });
            for inner in &step.graphs {
                self.containers.push(Some(place));
                if !inner.steps.is_empty() {
                    let first = self.nodes.len();
                    self.nodes[place].firsts.push(first);
                }
                self.add(&inner.steps, self.containers.len() - 1);
            }
        }
    }

    fn exits(&self, step: &Step) -> Vec<(usize, Way)> {
        let ends_here = ["final", "fail"].contains(&step.kind.as_str());
        let is_done = !step.disabled && !ends_here;
        let is_passed_over = step.disabled || step.when.is_some();
        let is_shown = is_passed_over || step.on_error == OnError::Continue;
        let mut exits = Vec::new();
        for edge in edges(step) {
            let Some(target) = self.place(edge.target) else { continue };
            let ways = [
                (Way::Done, is_done && edge.after != After::Failure),
                (Way::Shown, is_shown && edge.after == After::Step),
                (Way::Failed, !step.disabled && edge.after == After::Failure),
            ];
            exits.extend(ways.into_iter().filter(|(_, is_there)| *is_there).map(|(way, _)| (target, way)));
        }
        exits
    }

    /// The place of a step.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// Whether a step sets the name, or a reserved one comes to be.
    pub(super) fn sets(&self, name: &str) -> bool {
        super::facts::COME_TO_BE.contains(&name) || self.set.contains(name)
    }

    /// The steps round a step, the nearest first.
    pub(super) fn around(&self, place: usize) -> impl Iterator<Item = usize> {
        let container = |place: usize| self.containers[self.nodes[place].graph];
        std::iter::successors(container(place), move |place| container(*place))
    }
}
