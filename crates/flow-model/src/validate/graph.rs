//! Dangling ids, steps that nothing leads to, and cycles, in each graph by itself.

use std::collections::{HashMap, HashSet};

use crate::{After, Document, Edge, Faults, Step, edges, excerpt};

/// Successors by step, in the order of the document; dangling ones are reported and left out.
type Graph<'a> = HashMap<&'a str, Vec<Edge<'a>>>;

pub(super) fn check(document: &Document, faults: &Faults) {
    let all = document.all_steps();
    // The first of two that share an id.
    let everywhere: Steps<'_> = all.iter().rev().map(|step| (step.id.as_str(), *step)).collect();
    let graph = resolve(&document.steps, &everywhere, faults);
    if let Some(handler) = &document.settings.on_error {
        let edge = Edge { target: handler.as_str(), pointer: HANDLER.to_owned(), after: After::Failure };
        is_sound(&edge, &by_id(&document.steps), &everywhere, faults);
    }
    unreachable(document, &graph, faults);
    cycles(&document.steps, &graph, faults);
    for inner in all.iter().flat_map(|step| &step.graphs) {
        let graph = resolve(&inner.steps, &everywhere, faults);
        unreached(inner, &graph, faults);
        cycles(&inner.steps, &graph, faults);
    }
}

/// Steps by their ids.
type Steps<'a> = HashMap<&'a str, &'a Step>;

fn by_id(steps: &[Step]) -> Steps<'_> {
    steps.iter().rev().map(|step| (step.id.as_str(), step)).collect()
}

fn resolve<'a>(steps: &'a [Step], everywhere: &Steps<'_>, faults: &Faults) -> Graph<'a> {
    let here = by_id(steps);
    let sound =
        |step| edges(step).into_iter().filter(|edge| is_sound(edge, &here, everywhere, faults)).collect();
    steps.iter().map(|step| (step.id.as_str(), sound(step))).collect()
}

/// Whether an edge leads to a step of its own graph; a fault when it doesn't.
fn is_sound(edge: &Edge<'_>, here: &Steps<'_>, everywhere: &Steps<'_>, faults: &Faults) -> bool {
    let target = excerpt(edge.target);
    match here.get(edge.target) {
        Some(step) if step.is_trigger() => {
            let message = format!("`{target}` is a trigger, and nothing can lead to one; name another step");
            faults.error(edge.pointer.clone(), "step_is_trigger", message);
            false
        }
        Some(_) => true,
        None if everywhere.contains_key(edge.target) => {
            let message = format!(
                "`{target}` stands in another graph, and no path leads into or out of a loop or a branch; \
                 name a step beside this one, or leave it out to end here"
            );
            faults.error(edge.pointer.clone(), "step_elsewhere", message);
            false
        }
        None => {
            let message = format!("there is no step `{target}`; name an existing one or leave it out");
            faults.error(edge.pointer.clone(), "step_unknown", message);
            false
        }
    }
}

/// What can't be got to from the first step of a graph inside of another one.
fn unreached(inner: &crate::Graph, graph: &Graph<'_>, faults: &Faults) {
    let reached = reached(graph, inner.steps.first().map(|step| step.id.as_str()).into_iter());
    for step in inner.steps.iter().filter(|step| !reached.contains(step.id.as_str())) {
        nothing_leads_to(step, faults);
    }
}

fn nothing_leads_to(step: &Step, faults: &Faults) {
    let message = format!("nothing leads to `{}`; point a `nextStepId` at it or remove it", step.id);
    faults.error(step.pointer.clone(), "step_unreachable", message);
}

/// Where a flow names its handler.
const HANDLER: &str = "/settings/onError/stepId";

fn unreachable(document: &Document, graph: &Graph<'_>, faults: &Faults) {
    let triggers = document.steps.iter().filter(|step| step.is_trigger()).map(|step| step.id.as_str());
    // One that isn't sound is reported, and leads nowhere.
    let top = by_id(&document.steps);
    let is_sound = |id: &&str| top.get(*id).is_some_and(|step| !step.is_trigger());
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
    for step in &document.steps {
        let id = step.id.as_str();
        if !in_order.contains(id) && !when_failing.contains(id) {
            nothing_leads_to(step, faults);
        }
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
fn cycles(steps: &[Step], graph: &Graph<'_>, faults: &Faults) {
    let mut finished = HashSet::new();
    for step in steps {
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
                        "this leads back to `{}`, and a flow can't go round in circles; end it here, or use a `while`",
                        edge.target
                    ),
                );
            } else {
                stack.push((edge.target, 0));
            }
        }
    }
}
