//! What can't stand inside of a loop or a branch.

use std::collections::HashMap;

use crate::{Document, Faults, Step, VariableName, loop_names};

pub(super) fn check(document: &Document, faults: &Faults) {
    let all = document.all_steps();
    for step in all.iter().flat_map(|step| &step.graphs).flat_map(|graph| &graph.steps) {
        let what = match step.kind.as_str() {
            "final" => "ends a run, and can't stand inside of a loop or a branch; put it behind",
            _ if step.is_trigger() => "starts a run, and can't stand inside of a loop or a branch",
            _ => continue,
        };
        let pointer = format!("{}/type", step.pointer);
        faults.error(pointer, "step_misplaced", format!("a `{}` {what}", step.kind));
    }
    loop_names_set(&document.steps, &[], faults);
    let mut everywhere = counts(&all);
    for name in all.iter().flat_map(|step| inputs(step)) {
        *everywhere.entry(name).or_default() += 1;
    }
    for step in all.iter().filter(|step| step.isolates()) {
        let inside = steps_inside(step);
        let here = counts(&inside);
        for (name, pointer) in inside.iter().flat_map(|step| set_variables(step)) {
            if everywhere.get(&name) != here.get(&name) {
                let message = format!(
                    "`{name}` stands for something outside too, and what is set here is seen here alone, since others run \
                     at the same time; choose another name, or use the result of `{}`",
                    step.id
                );
                faults.error(pointer, "variable_outer", message);
            }
        }
    }
}

/// The steps inside of a loop can't set the names that stand for its item or pass: nobody would see what they set.
fn loop_names_set(steps: &[Step], taken: &[&'static str], faults: &Faults) {
    for step in steps {
        if !taken.is_empty() {
            for (name, pointer) in sets(step).into_iter().filter(|(name, _)| taken.contains(&name.as_str())) {
                let message =
                    format!("`{name}` stands for the loop's own value inside of it; choose another name");
                faults.error(pointer, "name_reserved", message);
            }
        }
        let mut inside = taken.to_vec();
        inside.extend(loop_names(&step.kind).iter().filter(|name| !taken.contains(*name)));
        step.graphs.iter().for_each(|graph| loop_names_set(&graph.steps, &inside, faults));
    }
}

/// The inputs that a trigger declares.
fn inputs(step: &Step) -> Vec<String> {
    let fields = step.data.get("fields").filter(|_| step.is_trigger()).and_then(serde_json::Value::as_array);
    let names = fields.into_iter().flatten().filter_map(|field| field.get("name")?.as_str());
    let schema = step.data.get("schema").filter(|_| step.kind == "api");
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    let properties = properties.into_iter().flat_map(serde_json::Map::keys);
    names.map(str::to_owned).chain(properties.cloned()).collect()
}

/// How many steps set a variable, by its name.
fn counts(steps: &[&Step]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for (name, _) in steps.iter().flat_map(|step| sets(step)) {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Every step inside of a step, at any depth.
fn steps_inside(step: &Step) -> Vec<&Step> {
    let mut pending = vec![step];
    let mut inside = Vec::new();
    while let Some(step) = pending.pop() {
        let inner = step.graphs.iter().flat_map(|graph| &graph.steps);
        let before = inside.len();
        inside.extend(inner);
        pending.extend_from_slice(&inside[before..]);
    }
    inside
}

/// The variables that a step sets, and where.
fn sets(step: &Step) -> Vec<(String, String)> {
    let output = step.variable().filter(|_| !step.is_trigger());
    let key = if step.output.is_some() { "output" } else { "id" };
    let output = output.map(|name: VariableName| (name.to_string(), format!("{}/{key}", step.pointer)));
    output.into_iter().chain(set_variables(step)).collect()
}

/// The variables that a `set-variables` names, and where.
fn set_variables(step: &Step) -> Vec<(String, String)> {
    let at = |index| format!("{}/data/variables/{index}/name", step.pointer);
    step.set_variables().map(|(index, name)| (name.to_owned(), at(index))).collect()
}
