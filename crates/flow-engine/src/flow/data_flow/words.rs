//! What is said of a name that isn't set where it is used: which step sets it, and why not here.

mod unset;

use std::cell::OnceCell;
use std::collections::HashSet;

use flow_model::{Faults, excerpt, loop_names};

use super::facts::Fact;
use super::graph::{Graphs, Way};
use super::sets::Sets;
use super::{Names, Use};
use crate::flow::templates::MOST_HINTS;

/// What explains a fault, and adds it.
pub(super) struct Words<'a> {
    graphs: &'a Graphs<'a>,
    sets: &'a [Sets],
    faults: &'a Faults,
    /// The ways that lead to each step, made when the first of them is asked for.
    ways: OnceCell<Vec<Vec<(usize, Way)>>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(graphs: &'a Graphs<'a>, sets: &'a [Sets], faults: &'a Faults) -> Self {
        Self { graphs, sets, faults, ways: OnceCell::new() }
    }

    /// `steps.<name>` where no step has that id or name.
    pub(super) fn unknown_result(&self, used: &Use, names: &Names) {
        let Some(wanted) = used.free.member.as_deref().filter(|member| names.step(member).is_none()) else {
            return;
        };
        let known = names.steps().map(|(name, _)| name);
        let nearest = self.explains().then(|| flow_expr::nearest(wanted, known)).flatten();
        let hint = nearest.map_or_else(
            || "name a step's id, or its name with `_` for what an identifier can't hold".to_owned(),
            |nearest| format!("did you mean `steps.{nearest}`?"),
        );
        let message = format!("no step is `{}`; {hint}", excerpt(wanted));
        self.faults.error(used.pointer.clone(), "unknown_name", message);
    }

    /// What no way to the step has set. An expression that is made for that is no mistake that harms a run.
    pub(super) fn never(&self, used: &Use, fact: Fact<'_>, number: usize) {
        let what = shown(used);
        let why = if self.explains() {
            self.why_never(used.step, fact, number)
        } else {
            "no step before this one sets it".to_owned()
        };
        let message = format!("`{what}` is always undefined here: {why}");
        let report = if used.is_guarded() { Faults::warning } else { Faults::error };
        report(self.faults, used.pointer.clone(), "variable_not_set_yet", message);
    }

    /// What some way to the step doesn't set.
    pub(super) fn perhaps(&self, used: &Use, number: usize) {
        let what = shown(used);
        let when = if self.explains() {
            self.when_unset(used.step, number)
        } else {
            "when a run takes another way".to_owned()
        };
        let message = format!(
            "`{what}` may be undefined here: it isn't set {when}; write `{what} ?? …` or `{what}?.…`, or set it on that \
             way too"
        );
        self.faults.warning(used.pointer.clone(), "variable_maybe_unset", message);
    }

    /// Following the ways for each of very many faults would make a hostile document expensive.
    fn explains(&self) -> bool {
        self.faults.count() < MOST_HINTS
    }

    fn title(&self, place: usize) -> String {
        format!("`{}`", self.graphs.nodes[place].step.id)
    }

    fn why_never(&self, here: usize, fact: Fact<'_>, number: usize) -> String {
        let Some(setter) = self.setters(number).next() else {
            return match fact {
                Fact::Name("approval") => "no approval comes before this step".to_owned(),
                Fact::Name("error") => "no failure leads here by an `onError`".to_owned(),
                Fact::Name(name) if loop_names("each").contains(&name) => {
                    format!("`{name}` exists only inside an `each`")
                }
                Fact::Name(name) if loop_names("while").contains(&name) => {
                    format!("`{name}` exists only inside a `while`")
                }
                Fact::Name(_) | Fact::Result(_) => "no step sets it".to_owned(),
            };
        };
        let title = self.title(setter);
        if setter == here || self.graphs.around(here).any(|place| place == setter) {
            return format!("it is what {title} itself comes to, and is set when that has ended");
        }
        if self.graphs.nodes[setter].step.is_trigger() {
            return format!("it is an input of the trigger {title}, and no run that it starts gets here");
        }
        let around: Vec<_> = std::iter::once(here).chain(self.graphs.around(here)).collect();
        // Out of the setter's graph, as far as to one that this step stands in too.
        let mut outer = setter;
        while !around.iter().any(|place| self.graphs.nodes[*place].graph == self.graphs.nodes[outer].graph) {
            let Some(container) = self.graphs.containers[self.graphs.nodes[outer].graph] else { break };
            if self.graphs.nodes[container].step.isolates() {
                let container = self.title(container);
                return format!(
                    "{title} sets it inside of {container}, where it is seen alone; use the result of {container}"
                );
            }
            outer = container;
        }
        let beside = around
            .into_iter()
            .find(|place| self.graphs.nodes[*place].graph == self.graphs.nodes[outer].graph);
        let beside = beside.unwrap_or(here);
        if beside == outer || self.leads(beside, outer) {
            format!("{title} sets it, and comes later; move it before this step, or use it behind")
        } else if self.leads(outer, beside) {
            let reason = match &self.graphs.nodes[setter].step {
                step if step.disabled => "it is disabled",
                _ => "a run gets here when it has failed",
            };
            format!("{title} sets it, but {reason}")
        } else {
            format!("{title} sets it, and stands on another path; set it on this one too")
        }
    }

    /// The steps and triggers that set it.
    fn setters(&self, number: usize) -> impl Iterator<Item = usize> {
        let sets = self.sets.iter().enumerate();
        sets.filter(move |(_, sets)| sets.any().any(|fact| fact == number)).map(|(place, _)| place)
    }

    /// Whether a way leads from one step to another of its graph.
    fn leads(&self, from: usize, to: usize) -> bool {
        let mut seen = HashSet::new();
        let mut pending = vec![from];
        while let Some(place) = pending.pop() {
            if seen.insert(place) {
                pending.extend(self.graphs.nodes[place].exits.iter().map(|(target, _)| *target));
            }
        }
        from != to && seen.contains(&to)
    }
}

/// The use, as its author wrote it.
fn shown(used: &Use) -> String {
    match &used.free.member {
        Some(member) if &*used.free.name == "steps" => format!("steps.{}", excerpt(member)),
        _ => excerpt(&used.free.name).to_owned(),
    }
}
