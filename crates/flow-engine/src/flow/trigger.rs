//! Triggers: what starts a run, and what it must bring.

use flow_model::{Faults, Fields, InputSchema, OnError, Schema, Step as Written, StepId, VisitPath, Webhook};

/// The names that a message brings: those of `_trigger.data` that stand for themselves when an assistant's message
/// started the run.
pub(crate) const MESSAGE_NAMES: [&str; 5] =
    ["attachments", "conversationId", "messageId", "messages", "responseMessageId"];

/// The trigger that an assistant's message starts.
pub(crate) const MESSAGE_TRIGGER: &str = "peer.message";

/// A compiled trigger.
#[derive(Debug)]
pub(crate) struct CompiledTrigger {
    pub(crate) id: StepId,
    pub(crate) kind: String,
    pub(crate) inputs: InputSchema,
    /// Whose calls it takes, if it is a webhook.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) next: Option<VisitPath>,
}

impl CompiledTrigger {
    /// Reads the settings of a trigger, which are `data`.
    pub(crate) fn compile(step: &Written, data: &Fields<'_>) -> Self {
        let faults = data.faults();
        let mut webhook = None;
        let inputs = match step.kind.as_str() {
            "api" => InputSchema::read(data),
            "form" => {
                data.string("title");
                data.string("description");
                InputSchema::read_fields(data)
            }
            "peer.action" => {
                data.string("description");
                InputSchema::read_fields(data)
            }
            MESSAGE_TRIGGER => InputSchema::NOTHING,
            kind => match Webhook::id_of(kind) {
                Some(id) => {
                    if let Err(error) = id {
                        faults.error(format!("{}/type", step.pointer), "invalid_name", error.to_string());
                    }
                    webhook = Some(Webhook::read(data));
                    InputSchema::NOTHING
                }
                None => {
                    unsupported(step, faults);
                    InputSchema::read_fields(data)
                }
            },
        };
        if step.kind != "schedule" {
            data.warn_of_unknown();
        }
        without_effect(step, faults);
        let next = step.next.as_ref().map(VisitPath::top);
        Self { id: step.id.clone(), kind: step.kind.clone(), inputs, webhook, next }
    }

    /// What the body of a call must be.
    pub(crate) fn body(&self) -> Option<&Schema> {
        self.webhook.as_ref()?.schema.as_ref()
    }
}

fn unsupported(step: &Written, faults: &Faults) {
    let message =
        format!("triggers of type `{}` can't be carried out by this version of the server", step.kind);
    faults.error(format!("{}/type", step.pointer), "trigger_unsupported", message);
}

/// A trigger is over when the run begins: it can't be passed over, tried again or fail.
fn without_effect(step: &Written, faults: &Faults) {
    let given = [
        ("retry", step.retry.is_some()),
        ("timeoutMs", step.timeout.is_some()),
        ("onError", step.on_error != OnError::Fail),
        ("when", step.when.is_some()),
        ("disabled", step.disabled),
    ];
    for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let message = format!("a trigger can't have `{key}`; set it on the steps that follow");
        faults.error(format!("{}/{key}", step.pointer), "setting_unsupported", message);
    }
}

/// A run is started by a type, so of two webhooks with one id the second would never be.
pub(super) fn check_doubles(triggers: &[&Written], faults: &Faults) {
    for (index, step) in triggers.iter().enumerate() {
        let is_double = triggers[..index].iter().any(|other| other.kind == step.kind);
        if is_double && Webhook::id_of(&step.kind).is_some() {
            let message = format!("there is a trigger `{}` already; give this one another id", step.kind);
            faults.error(format!("{}/type", step.pointer), "trigger_duplicate", message);
        }
    }
}
