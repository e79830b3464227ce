//! The steps inside a step: the body of a loop, the branches of a `parallel`.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::Step;
use crate::{Faults, Fields, StepId, excerpt};

/// How deep steps may stand inside each other, whatever else says so: documents are walked recursively, and this bounds
/// the stack. An engine's own limit is far less.
const DEEPEST: usize = 64;

/// A graph inside a step. It begins at its first step and ends where no step follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The branch's name; none for the body of a loop.
    pub name: Option<StepId>,
    /// Its steps, in the author's order.
    pub steps: Vec<Step>,
    /// Where its steps stand in the document, as a JSON pointer.
    pub pointer: String,
}

/// The names that stand for the item or the pass inside of a loop of that type, and win over all others there; none
/// for other types.
pub fn loop_names(kind: &str) -> &'static [&'static str] {
    match kind {
        "each" => &["item", "index", "_each"],
        "while" => &["iteration", "_while"],
        _ => &[],
    }
}

/// The graphs inside a step of that type, which is `depth` levels below the top graph.
pub(super) fn read(
    kind: &str,
    data: &Map<String, Value>,
    pointer: &str,
    faults: &Faults,
    depth: usize,
) -> Vec<Graph> {
    let data = Fields::new(data, pointer, faults);
    match kind {
        "each" | "while" => {
            data.required_value("steps");
            vec![graph(None, &data, depth)]
        }
        "parallel" => {
            data.required_value("branches");
            let branches = data.objects("branches");
            if is_empty_list(&data, "branches") {
                let message = "there is no branch; add one, or remove the step";
                faults.error(data.at("branches"), "branches_missing", message);
            }
            let graphs: Vec<Graph> =
                branches.iter().enumerate().map(|(index, branch)| named(index, branch, depth)).collect();
            unique_names(&graphs, faults);
            graphs
        }
        _ => Vec::new(),
    }
}

fn named(index: usize, branch: &Fields<'_>, depth: usize) -> Graph {
    let name = match branch.value("name") {
        None => format!("branch_{}", index + 1).parse().ok(),
        Some(_) => branch.parsed("name"),
    };
    branch.required_value("steps");
    let graph = graph(name, branch, depth);
    branch.warn_of_unknown();
    graph
}

fn graph(name: Option<StepId>, fields: &Fields<'_>, depth: usize) -> Graph {
    let pointer = fields.at("steps");
    if depth >= DEEPEST {
        let message =
            format!("steps can stand {DEEPEST} levels deep at the most; move these to another flow");
        fields.faults().error(pointer.clone(), "nested_too_deep", message);
        return Graph { name, steps: Vec::new(), pointer };
    }
    let steps: Vec<Step> =
        fields.objects("steps").iter().filter_map(|step| Step::read(step, depth + 1)).collect();
    if is_empty_list(fields, "steps") {
        let message = "there are no steps in it; add one, or remove what holds it";
        fields.faults().error(pointer.clone(), "steps_missing", message);
    }
    Graph { name, steps, pointer }
}

/// A value of another type is no empty list; whoever reads it has reported it.
fn is_empty_list(fields: &Fields<'_>, key: &'static str) -> bool {
    fields.value(key).and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn unique_names(graphs: &[Graph], faults: &Faults) {
    let mut taken = HashSet::new();
    for graph in graphs {
        let Some(name) = &graph.name else { continue };
        if !taken.insert(name) {
            let pointer = graph.pointer.trim_end_matches("/steps");
            let message =
                format!("another branch is named `{}` already; choose another name", excerpt(name.as_str()));
            faults.error(format!("{pointer}/name"), "branch_duplicate", message);
        }
    }
}
