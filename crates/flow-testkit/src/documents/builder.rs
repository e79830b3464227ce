//! The builder itself: methods that add a step, then methods that change the step added last.

use serde_json::{Map, Value, json};

/// Step types whose successors, if any, stand in their settings.
const ENDS: [&str; 3] = ["condition", "final", "fail"];

/// A document under construction.
#[derive(Debug, Clone)]
#[must_use = "a document is made by `build`"]
pub struct Builder {
    document: Map<String, Value>,
    settings: Map<String, Value>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    id: String,
    kind: String,
    data: Map<String, Value>,
    /// `nextStepId` and whatever else stands beside `data`.
    more: Map<String, Value>,
    is_linked: bool,
}

impl Builder {
    pub(super) fn new(name: &str) -> Self {
        let document = Map::from_iter([("name".to_owned(), json!(name))]);
        Self { document, settings: Map::new(), steps: Vec::new() }
    }

    /// Adds a step of any type. `data` is its settings; anything but an object counts as none.
    pub fn step(mut self, id: &str, kind: &str, data: Value) -> Self {
        let data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        let is_linked = !ENDS.contains(&kind);
        self.steps.push(Step { id: id.to_owned(), kind: kind.to_owned(), data, more: Map::new(), is_linked });
        self
    }

    /// Adds an `api` trigger with those fields, see [`required`](super::required) and its like.
    pub fn api(self, id: &str, fields: impl IntoIterator<Item = Value>) -> Self {
        let fields: Vec<Value> = fields.into_iter().collect();
        self.step(id, "api", json!({ "fields": fields }))
    }

    /// Adds a `set-variables` step.
    pub fn set<'a>(self, id: &str, variables: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let row = |(name, value): (&str, Value)| json!({ "name": name, "value": value });
        let variables: Vec<Value> = variables.into_iter().map(row).collect();
        self.step(id, "set-variables", json!({ "variables": variables }))
    }

    /// Adds a `condition`: branches of name, expression and successor, and the successor of none of them.
    pub fn condition<'a>(
        self,
        id: &str,
        branches: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
        otherwise: Option<&str>,
    ) -> Self {
        let row =
            |(name, condition, next)| json!({ "name": name, "condition": condition, "nextStepId": next });
        let branches: Vec<Value> = branches.into_iter().map(row).collect();
        let step = self.step(id, "condition", json!({ "branches": branches }));
        match otherwise {
            Some(next) => step.data("elseStepId", next),
            None => step,
        }
    }

    /// Adds an `http-request`.
    pub fn http(self, id: &str, method: &str, url: &str) -> Self {
        self.step(id, "http-request", json!({ "method": method, "url": url }))
    }

    /// Adds a `user-approval`.
    pub fn approval(self, id: &str, message: &str) -> Self {
        self.step(id, "user-approval", json!({ "message": message }))
    }

    /// Adds a `client-tool`.
    pub fn tool(self, id: &str, tool: &str, parameters: Value) -> Self {
        self.step(id, "client-tool", json!({ "toolName": tool, "parameters": parameters }))
    }

    /// Adds a `final` with those outputs.
    pub fn done<'a, V: Into<Value>>(self, id: &str, outputs: impl IntoIterator<Item = (&'a str, V)>) -> Self {
        let row = |(name, output): (&str, V)| {
            let output: Value = output.into();
            json!({ "name": name, "output": output })
        };
        let outputs: Vec<Value> = outputs.into_iter().map(row).collect();
        self.step(id, "final", json!({ "outputs": outputs }))
    }

    /// Adds a `fail`.
    pub fn fail(self, id: &str, message: &str) -> Self {
        self.step(id, "fail", json!({ "message": message }))
    }

    /// Names the last step's successor.
    pub fn next(self, id: &str) -> Self {
        self.with("nextStepId", id)
    }

    /// Leaves the last step without a successor.
    pub fn ends(self) -> Self {
        self.change(|step| step.is_linked = false)
    }

    /// Names the step that follows when the last one's approval is rejected.
    pub fn reject_next(self, id: &str) -> Self {
        self.with("rejectNextStepId", id)
    }

    /// Ends the last step's wait by itself after that long.
    pub fn expires_in(self, millis: u64) -> Self {
        self.data("expiresInMs", millis)
    }

    /// Names the variable that receives the last step's result.
    pub fn output(self, variable: &str) -> Self {
        self.with("output", variable)
    }

    /// Sets a member of the last step's `data`.
    pub fn data(self, key: &str, value: impl Into<Value>) -> Self {
        self.change(|step| drop(step.data.insert(key.to_owned(), value.into())))
    }

    /// Sets a member of the last step beside its `data`.
    pub fn with(self, key: &str, value: impl Into<Value>) -> Self {
        self.change(|step| drop(step.more.insert(key.to_owned(), value.into())))
    }

    /// Sets a member of the flow's settings.
    pub fn setting(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.settings.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a member of the document itself, such as `description` or `tags`.
    pub fn member(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.document.insert(key.to_owned(), value.into());
        self
    }

    /// Changes the last step.
    ///
    /// # Panics
    /// When no step was added yet.
    fn change(mut self, change: impl FnOnce(&mut Step)) -> Self {
        change(self.steps.last_mut().expect("a step to change was added before"));
        self
    }

    /// The document: `{name, definition: {steps}, settings}`.
    pub fn build(self) -> Value {
        let ids: Vec<String> = self.steps.iter().skip(1).map(|step| step.id.clone()).collect();
        let mut ids = ids.into_iter();
        let steps: Vec<Value> = self.steps.into_iter().map(|step| step.build(ids.next())).collect();
        let mut document = self.document;
        document.insert("definition".to_owned(), json!({ "steps": steps }));
        document.insert("settings".to_owned(), Value::Object(self.settings));
        Value::Object(document)
    }
}

impl Step {
    fn build(self, following: Option<String>) -> Value {
        let mut step = Map::new();
        step.insert("id".to_owned(), json!(self.id));
        step.insert("type".to_owned(), json!(self.kind));
        step.insert("data".to_owned(), Value::Object(self.data));
        if let Some(following) = following.filter(|_| self.is_linked) {
            step.insert("nextStepId".to_owned(), json!(following));
        }
        step.extend(self.more);
        Value::Object(step)
    }
}
