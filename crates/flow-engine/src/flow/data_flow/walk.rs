//! Goes through the graphs forwards, with what is surely set and what may be.
//!
//! What is set stays set, so what a step finds is made of what the steps before it leave, and each step is looked at
//! once: when every way to it has been gone. A loop's second pass finds what its first has left; that is everything that
//! its steps may set, and it is there possibly, for there is a first pass too.

use std::rc::Rc;

use super::bits::Bits;
use super::facts::Facts;
use super::graph::{Graphs, Way};
use super::sets::Sets;

/// What is set where a step begins.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// On every way there.
    pub(super) surely: Bits,
    /// On some way there.
    pub(super) possibly: Bits,
}

/// A walk through all steps.
pub(super) struct Walk<'a, See> {
    graphs: &'a Graphs<'a>,
    sets: &'a [Sets],
    /// What has come to steps that not every way to has been gone yet, and how many ways are left.
    waiting: Vec<(Option<Rc<State>>, usize)>,
    /// The steps that a run may be at before the flow's handler.
    see: See,
}

impl<'a, See: FnMut(usize, &State)> Walk<'a, See> {
    /// Goes from the triggers and from the flow's handler, and shows each step with what is set before it.
    pub(super) fn go(
        graphs: &'a Graphs<'a>,
        sets: &'a [Sets],
        facts: &Facts<'_>,
        handler: Option<usize>,
        see: See,
    ) {
        let mut waiting = vec![(None, 0); graphs.nodes.len()];
        for (target, _) in graphs.nodes.iter().flat_map(|node| &node.exits) {
            waiting[*target].1 += 1;
        }
        let mut walk = Walk { graphs, sets, waiting, see };
        let nothing = State { surely: Bits::none(facts.len()), possibly: Bits::none(facts.len()) };
        let triggers = (0..graphs.nodes.len()).filter(|place| graphs.nodes[*place].step.is_trigger());
        let mut ready: Vec<_> =
            triggers.map(|place| (place, Rc::new(started(place, &nothing, sets, facts)))).collect();
        if let Some(handler) = handler {
            walk.waiting[handler].1 += 1;
            let state = failed_anywhere(graphs, sets, facts);
            walk.arrive(handler, Rc::new(state), &mut ready);
        }
        walk.from(ready);
    }

    /// A graph inside of a step.
    fn inside(&mut self, first: usize, state: &Rc<State>) {
        let mut ready = Vec::new();
        self.waiting[first].1 += 1;
        self.arrive(first, state.clone(), &mut ready);
        self.from(ready);
    }

    /// The latest step first: what waits at its side is little then.
    fn from(&mut self, mut ready: Vec<(usize, Rc<State>)>) {
        while let Some((place, state)) = ready.pop() {
            (self.see)(place, &state);
            let (node, sets) = (&self.graphs.nodes[place], &self.sets[place]);
            let mut behind = state.clone();
            if let Some(inside) = &sets.inside {
                Rc::make_mut(&mut behind).possibly.unite(inside);
            }
            node.firsts.iter().for_each(|first| self.inside(*first, &behind));
            for way in [Way::Done, Way::Shown, Way::Failed] {
                let mut targets = node.exits.iter().filter(|(_, by)| *by == way).peekable();
                if targets.peek().is_none() {
                    continue;
                }
                let mut left = behind.clone();
                for fact in sets.by(way) {
                    let left = Rc::make_mut(&mut left);
                    left.surely.insert(fact);
                    left.possibly.insert(fact);
                }
                targets.for_each(|(target, _)| self.arrive(*target, left.clone(), &mut ready));
            }
        }
    }

    fn arrive(&mut self, place: usize, state: Rc<State>, ready: &mut Vec<(usize, Rc<State>)>) {
        let (met, left) = &mut self.waiting[place];
        match met {
            Some(met) if !Rc::ptr_eq(met, &state) => {
                let met = Rc::make_mut(met);
                met.surely.intersect(&state.surely);
                met.possibly.unite(&state.possibly);
            }
            Some(_) => {}
            None => *met = Some(state),
        }
        *left -= 1;
        if *left == 0 {
            ready.extend(met.take().map(|state| (place, state)));
        }
    }
}

/// A run begins: a caller may give what the trigger doesn't declare, if it declares nothing.
fn started(place: usize, nothing: &State, sets: &[Sets], facts: &Facts<'_>) -> State {
    let mut state = nothing.clone();
    if sets[place].is_open {
        facts.open_names().for_each(|fact| state.possibly.insert(fact));
    }
    state
}

/// A run gets to the flow's handler from any step of the top graph. Whatever may be set counts as set: the author knows
/// how little is known there, and would be told of every name.
fn failed_anywhere(graphs: &Graphs<'_>, sets: &[Sets], facts: &Facts<'_>) -> State {
    let mut set = Bits::none(facts.len());
    let mut pending: Vec<_> =
        (0..graphs.nodes.len()).filter(|place| graphs.nodes[*place].step.is_trigger()).collect();
    let mut seen = vec![false; graphs.nodes.len()];
    while let Some(place) = pending.pop() {
        if !std::mem::replace(&mut seen[place], true) {
            sets[place].add_to(&mut set);
            if sets[place].is_open {
                facts.open_names().for_each(|fact| set.insert(fact));
            }
            pending.extend(graphs.nodes[place].exits.iter().map(|(target, _)| *target));
        }
    }
    set_error(&mut set, facts);
    State { surely: set.clone(), possibly: set }
}

fn set_error(set: &mut Bits, facts: &Facts<'_>) {
    facts.number(super::facts::Fact::Name("error")).into_iter().for_each(|error| set.insert(error));
}
