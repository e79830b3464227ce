//! Parses the templates and expressions in a step's settings, and reports what is wrong with them.

use flow_expr::{
    Code, EvalError, Expression, FreeName, JsonTemplate, SyntaxError, SyntaxErrorKind, Template,
};
use flow_model::{Faults, Fields, RunError, excerpt};
use serde_json::Value;

use super::Names;

/// How many faults a document may have before unknown names get no suggestion any more.
const MOST_HINTS: usize = 50;

/// A parser of settings, which adds its faults to those of the document.
#[derive(Clone, Copy)]
pub(crate) struct Templates<'a> {
    names: &'a Names,
    faults: &'a Faults,
    /// What is said of a name that isn't known and like no other.
    otherwise: &'static str,
}

impl<'a> Templates<'a> {
    pub(crate) fn new(names: &'a Names, faults: &'a Faults) -> Self {
        Self { names, faults, otherwise: "declare it as a field of the trigger, or set it in a step before" }
    }

    /// A parser of what is evaluated before the first step.
    pub(crate) fn at_the_start(names: &'a Names, faults: &'a Faults) -> Self {
        let otherwise = "this is evaluated before the first step: use the trigger's fields, `inputs`, `_trigger`, \
             `currentUser`, `currentDate` or `flow`";
        Self { names, faults, otherwise }
    }

    /// A bare expression that must be there.
    pub(crate) fn required_expression(&self, fields: &Fields<'_>, key: &'static str) -> Option<Expression> {
        self.expression(fields.required_string(key)?, &fields.at(key))
    }

    /// A bare expression.
    pub(crate) fn expression(&self, text: &str, pointer: &str) -> Option<Expression> {
        match Expression::parse(text) {
            Ok(expression) => {
                expression.free_names().iter().for_each(|name| self.check_name(pointer, name));
                Some(expression)
            }
            Err(error) => self.report(pointer, &error),
        }
    }

    /// A text with `{{ }}` parts that must be there.
    pub(crate) fn required_text(&self, fields: &Fields<'_>, key: &'static str) -> Option<Template> {
        self.parse_text(fields.required_string(key)?, &fields.at(key))
    }

    /// A text with `{{ }}` parts.
    pub(crate) fn text(&self, fields: &Fields<'_>, key: &'static str) -> Option<Template> {
        self.parse_text(fields.string(key)?, &fields.at(key))
    }

    fn parse_text(&self, text: &str, pointer: &str) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => {
                template.free_names().for_each(|name| self.check_name(pointer, name));
                Some(template)
            }
            Err(error) => self.report(pointer, &error),
        }
    }

    /// Any JSON whose strings may have `{{ }}` parts.
    pub(crate) fn json(&self, value: &Value, pointer: &str) -> Option<JsonTemplate> {
        match JsonTemplate::parse(value) {
            Ok(template) => {
                for (inside, name) in template.free_names() {
                    self.check_name(&format!("{pointer}{inside}"), name);
                }
                Some(template)
            }
            Err(faults) => {
                for fault in faults {
                    self.report::<()>(&format!("{pointer}{}", fault.pointer), &fault.error);
                }
                None
            }
        }
    }

    /// The body of a function, which is given those names.
    pub(crate) fn code(&self, text: &str, pointer: &str, given: &[&str]) -> Option<Code> {
        match Code::parse(text) {
            Ok(code) => {
                for name in code.free_names().iter().filter(|name| !given.contains(&&*name.name)) {
                    let place = code.place(name);
                    let message = format!(
                        "nothing here is named `{}` ({place}); the code knows `{}`, JavaScript's own names and \
                         the functions of expressions, and has neither network nor files",
                        excerpt(&name.name),
                        given.join("`, `")
                    );
                    self.faults.error(pointer, "unknown_name", message);
                }
                Some(code)
            }
            Err(error) => self.report(pointer, &error),
        }
    }

    fn check_name(&self, pointer: &str, free: &FreeName) {
        let name = &*free.name;
        if name == "secrets" {
            let message = "secrets can't be used by this version of the server; remove `secrets` here";
            self.faults.error(pointer, "secrets_unsupported", message);
        } else if !self.names.knows(name) {
            // Comparing every name with every other one would make a hostile document expensive.
            let wants_hint = self.faults.count() < MOST_HINTS;
            let nearest = wants_hint.then(|| flow_expr::nearest(name, self.names.all())).flatten();
            let hint = nearest
                .map_or_else(|| self.otherwise.to_owned(), |nearest| format!("did you mean `{nearest}`?"));
            let message = format!("nothing here is named `{}`; {hint}", excerpt(name));
            self.faults.error(pointer, "unknown_name", message);
        }
    }

    fn report<T>(&self, pointer: &str, error: &SyntaxError) -> Option<T> {
        let code = match error.kind {
            SyntaxErrorKind::Syntax => "expression_syntax",
            SyntaxErrorKind::Unsupported => "expression_unsupported",
            SyntaxErrorKind::TooLong | SyntaxErrorKind::TooDeep => "expression_too_large",
        };
        self.faults.error(pointer, code, error.to_string());
        None
    }
}

/// The failure of a step whose settings could not be evaluated.
pub(crate) fn failed(error: &EvalError) -> RunError {
    RunError::new(error.code(), error.to_string())
}
