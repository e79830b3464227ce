//! Results of containers, made of what their scopes came to.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::RunState;
use super::scopes::{Container, Scope, ScopeEnd};
use crate::{Fold, RunError, VisitPath};

impl RunState {
    /// The result of a container that ends now.
    pub(super) fn folded(&self, visit: &VisitPath, fold: &Fold) -> Arc<Value> {
        let none = Container::default();
        let container = self.containers.get(visit).unwrap_or(&none);
        Arc::new(match fold {
            Fold::Items => self.items(visit, container),
            Fold::Passes { stopped } => self.passes(container, stopped.as_ref()),
            Fold::Branches => self.branches(container),
            Fold::Settled => self.settled(container),
        })
    }

    fn items(&self, visit: &VisitPath, container: &Container) -> Value {
        let input = self.visits.get(visit).and_then(|visit| visit.input.as_deref());
        let items = input.and_then(|input| input.get("items")?.as_array()).map_or(&[][..], Vec::as_slice);
        let total = input.and_then(|input| input.get("total")?.as_u64());
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        let mut last = Value::Null;
        for (index, (scope, item)) in container.scopes.iter().zip(items).enumerate() {
            let Some(end) = &scope.end else { continue };
            let mut row = Map::new();
            row.insert("index".to_owned(), index.into());
            row.insert("item".to_owned(), item.clone());
            self.add_outputs(&mut row, scope);
            if let ScopeEnd::Failed(error) = end {
                let error = shown(error);
                errors.push(json!({ "index": index, "error": error }));
                row.insert("error".to_owned(), error);
            }
            results.push(Value::Object(row));
            last.clone_from(item);
        }
        json!({
            "item": last,
            "items": items,
            "processedItems": results.len(),
            "successfulItems": results.len() - errors.len(),
            "failedItems": errors.len(),
            "totalItems": total.unwrap_or(items.len() as u64),
            "results": results,
            "errors": errors,
        })
    }

    fn passes(&self, container: &Container, stopped: Option<&RunError>) -> Value {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for (number, scope) in container.scopes.iter().enumerate() {
            let mut row = Map::new();
            row.insert("iteration".to_owned(), number.into());
            self.add_outputs(&mut row, scope);
            if let Some(ScopeEnd::Failed(error)) = &scope.end {
                let error = shown(error);
                errors.push(json!({ "iteration": number, "error": error }));
                row.insert("error".to_owned(), error);
            }
            results.push(Value::Object(row));
        }
        errors.extend(stopped.map(|error| json!({ "iteration": results.len(), "error": shown(error) })));
        json!({
            "iterations": results.len(),
            "lastIteration": results.last(),
            "results": results,
            "errors": errors,
        })
    }

    fn branches(&self, container: &Container) -> Value {
        let ended_well = container.scopes.iter().filter(|scope| scope.end == Some(ScopeEnd::Well));
        let rows = ended_well.map(|scope| (name(scope), self.last_output(scope)));
        Value::Object(rows.collect())
    }

    fn settled(&self, container: &Container) -> Value {
        let row = |scope: &Scope| match scope.end.as_ref()? {
            ScopeEnd::Well => Some(json!({ "status": "completed", "value": self.last_output(scope) })),
            ScopeEnd::Failed(error) => Some(json!({ "status": "failed", "error": shown(error) })),
        };
        let rows = container.scopes.iter().filter_map(|scope| Some((name(scope), row(scope)?)));
        Value::Object(rows.collect())
    }

    fn add_outputs(&self, row: &mut Map<String, Value>, scope: &Scope) {
        for (name, visit) in &scope.outputs {
            if let (Some(name), Some(output)) = (name, self.output(visit.as_str())) {
                row.insert(name.as_ref().to_owned(), (**output).clone());
            }
        }
    }

    fn last_output(&self, scope: &Scope) -> Value {
        let last = scope.outputs.last().and_then(|(_, visit)| self.output(visit.as_str()));
        last.map_or(Value::Null, |output| (**output).clone())
    }
}

fn name(scope: &Scope) -> String {
    scope.branch.as_deref().unwrap_or_default().to_owned()
}

fn shown(error: &RunError) -> Value {
    serde_json::to_value(error).unwrap_or_default()
}
