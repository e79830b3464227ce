//! A step whose calls are numbered and timed by the manual clock.

use std::sync::{Arc, Mutex};

use flow_engine::{Clock, StepError};
use flow_model::Timestamp;
use flow_testkit::ScriptedStep;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::World;

/// A step of type `work` and when it was called.
pub(crate) struct Attempts {
    pub(crate) step: ScriptedStep,
    times: Arc<Mutex<Vec<Timestamp>>>,
    began: Timestamp,
}

impl Attempts {
    /// A step that answers its calls, numbered from 1, by a rule.
    pub(crate) fn new(
        world: &World,
        rule: impl Fn(usize) -> Result<Value, StepError> + Send + Sync + 'static,
    ) -> Self {
        let times = Arc::new(Mutex::new(Vec::new()));
        let (clock, noted) = (world.clock.clone(), times.clone());
        let step = ScriptedStep::new("work").answers(move |_| {
            let mut times = noted.lock().unwrap();
            times.push(clock.now());
            rule(times.len())
        });
        Self { step, times, began: world.clock.now() }
    }

    /// A step that fails its first calls and succeeds from then on.
    pub(crate) fn failing(world: &World, times: usize, error: StepError) -> Self {
        Self::new(
            world,
            move |call| if call <= times { Err(error.clone()) } else { Ok(json!({ "call": call })) },
        )
    }

    /// When the calls were answered, in milliseconds since the test began.
    pub(crate) fn millis(&self) -> Vec<u64> {
        let times = self.times.lock().unwrap();
        let since = |at: &Timestamp| u64::try_from(at.since(self.began).as_millis()).unwrap();
        times.iter().map(since).collect()
    }
}

pub(crate) fn network() -> StepError {
    StepError::new("network", "nobody was there")
}

pub(crate) fn ever() -> usize {
    usize::MAX
}

/// A flow of one `work` with that `retry`, whose output it returns.
pub(crate) fn retried(retry: Value) -> Value {
    let document = flow("retried").api("start", []).step("one", "work", json!({ "n": 1 }));
    document.with("retry", retry).done("end", [("call", "{{one.call}}")]).build()
}
