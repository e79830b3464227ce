//! What runs of other flows and waits for events should do.

use std::mem;

use serde_json::{Value, json};

use super::super::expression::{Names, Wild, is_unknown, unknown};
use super::super::family;
use super::super::outside::Topic;
use super::super::plan::{Call, Event, Expiry, RETRIED, Step};
use super::{End, Ended, Model};

impl Model<'_> {
    pub(super) fn call(&mut self, step: &Step, call: &Call) -> Result<Ended, Wild> {
        let n = call.n.value(&self.names)?;
        let list = self.names.get("list").cloned().unwrap_or_default();
        let inputs = Names::from([("n".to_owned(), n), ("list".to_owned(), list)]);
        let attempts = call.retry.as_ref().map_or(1, |retry| retry.max_attempts);
        let mut attempt = 1;
        loop {
            let end = self.other(step, call, attempt, inputs.clone())?;
            if !call.waits {
                return Ok(Ended::Well(self.done(step, json!({ "runId": unknown() }))));
            }
            match end {
                End::Completed(output) => return Ok(Ended::Well(self.done(step, output))),
                End::Failed(code) if attempt == attempts => return Ok(Ended::Badly(code)),
                End::Failed(code) if is_unknown(&code) => return Err(Wild),
                End::Failed(code) if RETRIED.iter().any(|retried| code == *retried) => attempt += 1,
                End::Failed(code) => return Ok(Ended::Badly(code)),
            }
        }
    }

    /// One run of the other flow, which knows nothing of this one.
    fn other(&mut self, step: &Step, call: &Call, attempt: u32, inputs: Names) -> Result<End, Wild> {
        let flow = &self.others[call.flow];
        let place = family::below(&self.visit(step), attempt);
        let names = mem::replace(&mut self.names, inputs);
        let (last, outside) = (mem::take(&mut self.last), mem::replace(&mut self.place, place));
        let end = self.flow(flow)?;
        let inside = mem::replace(&mut self.place, outside);
        (self.names, self.last) = (names, last);
        if flow.timeout_ms.is_some() {
            self.doubt(&inside);
            if call.waits {
                return Err(Wild);
            }
        }
        Ok(end)
    }

    pub(super) fn event(&mut self, step: &Step, event: &Event) -> Result<Ended, Wild> {
        let key = event.key.as_ref().map(|key| key.value(&self.names)).transpose()?;
        let topic = match key {
            Some(key) if is_unknown(&key) => None,
            Some(key) => Some(Topic::new(event.name(), Some(&format!("k{key}")))),
            None => Some(Topic::new(event.name(), None)),
        };
        let data = topic.as_ref().map_or_else(unknown, |topic| topic.data(self.seed));
        let visit = self.visit(step);
        self.made.awaited.extend(topic.map(|topic| (visit, topic)));
        match event.expiry {
            Expiry::Soon { .. } => Ok(Ended::Badly(Value::from("wait_expired"))),
            Expiry::Never | Expiry::Far => Ok(Ended::Well(self.done(step, data))),
        }
    }
}
