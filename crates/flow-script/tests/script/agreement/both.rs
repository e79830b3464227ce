//! One case, evaluated by both.

use std::{fmt, sync::Arc};

use flow_expr::{EvalError, Expression, Template};
use flow_script::Limits;
use serde_json::{Value, json};

use super::{
    choices::Choices,
    names::Names,
    source::Source,
    value::{NAMES, variables},
};
use crate::support::{expressions, with};

/// Texts that are longer than so many bytes are not compared: they tell no more.
const LONG: usize = 64 << 10;

/// An expression and the values of its variables.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) source: Source,
    variables: Value,
}

impl Case {
    /// A case of what is made of some numbers, on values that are made of others.
    pub(super) fn of(source: fn(&mut Choices<'_>) -> Source, for_source: &[u16], for_values: &[u16]) -> Self {
        let source = source(&mut Choices::of(for_source));
        Self { source, variables: variables(&mut Choices::of(for_values)) }
    }

    /// What the native evaluator makes of it; none when it is a script, or its texts are larger than allowed.
    pub(super) fn natively(&self) -> Option<Outcome> {
        let expression =
            Expression::parse(&self.source.native).unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let has = |name| self.source.native.contains(name);
        // Digits that only the native evaluator keeps are looked at as a text here, so that anything may come of it.
        let tells_digits = has("big") && (has("str(") || has("JSON.stringify("));
        if expression.is_script() || tells_digits {
            return None;
        }
        let scope = Names::of(&self.variables);
        let template =
            Template::parse(&format!("{{{{ {}\n}}}}", self.source.native)).expect("it could be parsed");
        let found = expression.evaluate(&scope).and_then(|value| {
            let text = template.render_text(&scope)?;
            Ok(Outcome::Value {
                value: Arc::unwrap_or_clone(value),
                truth: expression.is_truthy(&scope)?,
                text,
            })
        });
        match found {
            Ok(Outcome::Value { text, .. }) if text.len() > LONG => None,
            Ok(value) => Some(value),
            Err(EvalError::OutputTooLarge { .. }) => None,
            Err(error) => Some(Outcome::Error(error.code().to_owned())),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.source.native)?;
        NAMES
            .iter()
            .filter(|name| self.source.native.contains(**name))
            .try_for_each(|name| writeln!(f, "  {name} = {}", self.variables[name]))
    }
}

/// What an expression comes to.
#[derive(Debug)]
pub(super) enum Outcome {
    Value { value: Value, truth: bool, text: String },
    Error(String),
}

/// What QuickJS makes of each case, in one context.
pub(super) fn in_quickjs<'c>(cases: impl Iterator<Item = &'c Case> + Clone) -> Vec<Outcome> {
    let functions: String = cases
        .clone()
        .map(|case| format!("({{ {} }}) => (\n{}\n),", NAMES.join(", "), case.source.script))
        .collect();
    let source = format!("{}((members, own, isIn) => [{functions}])", include_str!("harness.js"));
    let values = cases.map(|case| case.variables.clone()).collect();
    let mut script = with(expressions(&[&source]), "variables", values);
    script.undefined.push("missing".into());
    let limits = Limits { time_ms: 20_000, memory_bytes: 1 << 30, ..Limits::default() };
    let mut outcome = flow_script::evaluate(&script, &limits);
    assert_eq!(outcome.failure, None, "{source}");
    let Some(Value::Array(found)) = outcome.values.pop() else { panic!("an array is made") };
    found.into_iter().map(outcome_of).collect()
}

fn outcome_of(mut found: Value) -> Outcome {
    match &found["error"] {
        Value::String(name) => Outcome::Error(name.clone()),
        _ => Outcome::Value {
            truth: found["truth"] == json!(true),
            text: found["text"].as_str().unwrap_or_default().to_owned(),
            value: found["value"].take(),
        },
    }
}
