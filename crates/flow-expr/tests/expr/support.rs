//! A scope of plain values, and short ways to evaluate in it.

use std::{collections::BTreeMap, sync::Arc};

use flow_expr::{Ambient, EvalError, Expression, Lookup, Object, Scope, SyntaxError, Template};
use serde_json::Value;

/// Names with values, names without one yet, and groups of members.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) values: BTreeMap<String, Arc<Value>>,
    pub(crate) undefined: Vec<&'static str>,
    pub(crate) groups: BTreeMap<&'static str, Group>,
    pub(crate) ambient: Option<Ambient>,
}

impl Names {
    pub(crate) fn of(value: Value) -> Self {
        let Value::Object(map) = value else { panic!("an object of names is needed") };
        let values = map.into_iter().map(|(name, value)| (name, Arc::new(value))).collect();
        Self { values, ..Self::default() }
    }
}

/// The names that the table of expressions uses.
pub(crate) fn context() -> Names {
    let json = serde_json::from_str(include_str!("context.json")).expect("the context is JSON");
    Names { undefined: vec!["missing", "a1"], ..Names::of(json) }
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        if let Some(value) = self.values.get(name) {
            Lookup::Value(value)
        } else if let Some(group) = self.groups.get(name) {
            Lookup::Object(group)
        } else if self.undefined.contains(&name) {
            Lookup::Undefined
        } else {
            Lookup::Unknown
        }
    }

    fn names(&self) -> Vec<String> {
        let undefined = self.undefined.iter().map(|name| (*name).to_owned());
        self.values
            .keys()
            .cloned()
            .chain(undefined)
            .chain(self.groups.keys().map(|n| (*n).to_owned()))
            .collect()
    }

    fn ambient(&self) -> Option<&Ambient> {
        self.ambient.as_ref()
    }

    fn resume_url(&self, step: &str) -> Option<String> {
        (step == "ask").then(|| "https://flows.test/resume/ask?token=t".to_owned())
    }
}

/// An object made on demand.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) members: BTreeMap<&'static str, Arc<Value>>,
    pub(crate) undefined: Vec<&'static str>,
}

impl Object for Group {
    fn member(&self, key: &str) -> Lookup<'_> {
        if let Some(value) = self.members.get(key) {
            Lookup::Value(value)
        } else if self.undefined.contains(&key) {
            Lookup::Undefined
        } else {
            Lookup::Unknown
        }
    }

    fn to_value(&self) -> Value {
        self.members.iter().map(|(key, value)| ((*key).to_owned(), (**value).clone())).collect()
    }

    fn names(&self) -> Vec<String> {
        self.members.keys().copied().chain(self.undefined.iter().copied()).map(str::to_owned).collect()
    }
}

pub(crate) fn eval(source: &str, scope: &dyn Scope) -> Result<Arc<Value>, EvalError> {
    parsed(source).evaluate(scope)
}

pub(crate) fn parsed(source: &str) -> Expression {
    Expression::parse(source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

pub(crate) fn refused(source: &str) -> SyntaxError {
    match Expression::parse(source) {
        Err(error) => error,
        Ok(_) => panic!("{source} is accepted"),
    }
}

pub(crate) fn template(text: &str) -> Template {
    Template::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn rendered(text: &str, scope: &dyn Scope) -> String {
    template(text).render_text(scope).unwrap_or_else(|error| panic!("{text}: {error}"))
}
