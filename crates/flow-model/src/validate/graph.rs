//! Dangling ids, steps that nothing leads to, and cycles.

use std::collections::{HashMap, HashSet};

use crate::document::{Edge, edges};
use crate::{Document, Faults, excerpt};

/// Successors by step, in the order of the document; dangling ones are reported and left out.
type Graph<'a> = HashMap<&'a str, Vec<Edge<'a>>>;

pub(super) fn check(document: &Document, faults: &Faults) {
    let graph = resolve(document, faults);
    unreachable(document, &graph, faults);
    cycles(document, &graph, faults);
}

fn resolve<'a>(document: &'a Document, faults: &Faults) -> Graph<'a> {
    // The first of two that share an id, as `Document::step` has it.
    let steps: HashMap<_, _> = document.steps.iter().rev().map(|step| (step.id.as_str(), step)).collect();
    let mut graph = Graph::new();
    for step in &document.steps {
        let mut known = Vec::new();
        for edge in edges(step) {
            match steps.get(edge.target) {
                None => faults.error(
                    edge.pointer,
                    "step_unknown",
                    format!(
                        "there is no step `{}`; name an existing one or leave it out",
                        excerpt(edge.target)
                    ),
                ),
                Some(target) if target.is_trigger() => faults.error(
                    edge.pointer,
                    "step_is_trigger",
                    format!("`{}` is a trigger, and nothing can lead to one; name another step", edge.target),
                ),
                Some(_) => known.push(edge),
            }
        }
        graph.insert(step.id.as_str(), known);
    }
    graph
}

fn unreachable(document: &Document, graph: &Graph<'_>, faults: &Faults) {
    let triggers = document.steps.iter().filter(|step| step.is_trigger()).map(|step| step.id.as_str());
    let handler = document.settings.on_error.as_ref().map(|id| id.as_str());
    let mut pending: Vec<&str> = triggers.chain(handler).collect();
    if pending.is_empty() {
        return; // "no trigger" says it already
    }
    let mut reached = HashSet::new();
    while let Some(id) = pending.pop() {
        if reached.insert(id) {
            pending.extend(graph.get(id).into_iter().flatten().map(|edge| edge.target));
        }
    }
    for step in document.steps.iter().filter(|step| !reached.contains(step.id.as_str())) {
        faults.error(
            step.pointer.clone(),
            "step_unreachable",
            format!("nothing leads to `{}`; point a `nextStepId` at it or remove it", step.id),
        );
    }
}

/// Depth first with an explicit stack, since a document may be one chain of any length.
fn cycles(document: &Document, graph: &Graph<'_>, faults: &Faults) {
    let mut finished = HashSet::new();
    for step in &document.steps {
        let mut on_path = HashSet::new();
        let mut stack = vec![(step.id.as_str(), 0)];
        while let Some((id, next)) = stack.pop() {
            if next == 0 {
                if finished.contains(id) {
                    continue;
                }
                on_path.insert(id);
            }
            let Some(edge) = graph.get(id).and_then(|edges| edges.get(next)) else {
                on_path.remove(id);
                finished.insert(id);
                continue;
            };
            stack.push((id, next + 1));
            if on_path.contains(edge.target) {
                faults.error(
                    edge.pointer.clone(),
                    "cycle",
                    format!(
                        "this leads back to `{}`, and a flow can't go round in circles; end it here",
                        edge.target
                    ),
                );
            } else {
                stack.push((edge.target, 0));
            }
        }
    }
}
