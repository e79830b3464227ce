//! Evaluation errors, with the text that is at fault and what to write instead.

use super::Evaluator;
use crate::{
    ast::Span,
    budget::OUTPUT_LIMIT,
    builtin::{Function, Method},
    error::{EvalError, Place, snippet},
    functions::FunctionError,
    nearest,
    scope::Object,
    value::{Fault, Key, Val, View},
};

impl Evaluator<'_> {
    fn place(&self, span: Span) -> Place {
        Place::new(self.text, span.start as usize)
    }

    fn type_error(&self, message: String, span: Span) -> EvalError {
        EvalError::Type { message, place: self.place(span) }
    }

    pub(crate) fn failure(&self, fault: Fault, span: Span) -> EvalError {
        let snippet = snippet(self.text, span);
        match fault {
            Fault::NoPrimitive => self.type_error(
                format!(
                    "cannot use an object of `{snippet}` as text or number, because its own member `toString` \
                     is no function; use one of its members"
                ),
                span,
            ),
            Fault::Type(message) => self.type_error(format!("`{snippet}`: {message}"), span),
            Fault::Function(FunctionError { code, message }) => {
                EvalError::Function { code, message: format!("`{snippet}`: {message}"), place: self.place(span) }
            }
            Fault::TooLarge => {
                EvalError::OutputTooLarge { snippet, limit: OUTPUT_LIMIT, place: self.place(span) }
            }
        }
    }

    pub(super) fn unknown_name(&self, name: &str, span: Span) -> EvalError {
        EvalError::UnknownName {
            name: name.to_owned(),
            nearest: suggest(name, &self.scope.names()),
            place: self.place(span),
        }
    }

    pub(super) fn unknown_member(&self, owner: Option<&dyn Object>, path: Span, key: Key<'_>) -> EvalError {
        let (path_text, key) = (snippet(self.text, path), key.into_name());
        let known = owner.map_or_else(Vec::new, Object::names);
        EvalError::UnknownName {
            nearest: suggest(&key, &known).map(|name| format!("{path_text}.{name}")),
            name: format!("{path_text}.{key}"),
            place: self.place(path),
        }
    }

    pub(super) fn no_members(&self, value: &Val<'_>, owner: Span, access: Span, key: Key<'_>) -> EvalError {
        let what = if matches!(value, Val::Undefined) { "undefined" } else { "null" };
        let (owner, key) = (snippet(self.text, owner), key.into_name());
        let key: String = key.chars().take(60).collect();
        self.type_error(
            format!(
                "cannot read `{key}` of {what} (`{owner}` is {what}); write `?.` after `{owner}` to get undefined instead"
            ),
            access,
        )
    }

    pub(super) fn no_method(&self, value: &Val<'_>, method: &Method, owner: Span, span: Span) -> EvalError {
        let (owner, name) = (snippet(self.text, owner), method.name);
        let what = match value.view() {
            View::Undefined | View::Null => "nothing",
            View::Bool(_) => "a truth value",
            View::Number(_) => "a number",
            View::Text(_) => "a text",
            View::Values(_) | View::Items(_) => "an array",
            View::Map(_) | View::Fields(_) | View::Demand => "an object",
        };
        let types = method.types();
        self.type_error(
            format!("`{owner}.{name}` is not a function, because `{owner}` is {what}; `{name}` is a method of {types}"),
            span,
        )
    }

    pub(super) fn hidden_function(&self, function: &Function, span: Span) -> EvalError {
        let (name, root) = (function.name, function.root());
        self.type_error(
            format!("`{name}` is not a function, because a value of the flow is named `{root}`; give the value another name"),
            span,
        )
    }

    pub(super) fn not_iterable(&self, span: Span) -> EvalError {
        let snippet = snippet(self.text, span);
        self.type_error(
            format!("cannot spread `{snippet}` into an array, because it is neither an array nor a text; write `...({snippet} ?? [])` if it may be missing"),
            span,
        )
    }
}

fn suggest(name: &str, known: &[String]) -> Option<String> {
    nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}
