//! The world that steps of type `work` touch: it does what the input orders, and sees that it is called as promised.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::{Clock, MemoryStore, Registry, Step, StepContext, StepError, Store};
use flow_model::{ExecutionId, Fields, RunState, VisitStatus, apply};
use futures_util::FutureExt;
use serde_json::Value;

use super::family;
use super::ledger::{Called, Ledger};
use super::outside::returned;
use crate::{FaultyStore, ManualClock};

/// The type of the steps that touch the world.
pub(super) const KIND: &str = "work";

/// The world as one process sees it.
pub(super) struct Work {
    pub(super) seed: u64,
    pub(super) process: usize,
    /// The process's life.
    pub(super) life: FaultyStore<MemoryStore>,
    /// Whether it may have lost its runs without knowing.
    pub(super) is_stale: Arc<AtomicBool>,
    pub(super) clock: ManualClock,
    pub(super) database: Arc<MemoryStore>,
    pub(super) ledger: Arc<Ledger>,
}

/// The types of step that plans use, for their validation.
pub(super) fn types() -> Registry {
    Registry::new().with(crate::ScriptedStep::new(KIND))
}

#[async_trait]
impl Step for Work {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn check(&self, _data: &Fields<'_>) {}

    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        self.life.until_going().await;
        let execution = context.execution;
        if let Err(what) = self.is_promised(&execution, &input) {
            self.ledger.broken(format!("process {} called {execution} {what}", self.process));
        }
        let path = format!("{}{}", family::path(&self.database, execution.run), execution.visit);
        self.ledger.note(|| format!("        process {} calls {path} {input}", self.process));
        let called = Called { process: self.process, execution: execution.clone(), input: input.clone() };
        let count = self.ledger.call(called);
        let _under_way = self.ledger.begin(execution.clone());
        if let Some(ms) = input.get("ms").and_then(Value::as_u64) {
            self.clock.sleep_until(self.clock.now().after(Duration::from_millis(ms))).await;
        }
        if input.get("hang").is_some() {
            std::future::pending::<()>().await;
        }
        self.life.until_going().await;
        if let Some(code) = input.get("fail").and_then(Value::as_str) {
            return Err(StepError::new(code, "it was ordered to fail"));
        }
        let flaky = input.get("flaky").and_then(Value::as_u64).unwrap_or(0);
        if count as u64 <= flaky {
            return Err(StepError::new("network", "it was ordered to fail at first"));
        }
        Ok(returned(self.seed, &path, &input))
    }
}

impl Work {
    /// Whether the start of this call stands in the log with this very input, and, unless the process has lost the
    /// run without knowing, whether nothing that follows from it stands there yet.
    fn is_promised(&self, execution: &ExecutionId, input: &Value) -> Result<(), String> {
        let events = self.database.run_events(execution.run, 0).now_or_never().and_then(Result::ok);
        let mut state = RunState::new();
        for event in events.unwrap_or_default() {
            apply(&mut state, &event).map_err(|illegal| format!("by a log that doesn't fold: {illegal}"))?;
        }
        let Some(visit) = state.visit(execution.visit.as_str()) else {
            return Err("before its start was stored".to_owned());
        };
        if visit.input.as_deref() != Some(input) {
            return Err(format!("with {input}, but {:?} is stored", visit.input));
        }
        match &visit.status {
            VisitStatus::Running => Ok(()),
            _ if self.is_stale.load(Ordering::Relaxed) => Ok(()),
            other => Err(format!("again while it is stored as {}", other.as_str())),
        }
    }
}
