//! Whether what an expression names can be set where it stands.
//!
//! [`Names`] knows what a flow can define somewhere. Here the graphs are followed: for each step, what every way to it
//! has set, what some way has, and what none can have. The truth that this foretells is that of `RunState`'s scopes.
//!
//! It goes by what an author wrote, not by what a run does: a condition that always holds has two ways still, a step
//! with an `onError` may fail, and a caller gives what a trigger declares.

mod bits;
mod facts;
mod graph;
mod sets;
mod walk;
mod words;

use flow_model::{Document, Faults, loop_names};

use self::facts::{Facts, fact};
use self::graph::Graphs;
use self::sets::Sets;
use self::walk::{State, Walk};
use self::words::Words;
use super::uses::Use;
use super::{CompiledTrigger, Names};

/// Adds a fault for every use of what can't be set where it is used, and a warning for what may be unset there. The
/// graphs must be sound: without a cycle, and with every edge leading somewhere.
pub(super) fn check(
    document: &Document,
    triggers: &[CompiledTrigger],
    names: &Names,
    uses: &[Use],
    faults: &Faults,
) {
    let graphs = Graphs::of(document);
    let facts = Facts::of(uses, names, &graphs);
    let sets = sets::all(&graphs, &facts, triggers);
    let words = Words::new(&graphs, &sets, faults);
    let handler = document.settings.on_error.as_ref().and_then(|handler| graphs.place(handler.as_str()));
    let mut found = vec![Set::Surely; uses.len()];
    let of_step = by_step(uses, graphs.nodes.len());
    Walk::go(&graphs, &sets, &facts, handler, |place, state| {
        for number in &of_step[place] {
            let used = &uses[*number];
            let needed = fact(used, names, &graphs).and_then(|fact| facts.number(fact));
            if let Some(needed) = needed.filter(|_| !is_of_loop(used, &graphs) && is_taken(place, &graphs)) {
                found[*number] = Set::of(needed, used, state, &sets[place], &graphs);
            }
        }
    });
    // In the order of the document, whatever way it was gone through.
    for (used, set) in uses.iter().zip(found) {
        if &*used.free.name == "steps" {
            words.unknown_result(used, names);
        }
        let Some(fact) = fact(used, names, &graphs) else { continue };
        let number = facts.number(fact).unwrap_or_default();
        match set {
            Set::Never => words.never(used, fact, number),
            Set::Perhaps if !used.is_guarded() => words.perhaps(used, number),
            Set::Perhaps | Set::Surely => {}
        }
    }
}

/// Whether something is set at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Surely,
    Perhaps,
    Never,
}

impl Set {
    fn of(fact: usize, used: &Use, state: &State, sets: &Sets, graphs: &Graphs<'_>) -> Self {
        // The condition of a `while` is asked again behind each pass.
        let is_asked_again = !used.in_when && graphs.nodes[used.step].step.kind == "while";
        let inside = sets.inside.as_ref().filter(|_| is_asked_again);
        match state.surely.contains(fact) {
            true => Self::Surely,
            false if state.possibly.contains(fact) || inside.is_some_and(|inside| inside.contains(fact)) => {
                Self::Perhaps
            }
            false => Self::Never,
        }
    }
}

impl Use {
    /// Whether the expression is made for it to be undefined.
    fn is_guarded(&self) -> bool {
        if &*self.free.name == "steps" { self.free.is_member_guarded } else { self.free.is_guarded }
    }
}

/// Whether the name is there because of a loop round the step, or of the `while` whose condition it stands in.
fn is_of_loop(used: &Use, graphs: &Graphs<'_>) -> bool {
    let gives = |place: usize| loop_names(&graphs.nodes[place].step.kind).contains(&&*used.free.name);
    let is_condition = !used.in_when && graphs.nodes[used.step].step.kind == "while";
    (is_condition && gives(used.step)) || graphs.around(used.step).any(gives)
}

/// Whether a run evaluates what stands in the step.
fn is_taken(place: usize, graphs: &Graphs<'_>) -> bool {
    std::iter::once(place).chain(graphs.around(place)).all(|place| !graphs.nodes[place].step.disabled)
}

/// The numbers of the uses in each step.
fn by_step(uses: &[Use], steps: usize) -> Vec<Vec<usize>> {
    let mut of_step = vec![Vec::new(); steps];
    for (number, used) in uses.iter().enumerate() {
        of_step[used.step].push(number);
    }
    of_step
}
