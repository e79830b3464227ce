//! Dangling ids, steps that nothing leads to, and cycles.

use std::collections::{HashMap, HashSet};

use crate::document::{Edge, edges};
use crate::{Document, Faults, Step, excerpt};

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
    let is_sound = |edge: &Edge<'_>| match steps.get(edge.target) {
        None => {
            let target = excerpt(edge.target);
            let message = format!("there is no step `{target}`; name an existing one or leave it out");
            faults.error(edge.pointer.clone(), "step_unknown", message);
            false
        }
        Some(target) if target.is_trigger() => {
            let message =
                format!("`{}` is a trigger, and nothing can lead to one; name another step", edge.target);
            faults.error(edge.pointer.clone(), "step_is_trigger", message);
            false
        }
        Some(_) => true,
    };
    if let Some(handler) = &document.settings.on_error {
        is_sound(&Edge { target: handler.as_str(), pointer: HANDLER.to_owned() });
    }
    let sound = |step| edges(step).into_iter().filter(is_sound).collect();
    document.steps.iter().map(|step| (step.id.as_str(), sound(step))).collect()
}

/// Where a flow names its handler.
const HANDLER: &str = "/settings/onError/stepId";

fn unreachable(document: &Document, graph: &Graph<'_>, faults: &Faults) {
    let triggers = document.steps.iter().filter(|step| step.is_trigger()).map(|step| step.id.as_str());
    // One that isn't sound is reported, and leads nowhere.
    let is_sound = |id: &&str| document.step(id).is_some_and(|step| !step.is_trigger());
    let handler = document.settings.on_error.as_ref().map(|id| id.as_str()).filter(is_sound);
    let in_order = reached(graph, triggers);
    let when_failing = reached(graph, handler.into_iter());
    if in_order.is_empty() && when_failing.is_empty() {
        return; // "no trigger" says it already
    }
    // A run that failed at or after such a step would have to be there a second time.
    let shared = document.steps.iter().find(|step| {
        let id = step.id.as_str();
        in_order.contains(id) && when_failing.contains(id) && !["final", "fail"].contains(&step.kind.as_str())
    });
    if let Some(step) = shared {
        let message = format!(
            "the handler leads to `{}`, which a run may have been at before it failed; let it end on its own",
            step.id
        );
        faults.error(HANDLER, "handler_shares_step", message);
    }
    let nothing_leads_to =
        |step: &&Step| !in_order.contains(step.id.as_str()) && !when_failing.contains(step.id.as_str());
    for step in document.steps.iter().filter(nothing_leads_to) {
        faults.error(
            step.pointer.clone(),
            "step_unreachable",
            format!("nothing leads to `{}`; point a `nextStepId` at it or remove it", step.id),
        );
    }
}

/// Every step that can be got to from some.
fn reached<'a>(graph: &Graph<'a>, from: impl Iterator<Item = &'a str>) -> HashSet<&'a str> {
    let mut pending: Vec<&str> = from.collect();
    let mut reached = HashSet::new();
    while let Some(id) = pending.pop() {
        if reached.insert(id) {
            pending.extend(graph.get(id).into_iter().flatten().map(|edge| edge.target));
        }
    }
    reached
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
