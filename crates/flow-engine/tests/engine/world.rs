//! What the tests begin with: a database, a clock, and engines on them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    Answer, Catalog, Engine, EngineError, Entropy, Execute, Limits, MemoryStore, Patience, Prices, Registry,
    Reply, RunView, StartedBy, Store, Target, WaitChoice,
};
use flow_model::{Decision, RunEnd, RunError, RunId, RunStatus, Timestamp, WorkspaceId};
use flow_testkit::{FaultyStore, ManualClock, ScriptedEngine, ScriptedStep, SeededEntropy};
use serde_json::{Map, Value, json};

/// Longer than any test lets the clock run.
pub(crate) const LONG: Patience = Patience::UpTo(Duration::from_secs(30 * 24 * 3600));

/// The lease of the engines under test, which is the default.
pub(crate) const LEASE: Duration = Duration::from_secs(15);

/// How long a condition may take on a busy machine before the test counts as stuck.
const STUCK: Duration = Duration::from_secs(20);

/// A database and a clock.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: ManualClock,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) workspace: WorkspaceId,
    pub(crate) limits: Limits,
    pub(crate) prices: Prices,
}

impl World {
    pub(crate) fn new() -> Self {
        let entropy = Arc::new(SeededEntropy::new(1));
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let clock = ManualClock::default();
        let workspace = WorkspaceId::new(Timestamp::from_millis(0), random);
        Self {
            store: Arc::new(MemoryStore::new()),
            clock,
            entropy,
            workspace,
            limits: Limits::default(),
            prices: Prices::default(),
        }
    }

    /// An engine on the world's own store.
    pub(crate) async fn engine(&self, steps: Registry) -> Engine {
        self.engine_on(self.store.clone(), steps).await
    }

    /// An engine on a store that may fail.
    pub(crate) async fn faulty_engine(&self, steps: Registry) -> (Engine, FaultyStore<MemoryStore>) {
        let store = FaultyStore::new(self.store.clone());
        (self.engine_on(Arc::new(store.clone()), steps).await, store)
    }

    pub(crate) async fn engine_on<S: Store + Catalog>(&self, store: Arc<S>, steps: Registry) -> Engine {
        self.engine_with_clock(store, steps, &self.clock).await
    }

    /// An engine with a clock of its own: a process that may stall while others go on.
    pub(crate) async fn engine_with_clock<S: Store + Catalog>(
        &self,
        store: Arc<S>,
        steps: Registry,
        clock: &ManualClock,
    ) -> Engine {
        let builder = Engine::builder().store(store).steps(steps).limits(self.limits.clone());
        let builder = builder.clock(Arc::new(clock.clone())).entropy(self.entropy.clone());
        builder.prices(self.prices.clone()).build().await.unwrap()
    }

    /// An engine that has its scripts evaluated by `scripts`.
    pub(crate) async fn engine_with_scripts(&self, steps: Registry, scripts: &ScriptedEngine) -> Engine {
        let builder = Engine::builder().store(self.store.clone()).steps(steps).limits(self.limits.clone());
        let builder = builder.clock(Arc::new(self.clock.clone())).entropy(self.entropy.clone());
        builder.scripts(Arc::new(scripts.clone())).build().await.unwrap()
    }

    /// A call that runs a document with these inputs and waits for its end.
    pub(crate) fn call(&self, document: &Value, inputs: Value) -> Execute {
        Execute {
            workspace: self.workspace,
            target: Target::Document(Arc::new(document.clone())),
            trigger: StartedBy::Any,
            inputs: object(inputs),
            current_user: Arc::new(json!({})),
            idempotency: None,
            patience: LONG,
        }
    }

    pub(crate) async fn try_run(
        &self,
        engine: &Engine,
        document: &Value,
        inputs: Value,
    ) -> Result<Reply, EngineError> {
        soon(engine.execute(self.call(document, inputs))).await
    }

    /// Runs a document until it ends or waits.
    pub(crate) async fn run(&self, engine: &Engine, document: &Value, inputs: Value) -> RunView {
        let reply = self.try_run(engine, document, inputs).await.unwrap();
        assert!(reply.settled, "{reply:?}");
        reply.view
    }

    /// Runs a document on an engine of its own that has no steps but the control steps.
    pub(crate) async fn run_alone(&self, document: &Value, inputs: Value) -> RunView {
        let engine = self.engine(Registry::new()).await;
        let view = self.run(&engine, document, inputs).await;
        soon(engine.stop(Duration::from_secs(5))).await;
        view
    }

    pub(crate) async fn resume(
        &self,
        engine: &Engine,
        run: RunId,
        choice: WaitChoice,
        answer: Answer,
    ) -> Result<Reply, EngineError> {
        soon(engine.resume(self.workspace, run, choice, answer, LONG)).await
    }

    pub(crate) async fn inspect(&self, engine: &Engine, run: RunId) -> RunView {
        engine.inspect(self.workspace, run).await.unwrap()
    }

    /// Does `work` while the clock moves on to the next sleeper whenever everybody else is idle. For tests
    /// on one thread.
    pub(crate) async fn as_time_passes<T>(&self, work: impl Future<Output = T>) -> T {
        as_time_passes(&self.clock, work).await
    }

    /// Waits until a run is stored and has ended, as time passes.
    pub(crate) async fn until_ended(&self, engine: &Engine, run: RunId) -> RunView {
        self.as_time_passes(async {
            loop {
                match engine.inspect(self.workspace, run).await {
                    Ok(view) if view.record.status.is_finished() => return view,
                    Ok(_) | Err(EngineError::RunNotFound(_)) => {}
                    Err(error) => panic!("{error}"),
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

pub(crate) async fn as_time_passes<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    const IDLE: usize = 50;
    let time = async {
        loop {
            for _ in 0..IDLE {
                tokio::task::yield_now().await;
            }
            clock.advance_to_next();
        }
    };
    soon(async {
        tokio::select! {
            biased;
            done = work => done,
            () = time => unreachable!("time passes for ever"),
        }
    })
    .await
}

/// Panics when `work` isn't done in a time that no machine takes.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(STUCK, work).await.expect("it is stuck")
}

/// Waits until `is_so`, giving others their turn.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    soon(async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub(crate) fn approve() -> Answer {
    decision(Decision::Approve)
}

pub(crate) fn reject() -> Answer {
    decision(Decision::Reject)
}

fn decision(decision: Decision) -> Answer {
    Answer::Decision { decision, message: Some("as agreed".into()), decided_by: Some("Ada".into()) }
}

pub(crate) fn tool(output: Value) -> Answer {
    Answer::Tool(Ok(Arc::new(output)))
}

pub(crate) fn form(values: Value) -> Answer {
    Answer::Form(object(values))
}

/// The output of a run that must have completed.
pub(crate) fn output(view: &RunView) -> Value {
    assert_eq!(view.status(), RunStatus::Completed, "{:?}", view.state.end());
    (**view.output().unwrap()).clone()
}

/// The error of a run that must have failed.
pub(crate) fn error(view: &RunView) -> RunError {
    match view.state.end() {
        Some((_, RunEnd::Failed { error })) => error.clone(),
        other => panic!("the run should have failed: {other:?}, damage {:?}", view.damage),
    }
}

/// A step of type `work` that answers every call with its own input.
pub(crate) fn echo() -> ScriptedStep {
    ScriptedStep::new("work").answers(|call| Ok((*call.input).clone()))
}

pub(crate) fn steps(step: &ScriptedStep) -> Registry {
    Registry::new().with(step.clone())
}
