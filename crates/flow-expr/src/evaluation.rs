//! One evaluation: of an expression, or of all that a template holds.
//!
//! Its scripts are sent away together, in one go.

use std::cell::RefCell;
use std::{slice, sync::Arc, vec};

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
    script::{ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind},
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
        let Some(known) = scope.scripts() else {
            let message = "this is evaluated by a script engine, and there is none here";
            return Err(first.script_failed(failure(ScriptFailureKind::Unavailable, message)));
        };
        let ambient = scope.ambient();
        let indices = scripts.iter().map(|_| ambient.map_or(0, Ambient::next_stream));
        let indices: Vec<u64> = indices.collect();
        match known.next(|| script(scope, scripts, &indices, as_truth))? {
            None => Err(EvalError::ScriptPending { place: first.place() }),
            Some(Known { values, failure }) => {
                Ok(Self { values: RefCell::new(values.into_iter()), failure, ..Self::native(scope) })
            }
        }
    }

    fn native(scope: &'a dyn Scope) -> Self {
        Self { scope, budget: Budget::new(), values: RefCell::default(), failure: None }
    }

    /// The value of the next script.
    pub(crate) fn script_value(&self, expression: &Expression) -> Result<Arc<Value>, EvalError> {
        self.values.borrow_mut().next().ok_or_else(|| {
            let missing = || failure(ScriptFailureKind::Crashed, "the script engine gave too few values");
            expression.script_failed(self.failure.clone().unwrap_or_else(missing))
        })
    }
}

fn failure(kind: ScriptFailureKind, message: &str) -> ScriptFailure {
    ScriptFailure { kind, message: message.to_owned(), line: None, column: None }
}

/// The script that evaluates those expressions.
fn script(
    scope: &dyn Scope,
    expressions: &[&Expression],
    indices: &[u64],
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
    let code = expressions.iter().zip(indices).map(|(expression, index)| ScriptExpression {
        source: expression.source().into(),
        chance_index: *index,
        as_truth,
    });
    let ambient = scope.ambient();
    let asks_for_links = picks.iter().any(|(name, _)| &**name == "resumeUrl");
    Ok(Script {
        code: ScriptCode::Expressions(code.collect()),
        names,
        undefined,
        now_ms: ambient.map_or(0, Ambient::now_ms),
        chance: ambient.map_or_else(
            || ChanceSource { seed: 0, place: String::new() },
            |ambient| ambient.chance().clone(),
        ),
        resume_urls: if asks_for_links { links(scope) } else { Vec::new() },
        time_limit_ms: None,
    })
}

fn links(scope: &dyn Scope) -> Vec<(Arc<str>, String)> {
    scope.resumable().into_iter().filter_map(|step| scope.resume_url(&step).map(|url| (step, url))).collect()
}
