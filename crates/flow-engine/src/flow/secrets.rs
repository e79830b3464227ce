//! The secrets in a step's settings: which, and in which of its strings.
//!
//! Known when a flow is compiled, so a run asks for what its author wrote and for nothing else, whatever its data say.

use std::collections::BTreeSet;

use flow_expr::{Expression, JsonTemplate};
use flow_model::{Document, Faults, SecretName, pointer_token};
use serde_json::Value;

use crate::Registry;

/// The name that secrets are members of.
pub(super) const GROUP: &str = "secrets";

/// The secrets of a step that has any.
#[derive(Debug)]
pub(crate) struct StepSecrets {
    /// Each once.
    pub(crate) names: Vec<SecretName>,
    /// The JSON pointers of the strings that they are in. In the recorded input these are texts that
    /// [`flow_expr::fill`] completes.
    pub(crate) strings: BTreeSet<Box<str>>,
}

impl StepSecrets {
    /// None for settings without secrets.
    pub(super) fn of(data: &JsonTemplate) -> Option<Self> {
        let held = data.held();
        let names: BTreeSet<_> = held.iter().filter_map(|(_, part)| name_of(part)).collect();
        let strings = held.iter().map(|(pointer, _)| Box::from(*pointer)).collect();
        (!names.is_empty()).then(|| Self { names: names.into_iter().collect(), strings })
    }
}

/// The secrets that the settings of a document's steps have, each with the place of every string that it is in. Settings
/// that are no templates are reported elsewhere, and have none.
pub(crate) fn named(document: &Value, registry: &Registry) -> Vec<(String, SecretName)> {
    let document = Document::read(document, &Faults::new());
    let mut named = Vec::new();
    for step in document.all_steps() {
        let Some(fields) = registry.get(&step.kind).map(|kind| kind.secret_fields()) else { continue };
        for (field, value) in step.data.iter().filter(|(field, _)| fields.contains(&field.as_str())) {
            let template =
                JsonTemplate::parse_holding(value, &mut |_, expression| hold(expression, "", &Faults::new()));
            let Ok(template) = template else { continue };
            let held = template.held().into_iter();
            let secrets = held.filter_map(|(inside, part)| {
                Some((format!("{}/data/{}{inside}", step.pointer, pointer_token(field)), name_of(part)?))
            });
            named.extend(secrets);
        }
    }
    named
}

/// The part of a template as which a secret is held back.
fn part(name: &str) -> String {
    format!("{GROUP}.{name}")
}

/// The secret that is held back as that part.
pub(crate) fn name_of(part: &str) -> Option<SecretName> {
    part.strip_prefix(GROUP)?.strip_prefix('.')?.parse().ok()
}

/// The part as which an expression is held back, if it is a secret and nothing else. A name that no secret can have is a
/// fault at `pointer`.
pub(super) fn hold(expression: &Expression, pointer: &str, faults: &Faults) -> Option<Box<str>> {
    let name = written_name(expression.source())?;
    if let Err(invalid) = name.parse::<SecretName>() {
        faults.error(pointer, "invalid_name", invalid.to_string());
    }
    Some(part(name).into())
}

/// The name in `secrets.NAME` or `secrets['NAME']`; none in every other expression.
fn written_name(source: &str) -> Option<&str> {
    let member = source.trim().strip_prefix(GROUP)?;
    if let Some(name) = member.strip_prefix('.') {
        let is_plain =
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
        return is_plain.then_some(name);
    }
    let key = member.strip_prefix('[')?.strip_suffix(']')?.trim();
    let quoted = |quote| key.strip_prefix(quote)?.strip_suffix(quote);
    quoted('\'').or_else(|| quoted('"')).filter(|name| !name.contains(['\'', '"', '\\']))
}
