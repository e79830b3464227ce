//! From a document to a [`Flow`].

use std::collections::HashMap;
use std::sync::Arc;

use flow_model::{
    DefinitionHash, Document, Faults, Fields, InputSchema, Step as WrittenStep, VisitPath, excerpt, validate,
};
use serde_json::Value;

use super::{Action, CompiledStep, CompiledTrigger, Flow, Names, RESERVED, Templates};
use crate::Registry;
use crate::control::{CONTROL_TYPES, Control};

/// Compiles what can be compiled, and adds a fault for everything that can't.
pub(super) fn compile(
    hash: DefinitionHash,
    raw: &Value,
    registry: &Registry,
    faults: &Faults,
) -> Option<Flow> {
    let document = Document::read(raw, faults);
    validate(&document, faults);
    let triggers: Vec<_> =
        document.steps.iter().filter(|step| step.is_trigger()).map(|step| trigger(step, faults)).collect();
    let inputs: Vec<_> = triggers.iter().map(|trigger| &trigger.inputs).collect();
    let names = Names::of(&document, &inputs);
    let templates = Templates::new(&names, faults);
    let written = document.steps.iter().filter(|step| !step.is_trigger());
    let steps: Vec<Option<CompiledStep>> =
        written.map(|written| step(written, registry, templates, faults)).collect();
    let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
    let index = steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index));
    let index: HashMap<_, _, _> = index.collect();
    Some(Flow { hash, name: document.name.into(), triggers, steps, index, names })
}

fn trigger(step: &WrittenStep, faults: &Faults) -> CompiledTrigger {
    let data = Fields::new(&step.data, format!("{}/data", step.pointer), faults);
    let inputs = InputSchema::read(&data);
    if step.kind == "api" {
        data.warn_of_unknown();
    } else {
        faults.error(
            format!("{}/type", step.pointer),
            "trigger_unsupported",
            format!(
                "triggers of type `{}` can't be carried out by this version of the server; use `api`",
                excerpt(&step.kind)
            ),
        );
    }
    let next = step.next.as_ref().map(VisitPath::top);
    CompiledTrigger { id: step.id.clone(), kind: step.kind.clone(), inputs, next }
}

fn step(
    step: &WrittenStep,
    registry: &Registry,
    templates: Templates<'_>,
    faults: &Faults,
) -> Option<CompiledStep> {
    let data = Fields::new(&step.data, format!("{}/data", step.pointer), faults);
    if let Some(name) = step.output.as_ref().filter(|name| RESERVED.contains(&name.as_str())) {
        faults.error(
            format!("{}/output", step.pointer),
            "name_reserved",
            format!("`{name}` has a meaning of its own in every flow; choose another name"),
        );
    }
    if step.kind != "user-approval" && step.reject_next.is_some() {
        faults.warning(
            format!("{}/rejectNextStepId", step.pointer),
            "setting_without_effect",
            "only a `user-approval` can be rejected; this has no effect here",
        );
    }
    let action = match registry.get(&step.kind) {
        Some(task) => {
            task.check(&data);
            let raw = Value::Object(step.data.clone());
            let data = templates.json(&raw, &format!("{}/data", step.pointer));
            data.map(|data| Action::Task { step: task, data })
        }
        None if CONTROL_TYPES.contains(&step.kind.as_str()) => {
            let control = Control::compile(&step.kind, &data, templates);
            data.warn_of_unknown();
            control.map(Action::Control)
        }
        None => {
            unknown_type(step, registry, faults);
            None
        }
    };
    Some(CompiledStep {
        id: step.id.clone(),
        kind: step.kind.as_str().into(),
        title: step.title().into(),
        variable: step.variable()?,
        next: step.next.as_ref().map(VisitPath::top),
        reject_next: step.reject_next.as_ref().map(VisitPath::top),
        action: action?,
    })
}

fn unknown_type(step: &WrittenStep, registry: &Registry, faults: &Faults) {
    let known: Vec<Arc<str>> = CONTROL_TYPES.iter().copied().map(Arc::from).chain(registry.kinds()).collect();
    let nearest = flow_expr::nearest(&step.kind, known.iter().map(|kind| &**kind));
    let hint = nearest.map_or_else(
        || format!("use one of {}", known.join(", ")),
        |nearest| format!("did you mean `{nearest}`?"),
    );
    faults.error(
        format!("{}/type", step.pointer),
        "step_type_unknown",
        format!("there is no type of step `{}`; {hint}", excerpt(&step.kind)),
    );
}
