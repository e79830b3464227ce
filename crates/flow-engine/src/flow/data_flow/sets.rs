//! What each step sets, in numbers of facts.

use flow_model::OnError;

use super::bits::Bits;
use super::facts::{Fact, Facts};
use super::graph::{Graphs, Node, Way};
use crate::flow::{CompiledTrigger, MESSAGE_NAMES, MESSAGE_TRIGGER};

/// What a step sets.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// Whenever it has a result, also one that says that it was passed over or has failed.
    shown: Vec<usize>,
    /// What it sets beside that when it ends well.
    done: Vec<usize>,
    /// What its failure sets where it is taken care of.
    failed: Vec<usize>,
    /// Its inputs may have any names.
    pub(super) is_open: bool,
    /// What may be set in the graphs inside of it and is seen round it too, whatever becomes of it; none when nothing is.
    pub(super) inside: Option<Bits>,
}

impl Sets {
    fn of(place: usize, node: &Node<'_>, facts: &Facts<'_>, triggers: &[CompiledTrigger]) -> Self {
        let step = node.step;
        let number = |fact: Fact<'_>| facts.number(fact);
        if step.is_trigger() {
            let schema = triggers.iter().find(|trigger| trigger.id == step.id).map(|trigger| &trigger.inputs);
            let fields = schema.and_then(|schema| schema.fields.as_ref());
            let inputs =
                fields.into_iter().flatten().filter_map(|field| number(Fact::Name(field.name.as_str())));
            let brought = MESSAGE_NAMES.into_iter().filter(|_| step.kind == MESSAGE_TRIGGER);
            let brought = brought.filter_map(|name| number(Fact::Name(name)));
            return Self {
                done: inputs.chain(brought).collect(),
                is_open: fields.is_none(),
                ..Self::default()
            };
        }
        let variable = step.variable().and_then(|name| number(Fact::Name(name.as_str())));
        let members = step.set_variables().filter_map(|(_, name)| number(Fact::Name(name)));
        let approval = (step.kind == "user-approval").then(|| number(Fact::Name("approval"))).flatten();
        let error = matches!(step.on_error, OnError::GoTo(_)).then(|| number(Fact::Name("error"))).flatten();
        Self {
            shown: variable.into_iter().chain(number(Fact::Result(place))).collect(),
            done: members.chain(approval).collect(),
            failed: error.into_iter().collect(),
            ..Self::default()
        }
    }

    /// What it surely sets by going that way.
    pub(super) fn by(&self, way: Way) -> impl Iterator<Item = usize> {
        let (shown, more): (&[usize], &[usize]) = match way {
            Way::Done => (&self.shown, &self.done),
            Way::Shown => (&self.shown, &[]),
            Way::Failed => (&self.failed, &[]),
        };
        shown.iter().chain(more).copied()
    }

    /// What it may set by itself.
    pub(super) fn any(&self) -> impl Iterator<Item = usize> {
        self.shown.iter().chain(&self.done).chain(&self.failed).copied()
    }

    /// Everything that it may set, and that is seen behind it.
    pub(super) fn add_to(&self, bits: &mut Bits) {
        self.any().for_each(|fact| bits.insert(fact));
        self.inside.iter().for_each(|inside| bits.unite(inside));
    }
}

/// What every step sets.
pub(super) fn all(graphs: &Graphs<'_>, facts: &Facts<'_>, triggers: &[CompiledTrigger]) -> Vec<Sets> {
    let nodes = graphs.nodes.iter().enumerate();
    let mut sets: Vec<_> = nodes.map(|(place, node)| Sets::of(place, node, facts, triggers)).collect();
    // Those inside of a step stand behind it.
    for place in (0..sets.len()).rev() {
        let container = graphs.containers[graphs.nodes[place].graph];
        let seen_outside = container.filter(|container| !graphs.nodes[*container].step.isolates());
        if let Some(container) = seen_outside {
            let mut inside = sets[container].inside.take().unwrap_or_else(|| Bits::none(facts.len()));
            sets[place].add_to(&mut inside);
            sets[container].inside = Some(inside);
        }
    }
    sets
}
