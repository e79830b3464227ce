//! Checks of the graphs as a whole: what no single step can know.
//!
//! A step's own settings and expressions are checked by whoever carries the step out.

mod graph;
mod nested;

use std::collections::HashMap;

use crate::{Document, Faults, Step, StepId};

/// Adds a fault for everything in the graph that would keep a flow from running: duplicate and dangling
/// ids, steps that can't be reached, cycles, a missing trigger or final, clashing variables.
pub fn validate(document: &Document, faults: &Faults) {
    name(document, faults);
    unique_ids(document, faults);
    unique_variables(document, faults);
    ends(document, faults);
    graph::check(document, faults);
    nested::check(document, faults);
}

fn name(document: &Document, faults: &Faults) {
    if document.name.trim().is_empty() {
        faults.error("/name", "required", "the flow has no name; give it one");
    }
}

fn unique_ids(document: &Document, faults: &Faults) {
    let mut seen = HashMap::<&StepId, &Step>::new();
    for step in document.all_steps() {
        if let Some(first) = seen.insert(&step.id, step) {
            faults.error(
                format!("{}/id", step.pointer),
                "step_duplicate",
                format!("the id `{}` is taken by the step at {}; choose another", step.id, first.pointer),
            );
        }
    }
}

/// Two ids may differ and still name one variable, since `-` becomes `_`. A name that an author chose
/// for two steps on purpose (two branches that set one variable) is no fault.
fn unique_variables(document: &Document, faults: &Faults) {
    let mut seen = HashMap::<_, &Step>::new();
    for step in document.all_steps().into_iter().filter(|step| !step.is_trigger()) {
        let Some(variable) = step.variable() else {
            faults.error(
                format!("{}/id", step.pointer),
                "variable_invalid",
                format!("no expression can name `{}`; give the step an `output`", step.id),
            );
            continue;
        };
        if step.output.is_some() {
            continue;
        }
        if let Some(first) = seen.insert(variable.clone(), step).filter(|first| first.id != step.id) {
            faults.error(
                format!("{}/id", step.pointer),
                "variable_duplicate",
                format!(
                    "the outputs of `{}` and `{}` would both be the variable `{variable}`; give one an `output`",
                    first.id, step.id
                ),
            );
        }
    }
}

fn ends(document: &Document, faults: &Faults) {
    let steps = "/definition/steps";
    if !document.steps.iter().any(Step::is_trigger) {
        faults.error(
            steps,
            "no_trigger",
            "the flow has no trigger, so nothing can start it; add a step of type `api`",
        );
    }
    if !document.steps.iter().any(|step| step.kind == "final") {
        faults.error(steps, "no_final", "the flow has no `final` step, so it returns nothing; add one");
    }
}
