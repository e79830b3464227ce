//! From a document to a [`Flow`].

use std::collections::HashMap;
use std::sync::Arc;

use flow_model::{
    DefinitionHash, Document, Fault, Faults, Fields, Settings, Severity, Step as WrittenStep, excerpt,
    validate,
};
use serde_json::Value;

use super::trigger::check_doubles;
use super::uses::Uses;
use super::{
    Action, CompiledStep, CompiledTrigger, Concurrency, Flow, Names, RESERVED, StepSecrets, Templates,
    data_flow, limited,
};
use crate::catalogue::{self, EntryEffect};
use crate::control::{CONTROL_TYPES, Control};
use crate::engine::is_deeper;
use crate::{Entry, Limits, Registry};

/// Compiles what can be compiled, and adds a fault for everything that can't. Only a new document is held to limits.
pub(super) fn compile(
    hash: DefinitionHash,
    raw: &Value,
    registry: &Registry,
    limits: Option<&Limits>,
    faults: &Faults,
) -> Option<Flow> {
    if let Some(fault) = too_deep(raw) {
        faults.error(fault.pointer, fault.code, fault.message);
        return None;
    }
    let document = Document::read(raw, faults);
    validate(&document, faults);
    let is_sound = !faults.has_errors();
    if let Some(limits) = limits {
        limited::check(&document, limits, faults);
    }
    // A schema may become stricter, and strands no stored definition by it.
    let new = limits.map(|_| raw);
    let triggers: Vec<_> = document.steps.iter().filter(|step| step.is_trigger()).collect();
    check_doubles(&triggers, faults);
    let triggers: Vec<_> = triggers.into_iter().map(|step| trigger(step, new, faults)).collect();
    let names = Names::of(&document, &triggers);
    let templates = Templates::new(&names, faults, registry);
    let concurrency = document.settings.concurrency.as_ref();
    let concurrency = concurrency.map(|written| Concurrency::compile(written, &triggers, faults, registry));
    let all = document.all_steps();
    let uses = Uses::default();
    let written = all.iter().enumerate().filter(|(_, step)| !step.is_trigger());
    let steps: Vec<Option<CompiledStep>> = written
        .map(|(place, written)| step(written, new, registry, templates.of_step(&uses, place), faults))
        .collect();
    // A definition that was stored before names were followed is run as it was.
    if limits.is_some() && is_sound {
        data_flow::check(&document, &triggers, &names, &uses.into_rows(), faults);
    }
    let steps = steps.into_iter().collect::<Option<Vec<_>>>()?;
    let inner = all.iter().flat_map(|step| step.graphs.iter().map(|graph| (&step.id, graph)));
    let inner = inner.flat_map(|(container, graph)| {
        graph.steps.iter().map(|step| (step.id.clone(), (container.clone(), graph.name.clone())))
    });
    let graphs = inner.collect();
    let index = steps.iter().enumerate().map(|(index, step)| (step.id.clone(), index));
    let index: HashMap<_, _, _> = index.collect();
    let concurrency = concurrency.map_or(Some(None), |compiled| compiled.map(Some))?;
    let Settings { timeout, on_error, credit_limit, .. } = document.settings;
    let name = document.name.into();
    Some(Flow {
        hash,
        name,
        triggers,
        steps,
        index,
        graphs,
        names,
        timeout,
        on_error,
        credit_limit,
        concurrency,
    })
}

/// How deep the lists and objects of a document may be nested: as deep as a server can be told to read them.
const DEEPEST: usize = 512;

/// The fault of a document that is nested too deep to be looked at at all: everything that reads one is recursive.
pub(super) fn too_deep(document: &Value) -> Option<Fault> {
    is_deeper(document, DEEPEST).then(|| Fault {
        pointer: String::new(),
        code: "nested_too_deep",
        message: format!("the document is nested more than {DEEPEST} levels deep; flatten it"),
        severity: Severity::Error,
    })
}

fn trigger(step: &WrittenStep, new: Option<&Value>, faults: &Faults) -> CompiledTrigger {
    let data = Fields::new(&step.data, format!("{}/data", step.pointer), faults);
    let trigger = CompiledTrigger::compile(step, &data);
    against_schema(step, new, catalogue::trigger(&step.kind), &data);
    trigger
}

/// Checks the settings of a step of a new document against the schema of its type, once its own check is done.
fn against_schema(step: &WrittenStep, new: Option<&Value>, entry: Option<&Entry>, data: &Fields<'_>) {
    if let (Some(document), Some(entry)) = (new, entry) {
        let raw = document.pointer(&data.inside("")).filter(|raw| raw.is_object());
        entry.check(raw.unwrap_or(&Value::Object(step.data.clone())), data);
    }
}

fn step(
    step: &WrittenStep,
    new: Option<&Value>,
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
    let when = step
        .when
        .as_ref()
        .map(|text| templates.of_when().expression(text, &format!("{}/when", step.pointer)));
    let action = match registry.get(&step.kind) {
        Some(task) => {
            task.check(&data);
            let raw = Value::Object(step.data.clone());
            let template = templates.json_with_secrets(&raw, &data.inside(""), task.secret_fields());
            against_schema(step, new, registry.entry(&step.kind).map(|entry| &**entry), &data);
            template.map(|data| {
                let secrets = StepSecrets::of(&data).map(Arc::new);
                Action::Task { step: task, data, secrets }
            })
        }
        None if CONTROL_TYPES.contains(&step.kind.as_str()) => {
            without_effect(step, faults);
            let control = Control::compile(step, &data, templates);
            data.warn_of_unknown();
            against_schema(step, new, catalogue::control(&step.kind), &data);
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
        next: step.next.clone(),
        reject_next: step.reject_next.clone(),
        retry: step.retry.clone(),
        timeout: step.timeout,
        on_error: step.on_error.clone(),
        when: when.map_or(Some(None), |when| when.map(Some))?,
        disabled: step.disabled,
        pinned_output: step.pinned_output.clone().map(Arc::new),
        action: action?,
    })
}

/// Settings that this type of step makes no use of.
fn without_effect(step: &WrittenStep, faults: &Faults) {
    let at = |key: &str| format!("{}/{key}", step.pointer);
    let waits = catalogue::control(&step.kind).is_some_and(|entry| entry.effect == EntryEffect::Wait);
    if step.timeout.is_some() && waits {
        let message = "a step that waits isn't limited by `timeoutMs`; use `expiresInMs` in its data";
        faults.error(at("timeoutMs"), "setting_unsupported", message);
    }
    let given = [
        ("timeoutMs", step.timeout.is_some() && !waits && step.kind != "nodejs"),
        ("retry", step.retry.is_some() && step.kind != "run-flow"),
    ];
    for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let message =
            format!("`{key}` is for steps that touch the world, and has no effect on a `{}`", step.kind);
        faults.warning(at(key), "setting_without_effect", message);
    }
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
