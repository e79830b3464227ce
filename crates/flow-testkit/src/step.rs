//! A step that does what a test tells it to, in place of the world.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use flow_engine::{Effect, Step, StepContext, StepError};
use flow_model::{ExecutionId, Fields};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

/// One call of a scripted step.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The visit, the same over all attempts.
    pub execution: ExecutionId,
    /// The settings, templates resolved.
    pub input: Arc<Value>,
}

/// A step whose results are written beforehand. Clones are handles of the same script, so that a test keeps
/// one while the engine has another.
///
/// A call takes the first result in the queue; with an empty queue it asks the rule given with
/// [`ScriptedStep::answers`], and without one it fails with the code `unscripted`.
#[derive(Clone)]
pub struct ScriptedStep {
    kind: &'static str,
    effect: Effect,
    secret_fields: &'static [&'static str],
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<Script>,
    counts: watch::Sender<Counts>,
    /// Closed once calls need no release: a closed semaphore stops nobody here.
    gate: Semaphore,
}

#[derive(Default)]
struct Script {
    results: VecDeque<Result<Value, StepError>>,
    rule: Option<Rule>,
    calls: Vec<Call>,
}

type Rule = Arc<dyn Fn(&Call) -> Result<Value, StepError> + Send + Sync>;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    begun: usize,
    finished: usize,
    dropped: usize,
}

impl ScriptedStep {
    /// A step of that type with nothing in its queue, whose effect is on the world.
    pub fn new(kind: &'static str) -> Self {
        let gate = Semaphore::new(0);
        gate.close();
        let shared = Shared { script: Mutex::default(), counts: watch::Sender::default(), gate };
        Self { kind, effect: Effect::World, secret_fields: &[], shared: Arc::new(shared) }
    }

    /// The same script as a step whose work may be done again freely.
    #[must_use]
    pub fn pure(mut self) -> Self {
        self.effect = Effect::Pure;
        self
    }

    /// The same script as a step in which secrets may stand in those members of its settings.
    #[must_use]
    pub fn with_secrets_in(mut self, fields: &'static [&'static str]) -> Self {
        self.secret_fields = fields;
        self
    }

    /// Holds each call, once it is recorded, until [`ScriptedStep::release`] lets it go on. For a new step:
    /// its earlier handles don't hold theirs.
    #[must_use]
    pub fn held(mut self) -> Self {
        let script = std::mem::take(&mut *self.script());
        let shared =
            Shared { script: Mutex::new(script), counts: watch::Sender::default(), gate: Semaphore::new(0) };
        self.shared = Arc::new(shared);
        self
    }

    /// Adds a result to the queue.
    #[must_use]
    pub fn returns(self, output: Value) -> Self {
        self.push(Ok(output));
        self
    }

    /// Adds a failure to the queue.
    #[must_use]
    pub fn fails(self, code: &str, message: &str) -> Self {
        self.push(Err(StepError::new(code, message)));
        self
    }

    /// Sets the rule for calls that find the queue empty.
    #[must_use]
    pub fn answers(self, rule: impl Fn(&Call) -> Result<Value, StepError> + Send + Sync + 'static) -> Self {
        self.script().rule = Some(Arc::new(rule));
        self
    }

    /// Adds a result to the queue while the step is in use.
    pub fn push(&self, result: Result<Value, StepError>) {
        self.script().results.push_back(result);
    }

    /// Lets `count` held calls go on, those to come included.
    pub fn release(&self, count: usize) {
        self.shared.gate.add_permits(count);
    }

    /// Lets every held call go on, and holds none from now on.
    pub fn release_all(&self) {
        self.shared.gate.close();
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    /// How many calls have returned.
    pub fn finished(&self) -> usize {
        self.shared.counts.borrow().finished
    }

    /// How many calls were dropped before they returned: their runs were cancelled.
    pub fn dropped(&self) -> usize {
        self.shared.counts.borrow().dropped
    }

    /// Returns once at least `count` calls have begun.
    pub async fn until_begun(&self, count: usize) {
        self.until(|counts| counts.begun >= count).await;
    }

    /// Returns once at least `count` calls have returned.
    pub async fn until_finished(&self, count: usize) {
        self.until(|counts| counts.finished >= count).await;
    }

    /// Returns once at least `count` calls were dropped.
    pub async fn until_dropped(&self, count: usize) {
        self.until(|counts| counts.dropped >= count).await;
    }

    async fn until(&self, reached: impl FnMut(&Counts) -> bool) {
        // The sender lives as long as `self`, so the channel can't be closed.
        let _ = self.shared.counts.subscribe().wait_for(reached).await;
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.shared.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result of a call: the queue's, else the rule's, which runs without the lock.
    fn result(&self, call: &Call) -> Result<Value, StepError> {
        let (queued, rule) = {
            let mut script = self.script();
            (script.results.pop_front(), script.rule.clone())
        };
        queued.or_else(|| rule.map(|rule| rule(call))).unwrap_or_else(|| {
            let message = format!("no result of `{}` is left for {}", self.kind, call.execution);
            Err(StepError::new("unscripted", message))
        })
    }
}

#[async_trait]
impl Step for ScriptedStep {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn effect(&self) -> Effect {
        self.effect
    }

    fn secret_fields(&self) -> &'static [&'static str] {
        self.secret_fields
    }

    /// Takes any settings.
    fn check(&self, _data: &Fields<'_>) {}

    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        let call = Call { execution: context.execution, input };
        self.script().calls.push(call.clone());
        let mut under_way = UnderWay::begin(&self.shared.counts);
        if let Ok(permit) = self.shared.gate.acquire().await {
            permit.forget();
        }
        let result = self.result(&call);
        under_way.returned = true;
        result
    }
}

impl fmt::Debug for ScriptedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedStep")
            .field("kind", &self.kind)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

/// Counts a call as finished or dropped when it ends.
struct UnderWay<'a> {
    counts: &'a watch::Sender<Counts>,
    returned: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(counts: &'a watch::Sender<Counts>) -> Self {
        counts.send_modify(|counts| counts.begun += 1);
        Self { counts, returned: false }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counts.send_modify(|counts| match self.returned {
            true => counts.finished += 1,
            false => counts.dropped += 1,
        });
    }
}

#[cfg(test)]
mod tests;
