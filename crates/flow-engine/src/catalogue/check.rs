//! Settings checked against the schema of their type, after the type's own check.
//!
//! Both may find the same mistake, and the type's words are better: what it has found fault with, above or below, is
//! left to it.

use flow_model::{Fields, excerpt};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::schema::TEMPLATE;
use super::{Entry, words};

/// How many mistakes are told of in one step: a list of a hundred thousand wrong rows is one mistake.
const MOST: usize = 50;

impl Entry {
    /// Adds a fault for each setting that the schema refuses, and a warning for each that neither the schema nor the
    /// type's own check knows. `raw` is what `data` reads.
    pub(crate) fn check(&self, raw: &Value, data: &Fields<'_>) {
        if !self.validator.is_valid(raw) {
            for error in self.validator.iter_errors(raw).take(MOST) {
                Checked { entry: self, data }.report(&error);
            }
        }
        let mut names = self.properties().map(|(name, _)| name.as_str()).peekable();
        if names.peek().is_some() && self.about.data_schema.get("additionalProperties").is_none() {
            data.warn_of_unknown_but(&names.collect::<Vec<_>>());
        }
    }
}

struct Checked<'a> {
    entry: &'a Entry,
    data: &'a Fields<'a>,
}

impl Checked<'_> {
    fn report(&self, error: &ValidationError<'_>) {
        // A value that fits one of several forms but for a detail is told of the detail.
        if let Kind::AnyOf { context } | Kind::OneOfNotValid { context } = error.kind()
            && let Some(nearest) = nearest(error, context)
        {
            nearest.iter().take(MOST).for_each(|error| self.report(error));
            return;
        }
        let mut inside = error.instance_path().to_string();
        if let Kind::Required { property } = error.kind() {
            inside = format!("{inside}/{}", flow_model::pointer_token(&words::plain(property)));
        }
        if self.is_told(&inside) {
            return;
        }
        let (code, message) = self.said(error);
        self.data.faults().error(self.data.inside(&inside), code, message);
    }

    /// Whether somebody found fault with the value, with what is in it, or with a setting that it is in.
    fn is_told(&self, inside: &str) -> bool {
        let faults = self.data.faults();
        if faults.is_any_in(&self.data.inside(inside)) {
            return true;
        }
        let ends = inside.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
        ends.into_iter().any(|end| faults.is_any_at(&self.data.inside(&inside[..end])))
    }

    /// The schema that has the keyword which refused.
    fn schema(&self, error: &ValidationError<'_>) -> &Value {
        let path = error.schema_path().to_string();
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        self.entry.about.data_schema.pointer(parent).unwrap_or(&Value::Null)
    }

    fn said(&self, error: &ValidationError<'_>) -> (&'static str, String) {
        let found = error.instance();
        let schema = || words::of(self.schema(error));
        match error.kind() {
            Kind::Required { property } => {
                ("required", format!("`{}` is missing; add it", excerpt(&words::plain(property))))
            }
            Kind::Type { .. } | Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
                ("wrong_type", format!("this must be {}, and it is {}", schema(), noun(found)))
            }
            Kind::Enum { .. } | Kind::Constant { .. } => {
                ("value_unknown", format!("{} can't be used here; use {}", shown(found), schema()))
            }
            Kind::Minimum { .. } | Kind::Maximum { .. } => {
                ("out_of_range", format!("{} can't be used here; use {}", shown(found), schema()))
            }
            Kind::ExclusiveMinimum { limit } => {
                ("out_of_range", format!("{} can't be used here; use more than {limit}", shown(found)))
            }
            Kind::ExclusiveMaximum { limit } => {
                ("out_of_range", format!("{} can't be used here; use less than {limit}", shown(found)))
            }
            Kind::MultipleOf { multiple_of } => {
                ("out_of_range", format!("{} is no multiple of {multiple_of}; use one", shown(found)))
            }
            Kind::MinLength { limit: 1 } | Kind::MinItems { limit: 1 } | Kind::MinProperties { limit: 1 } => {
                ("required", "this is empty; add something".to_owned())
            }
            Kind::MinLength { limit } => ("out_of_range", format!("use {limit} characters or more")),
            Kind::MaxLength { limit } => ("too_long", format!("use {limit} characters at the most")),
            Kind::MinItems { limit } | Kind::MinProperties { limit } => {
                ("out_of_range", format!("there must be {limit} or more of them"))
            }
            Kind::MaxItems { limit } | Kind::MaxProperties { limit } => {
                ("out_of_range", format!("there may be {limit} of them at the most"))
            }
            Kind::Pattern { pattern } => {
                ("value_unknown", format!("{} doesn't match the pattern `{pattern}`", shown(found)))
            }
            Kind::Format { format } => {
                ("value_unknown", format!("{} is no {format}; write it in that format", shown(found)))
            }
            _ => ("settings_invalid", error.masked_with("this").to_string()),
        }
    }
}

/// The mistakes in the first form whose type the value has; none when it has none of them.
fn nearest<'e>(
    error: &ValidationError<'_>,
    forms: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e [ValidationError<'static>]> {
    let here = error.instance_path();
    forms.iter().map(Vec::as_slice).find(|mistakes| {
        mistakes.iter().all(|mistake| match mistake.kind() {
            Kind::Type { .. } => mistake.instance_path() != here,
            Kind::Pattern { pattern } => pattern != TEMPLATE,
            _ => true,
        })
    })
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn shown(value: &Value) -> String {
    format!("`{}`", excerpt(&words::plain(value)))
}
