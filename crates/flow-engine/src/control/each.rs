//! `each`: goes through a list, an item after the other or several at a time.

use std::sync::Arc;

use flow_expr::{Expression, JsonTemplate, Scope};
use flow_model::{Fields, RunError, Step, StepId, excerpt};
use serde_json::{Map, Value};

use super::Resolved;
use crate::flow::{Templates, failed};

/// Several items at a time share the machine with every other run.
const MOST_AT_A_TIME: u64 = 100;

/// The list, and how to go through it.
#[derive(Debug)]
pub(crate) struct Each {
    list: List,
    max_items: Option<usize>,
    /// How many items are open at a time.
    pub(crate) concurrency: usize,
    /// Whether the loop ends at the first item that fails.
    pub(crate) stops_at_error: bool,
    /// Where each item begins.
    pub(crate) first: StepId,
}

#[derive(Debug)]
enum List {
    Expression(Expression),
    Template(JsonTemplate),
}

impl Each {
    pub(super) fn compile(step: &Step, data: &Fields<'_>, templates: Templates<'_>) -> Option<Self> {
        data.value("steps"); // read with the document
        let list = match data.required_value("arrayVariable") {
            Some(Value::String(text)) if !text.contains("{{") => {
                templates.expression(text, &data.at("arrayVariable")).map(List::Expression)
            }
            Some(value @ (Value::String(_) | Value::Array(_))) => {
                templates.json(value, &data.at("arrayVariable")).map(List::Template)
            }
            Some(other) => {
                let message = format!(
                    "this must be a list, or the name, path or expression of one, and it is {}",
                    excerpt(&other.to_string())
                );
                data.faults().error(data.at("arrayVariable"), "wrong_type", message);
                None
            }
            None => None,
        };
        let max_items = data.whole_number("maxItems");
        if max_items == Some(0) {
            let message = "nothing would be gone through; give a number above 0, or leave it out";
            data.faults().error(data.at("maxItems"), "out_of_range", message);
        }
        let max_items = max_items.map(|items| usize::try_from(items).unwrap_or(usize::MAX));
        let concurrency = data.whole_number("concurrency").unwrap_or(1);
        if !(1..=MOST_AT_A_TIME).contains(&concurrency) {
            let message = format!("{concurrency} items can't be open at a time; use 1 to {MOST_AT_A_TIME}");
            data.faults().error(data.at("concurrency"), "out_of_range", message);
        }
        let stops_at_error = match data.string("onItemError") {
            None | Some("stop") => true,
            Some("continue") => false,
            Some(_) => {
                let message = r#"this must be "stop" (the loop ends) or "continue" (with the next item)"#;
                data.faults().error(data.at("onItemError"), "value_unknown", message);
                true
            }
        };
        let concurrency = usize::try_from(concurrency).unwrap_or(1);
        let first = step.graphs.first()?.steps.first()?.id.clone();
        Some(Self { list: list?, max_items, concurrency, stops_at_error, first })
    }

    /// The items that are gone through, and of how many: what the step records.
    pub(super) fn resolve(&self, scope: &dyn Scope) -> Result<Resolved, RunError> {
        let value = match &self.list {
            List::Expression(expression) => expression.evaluate(scope),
            List::Template(template) => template.evaluate(scope),
        };
        let value = value.map_err(|error| failed(&error))?;
        let mut items = list(value)?;
        let total = items.len();
        items.truncate(self.max_items.unwrap_or(usize::MAX));
        let mut input = Map::new();
        input.insert("items".to_owned(), Value::Array(items));
        input.insert("total".to_owned(), total.into());
        Ok(Resolved::Items(Arc::new(Value::Object(input))))
    }

    /// Whether what is set for an item is seen for that item alone.
    pub(crate) const fn isolates(&self) -> bool {
        self.concurrency > 1
    }
}

/// The items of a list, or of the JSON text of one.
fn list(value: Arc<Value>) -> Result<Vec<Value>, RunError> {
    match Arc::unwrap_or_clone(value) {
        Value::Array(items) => Ok(items),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => Ok(items),
            Ok(_) | Err(_) => Err(no_list(&Value::String(text))),
        },
        other => Err(no_list(&other)),
    }
}

fn no_list(value: &Value) -> RunError {
    let message = format!("`arrayVariable` is {}; it must be a list", excerpt(&value.to_string()));
    RunError::new("not_a_list", message)
}
