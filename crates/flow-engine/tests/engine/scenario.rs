//! Flows with the answers that people give them, to be played through crashes and outages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use flow_engine::{
    Answer, Engine, EngineError, MemoryStore, NewEvent, OpenWait, Registry, RunView, StepError, Store,
    StoreError, WaitChoice,
};
use flow_model::{EventId, EventKind, ExecutionId, RunEnd, RunId, RunStatus, WaitKind};
use flow_testkit::documents::{flow, required};
use flow_testkit::{FaultyStore, ScriptedStep};
use serde_json::{Value, json};

use crate::world::{LEASE, LONG, World, approve, form, reject, steps, tool};

mod containers;
mod settings;

/// A flow, its inputs, and what the outside answers.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) document: Value,
    inputs: Value,
    approves: bool,
    /// The event that is sent before each answer.
    sends: Option<&'static str>,
    /// How the undisturbed run ends.
    end: Result<Value, &'static str>,
    /// How many visits call the world.
    effects: usize,
}

/// Every kind of flow that there is.
pub(crate) fn all() -> Vec<Scenario> {
    let start = |name| flow(name).api("start", [required("n", "number")]);
    let scenario = |name, document, end, effects| Scenario {
        name,
        document,
        inputs: json!({ "n": 1 }),
        approves: true,
        sends: None,
        end,
        effects,
    };
    let pure = start("pure").set("a", [("x", json!("{{n + 1}}"))]).done("end", [("x", "{{x}}")]).build();
    let effects = start("effects")
        .step("one", "work", json!({ "n": "{{n}}" }))
        .step("two", "work", json!({ "n": "{{one.n + 1}}" }))
        .done("end", [("n", "{{two.n}}")])
        .build();
    let choice = start("choice")
        .condition("which", [("high", "n > 5", "high")], Some("low"))
        .step("high", "work", json!({ "way": "high" }))
        .next("end")
        .step("low", "work", json!({ "way": "low" }))
        .done("end", [("way", "{{high?.way ?? low.way}}")])
        .build();
    let ask = start("ask")
        .step("before", "work", json!({ "n": "{{n}}" }))
        .approval("ask", "Go on with {{before.n}}?")
        .next("yes")
        .reject_next("no")
        .step("yes", "work", json!({ "by": "{{approval.decidedBy}}" }))
        .next("end")
        .step("no", "work", json!({ "by": "nobody" }))
        .done("end", [("decision", "{{ask.decision}}"), ("by", "{{yes?.by ?? no.by}}")])
        .build();
    let client = start("client")
        .tool("look", "look-up", json!({ "n": "{{n}}" }))
        .step("use", "work", json!({ "found": "{{look.found}}" }))
        .tool("again", "look-up", json!({ "n": 2 }))
        .done("end", [("found", "{{use.found}}"), ("again", "{{again.found}}")])
        .build();
    let event = start("event")
        .approval("ask", "?")
        .step(
            "paid",
            "wait",
            json!({ "event": { "name": "paid", "key": "{{n}}" }, "expiresInMs": 9_000_000 }),
        )
        .step("use", "work", json!({ "sum": "{{paid.sum}}" }))
        .approval("again", "?")
        .done("end", [("sum", "{{use.sum}}")])
        .build();
    let failing = start("failing")
        .step("one", "work", json!({ "n": 1 }))
        .step("bad", "work", json!({ "fail": true }))
        .done("end", [("n", 1)])
        .build();
    let on_purpose = start("on purpose")
        .condition("which", [("never", "n > 99", "end")], Some("one"))
        .step("one", "work", json!({ "n": 1 }))
        .fail("bad", "It is {{one.n}}")
        .done("end", [("n", 1)])
        .build();
    let mut all = vec![
        scenario("pure", pure, Ok(json!({ "x": 2 })), 0),
        scenario("effects", effects, Ok(json!({ "n": 2 })), 2),
        scenario("low", choice.clone(), Ok(json!({ "way": "low" })), 1),
        Scenario { inputs: json!({ "n": 9 }), ..scenario("high", choice, Ok(json!({ "way": "high" })), 1) },
        scenario("approved", ask.clone(), Ok(json!({ "decision": "approve", "by": "Ada" })), 2),
        Scenario {
            approves: false,
            ..scenario("rejected", ask, Ok(json!({ "decision": "reject", "by": "nobody" })), 2)
        },
        scenario("client tool", client, Ok(json!({ "found": 42, "again": 42 })), 1),
        Scenario { sends: Some("paid"), ..scenario("event", event, Ok(json!({ "sum": 5 })), 1) },
        scenario("failing", failing, Err("on_request"), 2),
        scenario("on purpose", on_purpose, Err("flow_failed"), 1),
    ];
    let more = settings::with_failures().chain(settings::with_pauses()).chain(containers::all());
    all.extend(more.map(|(name, document, end, effects)| scenario(name, document, end, effects)));
    all
}

/// The world of all scenarios: echoes, or fails when told to, always or the first times.
pub(crate) fn work() -> ScriptedStep {
    let calls = Mutex::new(HashMap::<ExecutionId, u64>::new());
    ScriptedStep::new("work").answers(move |call| {
        let mut calls = calls.lock().unwrap();
        let count = calls.entry(call.execution.clone()).or_default();
        *count += 1;
        let flaky = call.input.get("flaky").and_then(Value::as_u64).unwrap_or(0);
        match call.input.get("fail") {
            Some(_) => Err(StepError::new("on_request", "it was asked to fail")),
            None if *count <= flaky => Err(StepError::new("network", "nobody was there")),
            None => Ok((*call.input).clone()),
        }
    })
}

/// What a client knows of the run that it started.
#[derive(Debug, Default)]
pub(crate) struct Client {
    /// The run, once it was told of it.
    pub(crate) run: Option<RunId>,
}

impl Scenario {
    /// Plays a client that starts the run and answers whatever it waits for. Returns when the run has ended
    /// or the server has failed to say how it is.
    pub(crate) async fn play(&self, world: &World, engine: &Engine, client: &mut Client) {
        match engine.execute(world.call(&self.document, self.inputs.clone())).await {
            Ok(reply) => client.run = Some(reply.view.id()),
            Err(EngineError::Store(StoreError::Unavailable { .. })) => return,
            Err(error) => panic!("{}: {error}", self.name),
        }
        self.go_on(world, engine, client.run.unwrap()).await;
    }

    /// Answers whatever the run waits for until it has ended.
    pub(crate) async fn go_on(&self, world: &World, engine: &Engine, run: RunId) -> RunView {
        loop {
            let view = match engine.inspect(world.workspace, run).await {
                Ok(view) => view,
                Err(EngineError::Store(StoreError::Unavailable { .. })) => continue,
                Err(error) => panic!("{}: {error}", self.name),
            };
            if view.status().is_finished() {
                return view;
            }
            let is_asked = |open: &OpenWait| open.wait.request.kind().asks_someone();
            let Some(open) = view.open_waits().into_iter().find(is_asked) else {
                tokio::task::yield_now().await;
                continue;
            };
            if !self.send(world, engine, run).await {
                continue;
            }
            let answer = self.answer(open.wait.request.kind());
            let choice = WaitChoice::Named(open.execution.to_string());
            match engine.resume(world.workspace, run, choice, answer, LONG).await {
                Ok(_) | Err(EngineError::RunNotWaiting { .. }) => {}
                Err(EngineError::Store(StoreError::Unavailable { .. })) => {}
                Err(error) => panic!("{}: {error}", self.name),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Sends the event that the run will wait for, by an id of its own; false when nobody knows whether it is there.
    async fn send(&self, world: &World, engine: &Engine, run: RunId) -> bool {
        let Some(name) = self.sends else { return true };
        let event = NewEvent {
            workspace: world.workspace,
            name: name.to_owned(),
            key: Some("1".to_owned()),
            data: Arc::new(json!({ "sum": 5 })),
            time_to_live: Some(LEASE * 1_000),
            id: Some(EventId::from_bytes(*run.as_bytes())),
        };
        match engine.publish_event(event).await {
            Ok(_) => true,
            Err(EngineError::Store(StoreError::Unavailable { .. })) => false,
            Err(error) => panic!("{}: {error}", self.name),
        }
    }

    fn answer(&self, kind: WaitKind) -> Answer {
        match kind {
            WaitKind::UserApproval if self.approves => approve(),
            WaitKind::UserApproval => reject(),
            WaitKind::ClientTool => tool(json!({ "found": 42 })),
            WaitKind::ShowForm => form(json!({ "who": "Ada" })),
            WaitKind::Wait | WaitKind::Event | WaitKind::RunFlow => panic!("nobody is asked"),
        }
    }

    /// Checks that a run has ended as the undisturbed one does, and the world was called as it should be.
    pub(crate) fn check(&self, what: &str, view: &RunView, work: &ScriptedStep) {
        let what = format!("{}, {what}", self.name);
        assert_eq!(view.damage, None, "{what}");
        let end = match view.state.end() {
            Some((_, RunEnd::Completed { output })) => Ok((**output).clone()),
            Some((_, RunEnd::Failed { error })) => Err(error.code.as_str()),
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(end, self.end, "{what}: {:?}", view.state.end());
        let mut inputs = HashMap::<ExecutionId, Arc<Value>>::new();
        for call in work.calls() {
            assert_eq!(call.execution.run, view.id(), "{what}");
            let input = inputs.entry(call.execution.clone()).or_insert_with(|| call.input.clone());
            assert_eq!(*input, call.input, "{what}: {} was sent another input", call.execution);
            let recorded = view.state.visit(call.execution.visit.as_str()).unwrap().input.as_ref();
            assert_eq!(recorded, Some(&call.input), "{what}: the recorded input is another one");
        }
        assert_eq!(inputs.len(), self.effects, "{what}: {:?}", work.calls());
    }
}

/// Checks that a run's log ends once, at its end, and numbers its events without a gap.
pub(crate) async fn check_log(store: &MemoryStore, run: RunId) {
    let events = store.run_events(run, 0).await.unwrap();
    let is_end = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::RunCompleted { .. } | EventKind::RunFailed { .. } | EventKind::RunCancelled {}
        )
    };
    assert_eq!(events.iter().filter(|event| is_end(&event.kind)).count(), 1, "{events:?}");
    assert!(is_end(&events.last().unwrap().kind), "{events:?}");
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "{events:?}");
    let record = store.run_record(run).await.unwrap().unwrap();
    assert!(record.status.is_finished() && record.status != RunStatus::Cancelled);
    assert!(record.finished_at.is_some());
}

/// The runs that a process tried to store, whether it succeeded or not.
pub(crate) fn tried<S>(store: &FaultyStore<S>) -> Vec<RunId> {
    let mut runs: Vec<RunId> = store.commits().iter().map(|commit| commit.run).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

pub(crate) fn registry(work: &ScriptedStep) -> Registry {
    steps(work)
}
