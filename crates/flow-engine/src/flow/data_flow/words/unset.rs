//! Which way to a step doesn't set a name.

use super::Words;
use crate::flow::data_flow::graph::Way;

impl Words<'_> {
    /// When it isn't set: a way to the step, told by where it parts from those that set it.
    pub(super) fn when_unset(&self, here: usize, number: usize) -> String {
        let mut here = here;
        loop {
            let unset = self.reached_unset(here, number);
            // Back along such a way, to the first place where there is another one too.
            let mut place = here;
            while let Some((from, way)) = self.a_way_without(place, number, &unset) {
                if self.ways()[place].len() > 1 || self.touches(from, number) {
                    return self.told(from, way, number);
                }
                place = from;
            }
            let node = &self.graphs.nodes[place];
            match self.graphs.containers[node.graph] {
                None if node.step.is_trigger() => {
                    return format!("when {} starts the run", self.title(place));
                }
                None => return "when a run takes another way".to_owned(),
                Some(container) if self.touches(container, number) => {
                    let container = self.title(container);
                    return format!("when {container} goes round for the first time");
                }
                Some(container) => here = container,
            }
        }
    }

    /// The ways that lead to each step.
    fn ways(&self) -> &Vec<Vec<(usize, Way)>> {
        self.ways.get_or_init(|| {
            let mut ways = vec![Vec::new(); self.graphs.nodes.len()];
            for (from, node) in self.graphs.nodes.iter().enumerate() {
                node.exits.iter().for_each(|(target, way)| ways[*target].push((from, *way)));
            }
            ways
        })
    }

    /// The steps of a graph that some way gets to on which no step of the graph sets it.
    fn reached_unset(&self, here: usize, number: usize) -> Vec<bool> {
        let graph = self.graphs.nodes[here].graph;
        let mut reached = vec![false; self.graphs.nodes.len()];
        let first = match self.graphs.containers[graph] {
            Some(container) => self.graphs.nodes[container].firsts.clone(),
            None => (0..reached.len()).filter(|place| self.graphs.nodes[*place].step.is_trigger()).collect(),
        };
        let mut pending: Vec<_> =
            first.into_iter().filter(|place| self.graphs.nodes[*place].graph == graph).collect();
        while let Some(place) = pending.pop() {
            if !std::mem::replace(&mut reached[place], true) {
                let exits = self.graphs.nodes[place].exits.iter();
                let unset = exits.filter(|(_, way)| !self.is_set_by(place, *way, number));
                pending.extend(unset.map(|(target, _)| *target));
            }
        }
        reached
    }

    fn a_way_without(&self, to: usize, number: usize, unset: &[bool]) -> Option<(usize, Way)> {
        let mut ways = self.ways()[to].iter().copied();
        ways.find(|(from, way)| unset[*from] && !self.is_set_by(*from, *way, number))
    }

    fn is_set_by(&self, place: usize, way: Way, number: usize) -> bool {
        self.sets[place].by(way).any(|fact| fact == number)
    }

    /// Whether it may be set in the step, or inside of it.
    fn touches(&self, place: usize, number: usize) -> bool {
        let sets = &self.sets[place];
        sets.any().any(|fact| fact == number) || self.is_set_inside(place, number)
    }

    fn is_set_inside(&self, place: usize, number: usize) -> bool {
        self.sets[place].inside.as_ref().is_some_and(|inside| inside.contains(number))
    }

    fn told(&self, from: usize, way: Way, number: usize) -> String {
        let title = self.title(from);
        let step = self.graphs.nodes[from].step;
        match way {
            Way::Failed => format!("when {title} fails"),
            Way::Done | Way::Shown if self.is_set_inside(from, number) => {
                format!("when {title} doesn't go round, or breaks off")
            }
            Way::Shown => format!("when {title} is passed over or fails"),
            Way::Done if step.is_trigger() => format!("when {title} starts the run"),
            Way::Done => format!("on the way by {title}"),
        }
    }
}
