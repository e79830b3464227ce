//! A script engine that answers as a test tells it to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use flow_engine::{Script, ScriptEngine, ScriptFailure, ScriptFailureKind, ScriptOutcome};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

/// A script engine that runs nothing: a rule says what comes of a script. Clones are handles of the same one.
#[derive(Clone)]
pub struct ScriptedEngine(Arc<Shared>);

struct Shared {
    rule: Rule,
    calls: Mutex<Vec<Script>>,
    counts: watch::Sender<Counts>,
    /// Closed when calls need no release: a closed semaphore stops nobody here.
    gate: Semaphore,
}

type Rule = Box<dyn Fn(&Script) -> ScriptOutcome + Send + Sync>;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    begun: usize,
    dropped: usize,
}

impl ScriptedEngine {
    /// An engine whose answers come from that rule.
    pub fn new(rule: impl Fn(&Script) -> ScriptOutcome + Send + Sync + 'static) -> Self {
        let engine = Self::held(rule);
        engine.release_all();
        engine
    }

    /// The same, and each call is held until [`ScriptedEngine::release_all`].
    pub fn held(rule: impl Fn(&Script) -> ScriptOutcome + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            rule: Box::new(rule),
            calls: Mutex::default(),
            counts: watch::Sender::default(),
            gate: Semaphore::new(0),
        }))
    }

    /// Lets all calls go on, those to come too.
    pub fn release_all(&self) {
        self.0.gate.close();
    }

    /// The scripts so far, in the order in which they began.
    pub fn calls(&self) -> Vec<Script> {
        self.lock().clone()
    }

    /// Waits until so many calls have begun.
    pub async fn until_begun(&self, calls: usize) {
        self.until(|counts| counts.begun >= calls).await;
    }

    /// Waits until so many calls were dropped before their end.
    pub async fn until_dropped(&self, calls: usize) {
        self.until(|counts| counts.dropped >= calls).await;
    }

    async fn until(&self, is_so: impl Fn(Counts) -> bool) {
        let mut counts = self.0.counts.subscribe();
        // The sender is alive as long as this handle is.
        let _ = counts.wait_for(|counts| is_so(*counts)).await;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Script>> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ScriptEngine for ScriptedEngine {
    async fn evaluate(&self, script: Script) -> ScriptOutcome {
        self.lock().push(script.clone());
        self.0.counts.send_modify(|counts| counts.begun += 1);
        let mut dropped = Dropped { shared: &self.0, is_over: false };
        // An error says that the gate is open for good.
        let _ = self.0.gate.acquire().await;
        dropped.is_over = true;
        (self.0.rule)(&script)
    }
}

/// Counts a call whose future is dropped before its end.
struct Dropped<'a> {
    shared: &'a Shared,
    is_over: bool,
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.counts.send_modify(|counts| counts.dropped += 1);
        }
    }
}

/// The outcome of a script with those values.
pub fn script_values(values: impl IntoIterator<Item = Value>) -> ScriptOutcome {
    ScriptOutcome { values: values.into_iter().collect(), ..ScriptOutcome::default() }
}

/// The outcome of a script that failed at once.
pub fn script_failure(kind: ScriptFailureKind, message: &str) -> ScriptOutcome {
    let failure = ScriptFailure { kind, message: message.to_owned(), line: None, column: None };
    ScriptOutcome { failure: Some(failure), ..ScriptOutcome::default() }
}
