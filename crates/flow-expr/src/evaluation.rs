//! One evaluation: of an expression, or of all that a template holds.
//!
//! Its scripts are sent away together, in one go.

use std::{cell::RefCell, ops::Range, slice, sync::Arc, vec};

use serde_json::Value;

use crate::{
    ambient::Ambient,
    budget::Budget,
    error::{EvalError, Place},
    expression::Expression,
    nearest::nearest,
    parse::is_global,
    pick::{Picks, Unknown},
    scope::{Lookup, Scope},
    script::{
        ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind, ScriptOwner,
    },
    scripts::Known,
};

/// What an evaluation goes by.
pub(crate) struct Evaluation<'a> {
    pub(crate) scope: &'a dyn Scope,
    pub(crate) budget: Budget,
    /// The values of its scripts, in the order in which they are met.
    values: RefCell<vec::IntoIter<Arc<Value>>>,
    failure: Option<ScriptFailure>,
}

impl<'a> Evaluation<'a> {
    /// Begins the evaluation of one expression.
    pub(crate) fn of(
        scope: &'a dyn Scope,
        expression: &Expression,
        as_truth: bool,
    ) -> Result<Self, EvalError> {
        match expression.is_script() {
            true => Self::with_scripts(scope, slice::from_ref(&expression), as_truth),
            false => Ok(Self::native(scope)),
        }
    }

    /// Begins an evaluation that meets those scripts, all of them, in that order.
    pub(crate) fn with_scripts(
        scope: &'a dyn Scope,
        scripts: &[&Expression],
        as_truth: bool,
    ) -> Result<Self, EvalError> {
        let Some(first) = scripts.first() else { return Ok(Self::native(scope)) };
        let ambient = scope.ambient();
        let streams: Vec<u64> = scripts.iter().map(|_| ambient.map_or(0, Ambient::next_stream)).collect();
        let Known { values, failure } =
            known(scope, || of_expressions(scope, scripts, &streams, as_truth), first.place())?;
        Ok(Self { values: RefCell::new(values.into_iter()), failure, ..Self::native(scope) })
    }

    fn native(scope: &'a dyn Scope) -> Self {
        Self { scope, budget: Budget::new(), values: RefCell::default(), failure: None }
    }

    /// The value of the next script.
    pub(crate) fn script_value(&self, expression: &Expression) -> Result<Arc<Value>, EvalError> {
        let value = self.values.borrow_mut().next();
        value.ok_or_else(|| expression.script_failed(self.failure.clone()))
    }
}

/// The outcome of the next script.
///
/// # Errors
/// It isn't known yet, or there is nobody to ask.
pub(crate) fn known(
    scope: &dyn Scope,
    script: impl FnOnce() -> Result<Script, EvalError>,
    place: Place,
) -> Result<Known, EvalError> {
    let Some(scripts) = scope.scripts() else {
        let message = "this is evaluated by a script engine, and there is none here";
        return Err(EvalError::Script { failure: failure(ScriptFailureKind::Unavailable, message), place });
    };
    scripts.next(script)?.ok_or(EvalError::ScriptPending { place })
}

/// A script that has no value, in the part of a text that it is. What the engine says of the place counts from its start.
pub(crate) fn failed(of: Option<ScriptFailure>, text: &str, range: Range<usize>) -> EvalError {
    let of =
        of.unwrap_or_else(|| failure(ScriptFailureKind::Crashed, "the script engine gave too few values"));
    let source = &text[range.clone()];
    let offset = of.line.map_or(0, |line| {
        let lines = source.split_inclusive('\n').take(line.saturating_sub(1) as usize);
        let before: usize = lines.map(str::len).sum();
        let column = of.column.unwrap_or(1).saturating_sub(1) as usize;
        before + source[before..].chars().take(column).map(char::len_utf8).sum::<usize>()
    });
    EvalError::Script { failure: of, place: Place::new(text, range.start + offset) }
}

fn failure(kind: ScriptFailureKind, message: &str) -> ScriptFailure {
    ScriptFailure { kind, message: message.to_owned(), line: None, column: None }
}

/// A script that is given no names.
pub(crate) fn script(scope: &dyn Scope, code: ScriptCode, asks_for_links: bool) -> Script {
    let ambient = scope.ambient();
    let no_chance = || ChanceSource { seed: 0, place: String::new() };
    Script {
        code,
        owner: ScriptOwner::default(),
        names: Vec::new(),
        undefined: Vec::new(),
        now_ms: ambient.map_or(0, Ambient::now_ms),
        chance: ambient.map_or_else(no_chance, |ambient| ambient.chance().clone()),
        resume_urls: if asks_for_links { links(scope) } else { Vec::new() },
        time_limit_ms: None,
    }
}

/// The script that evaluates those expressions.
fn of_expressions(
    scope: &dyn Scope,
    expressions: &[&Expression],
    streams: &[u64],
    as_truth: bool,
) -> Result<Script, EvalError> {
    let mut picks = Picks::default();
    expressions.iter().filter_map(|expression| expression.picks()).for_each(|others| picks.merge(others));
    let (mut names, mut undefined) = (Vec::new(), Vec::new());
    for (name, pick) in picks.iter() {
        let unknown = |what: String, known: Vec<String>| EvalError::UnknownName {
            nearest: nearest(&what, known.iter().map(String::as_str)).map(str::to_owned),
            place: expressions
                .iter()
                .find_map(|expression| expression.place_of(name))
                .unwrap_or_else(|| Place::new("", 0)),
            name: what,
        };
        match scope.lookup(name) {
            Lookup::Undefined | Lookup::Unknown if is_global(name) => {}
            Lookup::Undefined => undefined.push(Arc::clone(name)),
            Lookup::Unknown => return Err(unknown(name.to_string(), scope.names())),
            found => match pick.of(found) {
                Ok(Some(value)) => names.push((Arc::clone(name), value)),
                Ok(None) => undefined.push(Arc::clone(name)),
                Err(Unknown { member, known }) => {
                    let known = known.into_iter().map(|known| format!("{name}.{known}")).collect();
                    return Err(unknown(format!("{name}.{member}"), known));
                }
            },
        }
    }
    let code = expressions.iter().zip(streams).map(|(expression, stream)| ScriptExpression {
        source: expression.source().into(),
        chance_index: *stream,
        as_truth,
    });
    let code = ScriptCode::Expressions(code.collect());
    Ok(Script { names, undefined, ..script(scope, code, picks.ask_for_links()) })
}

fn links(scope: &dyn Scope) -> Vec<(Arc<str>, String)> {
    scope.resumable().into_iter().filter_map(|step| scope.resume_url(&step).map(|url| (step, url))).collect()
}
