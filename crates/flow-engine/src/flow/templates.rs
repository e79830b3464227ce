//! Parses the templates and expressions in a step's settings, and reports what is wrong with them.

use flow_expr::{
    Code, EvalError, Expression, FreeName, JsonTemplate, SyntaxError, SyntaxErrorKind, Template,
};
use flow_model::{Faults, Fields, RunError, VariableName, excerpt};
use serde_json::Value;

use super::uses::{Noting, Uses};
use super::{Names, secrets};
use crate::Registry;

/// How many faults a document may have before names get no suggestion and no explanation any more.
pub(super) const MOST_HINTS: usize = 50;

/// The fault of a secret where none may stand.
const NOT_ALLOWED: &str = "secret_not_allowed";

/// A parser of settings, which adds its faults to those of the document.
#[derive(Clone, Copy)]
pub(crate) struct Templates<'a> {
    names: &'a Names,
    faults: &'a Faults,
    registry: &'a Registry,
    /// What is said of a name that isn't known and like no other.
    otherwise: &'static str,
    /// Where uses of names are noted; nowhere for what is no step's.
    noting: Option<Noting<'a>>,
}

impl<'a> Templates<'a> {
    pub(crate) fn new(names: &'a Names, faults: &'a Faults, registry: &'a Registry) -> Self {
        let otherwise = "declare it as a field of the trigger, or set it in a step before";
        Self { names, faults, registry, otherwise, noting: None }
    }

    /// A parser of what is evaluated before the first step.
    pub(crate) fn at_the_start(names: &'a Names, faults: &'a Faults, registry: &'a Registry) -> Self {
        let otherwise = "this is evaluated before the first step: use the trigger's fields, `inputs`, `_trigger`, \
             `currentUser`, `currentDate` or `flow`";
        Self { names, faults, registry, otherwise, noting: None }
    }

    /// The parser of a step's settings: that of the step at that place among all.
    pub(super) fn of_step(self, uses: &'a Uses, step: usize) -> Self {
        Self { noting: Some(Noting { uses, step, in_when: false }), ..self }
    }

    /// The parser of the step's `when`.
    pub(super) fn of_when(self) -> Self {
        Self { noting: self.noting.map(|noting| Noting { in_when: true, ..noting }), ..self }
    }

    /// What is parsed from now on of this step sees a variable set.
    pub(crate) fn sets(&self, variable: &VariableName) {
        self.noting.iter().for_each(|noting| noting.sets(variable.shared()));
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
        self.json_with_secrets(value, pointer, &[])
    }

    /// The same, where secrets may stand in some members of an object. They are held back.
    pub(crate) fn json_with_secrets(
        &self,
        value: &Value,
        pointer: &str,
        secret_fields: &[&str],
    ) -> Option<JsonTemplate> {
        let takes_secrets = |inside: &str| {
            let field = inside.split('/').nth(1);
            field.is_some_and(|field| secret_fields.contains(&field))
        };
        let template = JsonTemplate::parse_holding(value, &mut |inside, expression| {
            let may_stand = takes_secrets(inside);
            may_stand.then(|| secrets::hold(expression, &format!("{pointer}{inside}"), self.faults)).flatten()
        });
        match template {
            Ok(template) => {
                for (inside, name) in template.free_names() {
                    let pointer = format!("{pointer}{inside}");
                    match &*name.name {
                        secrets::GROUP if takes_secrets(inside) => self.refuse_part_of_more(&pointer),
                        _ => self.check_name(&pointer, name),
                    }
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
                    if &*name.name == secrets::GROUP {
                        self.refuse_secret(pointer);
                        continue;
                    }
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
        if name == secrets::GROUP {
            self.refuse_secret(pointer);
        } else if !self.names.knows(name) {
            // Comparing every name with every other one would make a hostile document expensive.
            let wants_hint = self.faults.count() < MOST_HINTS;
            let nearest = wants_hint.then(|| flow_expr::nearest(name, self.names.all())).flatten();
            let hint = nearest
                .map_or_else(|| self.otherwise.to_owned(), |nearest| format!("did you mean `{nearest}`?"));
            let message = format!("nothing here is named `{}`; {hint}", excerpt(name));
            self.faults.error(pointer, "unknown_name", message);
        } else if let Some(noting) = &self.noting {
            noting.note(pointer, free);
        }
    }

    /// A secret where none may stand.
    fn refuse_secret(&self, pointer: &str) {
        let places: Vec<_> = self.registry.secret_fields().collect();
        let message = match places.is_empty() {
            true => "a secret can't be used here, and no type of step takes any".to_owned(),
            false => format!(
                "a secret can't be used here: it may stand only in {}, as `{{{{secrets.NAME}}}}`",
                places.join(", and in ")
            ),
        };
        self.faults.error(pointer, NOT_ALLOWED, message);
    }

    /// A secret as a part of a larger expression, where one by itself may stand.
    fn refuse_part_of_more(&self, pointer: &str) {
        let message = "a secret stands by itself, as `{{secrets.NAME}}`, alone or with text before and after it; an \
                       expression can't take it up, nor compute its name";
        self.faults.error(pointer, NOT_ALLOWED, message);
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
