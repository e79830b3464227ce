//! `set-variables`: names values.

use std::sync::Arc;

use flow_expr::{Ambient, JsonTemplate, Lookup, Scope, Scripts};
use flow_model::{Fields, RunError, VariableName};
use serde_json::{Map, Value};

use super::Resolved;
use crate::flow::{RESERVED, Templates, failed};

/// The variables, in the author's order. A later one sees those before it.
#[derive(Debug)]
pub(crate) struct SetVariables {
    variables: Vec<(VariableName, JsonTemplate)>,
}

impl SetVariables {
    pub(super) fn compile(data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        data.required_value("variables")?;
        let rows = data.objects("variables");
        let compiled = rows.iter().map(|row| {
            if row.value("name").is_none() {
                row.required_value("name");
            }
            let name = row.parsed::<VariableName>("name").filter(|name| allowed(row, name));
            let value = row.value("value").unwrap_or(&Value::Null);
            let value = templates.json(value, &row.at("value"));
            row.warn_of_unknown();
            let name = name?;
            templates.sets(&name);
            Some((name, value?))
        });
        let compiled: Vec<_> = compiled.collect();
        compiled.into_iter().collect::<Option<_>>().map(|variables| Self { variables })
    }

    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let mut set = SetSoFar { outer: scope, variables: Vec::with_capacity(self.variables.len()) };
        for (name, value) in &self.variables {
            let value = value.evaluate(&set).map_err(|error| failed(&error))?;
            set.variables.push((name, value));
        }
        let members = set.variables.into_iter();
        let object: Map<_, _> =
            members.map(|(name, value)| (name.as_str().to_owned(), Arc::unwrap_or_clone(value))).collect();
        Ok(Resolved::Variables(Arc::new(Value::Object(object))))
    }
}

fn allowed(row: &Fields<'_>, name: &VariableName) -> bool {
    let reserved = RESERVED.contains(&name.as_str());
    if reserved {
        let message = format!("`{name}` has a meaning of its own in every flow; choose another name");
        row.faults().error(row.at("name"), "name_reserved", message);
    }
    !reserved
}

/// The scope with the rows above the present one.
struct SetSoFar<'a> {
    outer: &'a dyn Scope,
    variables: Vec<(&'a VariableName, Arc<Value>)>,
}

impl Scope for SetSoFar<'_> {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        let set = self.variables.iter().rev().find(|(set, _)| set.as_str() == name);
        set.map_or_else(|| self.outer.lookup(name), |(_, value)| Lookup::Value(value))
    }

    fn names(&self) -> Vec<String> {
        self.outer.names()
    }

    fn ambient(&self) -> Option<&Ambient> {
        self.outer.ambient()
    }

    fn resume_url(&self, step: &str) -> Option<String> {
        self.outer.resume_url(step)
    }

    fn resumable(&self) -> Vec<Arc<str>> {
        self.outer.resumable()
    }

    fn scripts(&self) -> Option<&Scripts> {
        self.outer.scripts()
    }
}
