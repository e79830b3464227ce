//! Where a step names another one: the grammar of the graph.

use serde_json::{Map, Value};

use super::{OnError, Step};

/// A place in a step that names a successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge<'a> {
    /// The successor's id, which may not exist.
    pub target: &'a str,
    /// Where it is named, as a JSON pointer.
    pub pointer: String,
    /// When it is what follows.
    pub after: After,
}

/// What of a step leads to a successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The step's end, or that it was passed over.
    Step,
    /// A choice that the step makes, or that somebody makes in it.
    Choice,
    /// The step's failure.
    Failure,
}

/// Every successor that a step names: its own, and those inside the settings of the control steps. A
/// value of the wrong type is no edge; whoever reads the setting reports it.
pub fn edges(step: &Step) -> Vec<Edge<'_>> {
    let mut edges = Vec::new();
    let own =
        [("nextStepId", &step.next, After::Step), ("rejectNextStepId", &step.reject_next, After::Choice)];
    for (key, target, after) in own {
        let target = target.as_ref().map(crate::StepId::as_str);
        edges.extend(target.map(|target| Edge { target, pointer: format!("{}/{key}", step.pointer), after }));
    }
    if let OnError::GoTo(target) = &step.on_error {
        let pointer = format!("{}/onError/stepId", step.pointer);
        edges.push(Edge { target: target.as_str(), pointer, after: After::Failure });
    }
    let data = format!("{}/data", step.pointer);
    match step.kind.as_str() {
        "condition" => {
            push_each(&mut edges, &step.data, "branches", &data);
            push(&mut edges, &step.data, "elseStepId", &data);
        }
        "switch" => {
            push_each(&mut edges, &step.data, "cases", &data);
            push(&mut edges, &step.data, "defaultStepId", &data);
        }
        "user-approval" => push(&mut edges, &step.data, "onExpire", &data),
        _ => {}
    }
    edges.retain(|edge| {
        !(edge.pointer.ends_with("/data/onExpire") && ["reject", "fail"].contains(&edge.target))
    });
    edges
}

fn push<'a>(edges: &mut Vec<Edge<'a>>, map: &'a Map<String, Value>, key: &str, pointer: &str) {
    let target = map.get(key).and_then(Value::as_str);
    edges.extend(target.map(|target| Edge {
        target,
        pointer: format!("{pointer}/{key}"),
        after: After::Choice,
    }));
}

fn push_each<'a>(edges: &mut Vec<Edge<'a>>, map: &'a Map<String, Value>, key: &str, pointer: &str) {
    let items = map.get(key).and_then(Value::as_array).into_iter().flatten();
    for (index, item) in items.enumerate().filter_map(|(index, item)| Some((index, item.as_object()?))) {
        push(edges, item, "nextStepId", &format!("{pointer}/{key}/{index}"));
    }
}
