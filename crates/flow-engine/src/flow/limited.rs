//! What the limits of an engine say of a document that is new to it.
//!
//! A stored definition isn't asked again: a limit that was lowered strands no run, and no published version.

use flow_model::{Document, Faults, Graph, Step};

use crate::Limits;

/// Adds a fault for everything that is beyond the limits.
pub(super) fn check(document: &Document, limits: &Limits, faults: &Faults) {
    let limited = Limited { limits, faults };
    document.steps.iter().for_each(|step| limited.step(step, 0, 0));
}

/// The bytes that the path of a visit may have. PostgreSQL refuses an index row of more than 2,704, and a path stands in
/// one beside a run's id, a time and a word.
const LONGEST_PATH: usize = 2_600;

/// The digits and signs that name an item or a pass in a path.
const PLACE: usize = 13;

#[derive(Clone, Copy)]
struct Limited<'a> {
    limits: &'a Limits,
    faults: &'a Faults,
}

impl Limited<'_> {
    /// A step that is `depth` levels below the top graph, by a path of `above` bytes.
    fn step(self, step: &Step, depth: usize, above: usize) {
        let path = above + step.id.as_str().len();
        if path > LONGEST_PATH {
            let message = format!(
                "the ids of this step and of those around it have more than {LONGEST_PATH} bytes together; \
                 choose shorter ones"
            );
            self.faults.error(format!("{}/id", step.pointer), "path_too_long", message);
            return;
        }
        match step.kind.as_str() {
            "while" => self.passes(step),
            "parallel" => self.branches(step),
            _ => {}
        }
        step.graphs.iter().for_each(|graph| self.graph(graph, depth, path));
    }

    fn graph(self, graph: &Graph, depth: usize, path: usize) {
        let most = self.limits.nesting_depth;
        // One that is empty, or too deep for any limit, was reported when it was read.
        if depth >= most && !graph.steps.is_empty() {
            let message = format!(
                "steps can stand {most} levels deep at the most (the limit `nesting_depth`); move these to another \
                 flow"
            );
            self.faults.error(graph.pointer.clone(), "nested_too_deep", message);
            return;
        }
        let place = graph.name.as_ref().map_or(PLACE, |name| name.as_str().len() + 2);
        graph.steps.iter().for_each(|step| self.step(step, depth + 1, path + place));
    }

    fn passes(self, step: &Step) {
        let (most, wanted) = (self.limits.loop_passes, step.data.get("maxIterations"));
        if let Some(wanted) = wanted.and_then(serde_json::Value::as_u64).filter(|wanted| *wanted > most) {
            let message =
                format!("{wanted} passes are more than the limit `loop_passes` allows; use 1 to {most}");
            self.faults.error(format!("{}/data/maxIterations", step.pointer), "out_of_range", message);
        }
    }

    fn branches(self, step: &Step) {
        let (most, count) = (self.limits.parallel_branches, step.graphs.len());
        if count > most {
            let message = format!(
                "{count} branches are more than the {most} of the limit `parallel_branches`; use an `each` with \
                 `concurrency`, or several steps"
            );
            self.faults.error(format!("{}/data/branches", step.pointer), "too_many_branches", message);
        }
    }
}
