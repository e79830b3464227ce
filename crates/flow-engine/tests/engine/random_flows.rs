//! Flows of any shape come to an end, whatever is open in them, whenever their process dies.

use std::collections::HashMap;

use flow_engine::{Answer, Engine, EngineError, Store, StoreError, WaitChoice};
use flow_model::{EventKind, RunId, RunState, WaitKind, apply};
use flow_testkit::Fate;
use serde_json::{Value, json};

use crate::scenario::{check_log, registry, tried, work};
use crate::world::{LEASE, LONG, World, approve, as_time_passes, reject, tool};

/// Chance that is the same each time (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
}

/// Makes documents of steps in loops and branches.
pub(crate) struct Author {
    chance: Chance,
    steps: usize,
    /// Whether there are steps that set variables, and steps that note something.
    logs: bool,
}

impl Author {
    fn document(seed: u64) -> Value {
        Self { chance: Chance(seed), steps: 0, logs: false }.write()
    }

    /// A document with many steps of type `log`.
    pub(crate) fn logging(seed: u64) -> Value {
        Self { chance: Chance(seed), steps: 0, logs: true }.write()
    }

    fn write(self) -> Value {
        let mut author = self;
        let mut steps = vec![json!({ "id": "start", "type": "api", "data": {} })];
        steps.push(json!({ "id": "list", "type": "transform", "data": { "expression": "[1, 2, 3, 4]" } }));
        steps.extend(author.graph(0));
        steps.push(json!({ "id": "end", "type": "final", "data": { "outputs": [] } }));
        for index in 0..steps.len() - 1 {
            let next = steps[index + 1]["id"].clone();
            // Those that a care leads to were given their successors.
            if steps[index].get("nextStepId").is_none() {
                steps[index]["nextStepId"] = next;
            }
        }
        let mut settings = json!({});
        if author.chance.below(4) == 0 {
            steps.push(json!({ "id": "help", "type": "work", "data": { "n": 0 }, "nextStepId": "sorry" }));
            steps.push(json!({ "id": "sorry", "type": "final", "data": { "outputs": [] } }));
            settings["onError"] = json!({ "stepId": "help" });
        }
        if author.chance.below(5) == 0 {
            settings["timeoutMs"] = json!(author.chance.one(&[1, 30, 1_000]));
        }
        json!({ "name": "random", "definition": { "steps": steps }, "settings": settings })
    }

    /// Steps one after the other.
    fn graph(&mut self, depth: u64) -> Vec<Value> {
        let count = 1 + self.chance.below(3);
        let mut steps: Vec<Value> = (0..count).map(|_| self.step(depth)).collect();
        for index in 1..steps.len() {
            steps[index - 1]["nextStepId"] = steps[index]["id"].clone();
            if self.chance.below(6) == 0 {
                steps[index - 1]["onError"] = json!({ "stepId": steps[index]["id"] });
            }
        }
        steps
    }

    fn small_step(&mut self) -> Value {
        let id = format!("s{}", self.steps);
        let (kind, data) = match self.chance.below(3) {
            // A variable of its own, since what is outside of a branch can't be set in it.
            0 => (
                "set-variables",
                json!({ "variables": [{ "name": format!("v{}", self.steps), "value": 1 }] }),
            ),
            _ => ("log", json!({ "message": "" })),
        };
        let mut step = json!({ "id": id, "type": kind, "data": data });
        match self.chance.below(8) {
            0 => step["onError"] = json!("continue"),
            1 => step["when"] = json!("flow.executionId < 'a'"),
            2 => step["disabled"] = json!(self.chance.below(3) == 0),
            _ => {}
        }
        step
    }

    fn step(&mut self, depth: u64) -> Value {
        self.steps += 1;
        let kinds = if depth < 3 && self.steps < 25 { 12 } else { 8 };
        if self.logs && self.chance.below(3) > 0 {
            return self.small_step();
        }
        let (kind, data) = match self.chance.below(kinds) {
            0 => ("transform", json!({ "expression": "1" })),
            1 => ("work", json!({ "n": "{{item ?? iteration ?? 0}}" })),
            2 => ("work", json!({ "fail": true })),
            3 => ("work", json!({ "flaky": 1 })),
            4 => (
                "user-approval",
                json!({ "message": "?", "expiresInMs": 40, "onExpire": self.chance.one(&["fail", "reject"]) }),
            ),
            5 => ("client-tool", json!({ "toolName": "t" })),
            6 => ("wait", json!({ "durationMs": 1 + self.chance.below(20) })),
            7 => ("fail", json!({ "message": "no" })),
            8 | 9 => (
                "each",
                json!({
                    "arrayVariable": "list",
                    "maxItems": 1 + self.chance.below(4),
                    "concurrency": 1 + self.chance.below(3),
                    "onItemError": self.chance.one(&["stop", "continue"]),
                    "steps": self.graph(depth + 1),
                }),
            ),
            10 => (
                "while",
                json!({ "condition": format!("iteration < {}", self.chance.below(3)), "maxIterations": 2, "steps": self.graph(depth + 1) }),
            ),
            _ => {
                let branches: Vec<_> =
                    (0..=self.chance.below(3)).map(|_| json!({ "steps": self.graph(depth + 1) })).collect();
                (
                    "parallel",
                    json!({ "join": self.chance.one(&["all", "any", "settled"]), "branches": branches }),
                )
            }
        };
        let mut step = json!({ "id": format!("s{}", self.steps), "type": kind, "data": data });
        // The id is taken before the steps inside take theirs.
        step["id"] = json!(format!("s{}_{}", self.steps, self.chance.next()));
        match self.chance.below(8) {
            0 => step["onError"] = json!("continue"),
            1 if kind == "work" => {
                step["retry"] =
                    json!({ "maxAttempts": 3, "initialDelayMs": 10, "retryOn": ["network", "on_request"] })
            }
            2 => step["when"] = json!("(item ?? 0) != 2"),
            _ => {}
        }
        step
    }
}

/// Answers whatever a run waits for until it has ended.
pub(crate) async fn go_on(world: &World, engine: &Engine, run: RunId, chance: &mut Chance) {
    loop {
        let view = match engine.inspect(world.workspace, run).await {
            Ok(view) => view,
            Err(EngineError::Store(StoreError::Unavailable { .. }) | EngineError::RunNotFound(_)) => {
                tokio::task::yield_now().await;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        if view.record.status.is_finished() {
            return;
        }
        let mut open = view.open_waits();
        open.retain(|open| open.wait.request.kind().asks_someone());
        if open.is_empty() {
            tokio::task::yield_now().await;
            continue;
        }
        let open = chance.one(&open);
        let answer = match (open.wait.request.kind(), chance.below(4)) {
            (WaitKind::ClientTool, 0) => Answer::Tool(Err("no".to_owned())),
            (WaitKind::ClientTool, _) => tool(json!(1)),
            (_, 0) => reject(),
            (_, 1) => {
                // Nobody answers for a while.
                for _ in 0..60 {
                    tokio::task::yield_now().await;
                }
                continue;
            }
            _ => approve(),
        };
        let choice = WaitChoice::Named(open.execution.to_string());
        match engine.resume(world.workspace, run, choice, answer, LONG).await {
            Ok(_) | Err(EngineError::RunNotWaiting { .. } | EngineError::WaitExpired(_)) => {}
            Err(EngineError::Store(StoreError::Unavailable { .. })) => {}
            Err(error) => panic!("{error}"),
        }
        // An answer that is stored and not taken up shows no end yet.
        tokio::task::yield_now().await;
    }
}

/// What holds of every run that has ended.
async fn check(what: &str, world: &World, run: RunId) {
    let events = world.store.run_events(run, 0).await.unwrap();
    let mut state = RunState::new();
    let mut inputs = HashMap::new();
    for event in &events {
        apply(&mut state, event).unwrap_or_else(|illegal| panic!("{what}: {illegal}"));
        match &event.kind {
            EventKind::RunFailed { error } => assert_ne!(error.code, "run_quarantined", "{what}: {error:?}"),
            EventKind::StepStarted { visit, input } => {
                assert!(inputs.insert(visit.clone(), input.clone()).is_none(), "{what}: {visit} twice");
            }
            _ => {}
        }
    }
    assert_eq!(state.open().count() + state.ready().count() + state.backing_off().count(), 0, "{what}");
    let waits = world.store.wait_list(run).await.unwrap();
    assert!(waits.iter().all(|wait| wait.state != flow_engine::WaitState::Open), "{what}: a wait is open");
    assert_eq!(world.store.timer_next().await.unwrap(), None, "{what}: a timer is left");
    check_log(&world.store, run).await;
}

async fn plays(seed: u64, dies_at: Option<usize>) -> bool {
    let document = Author::document(seed);
    let mut chance = Chance(seed ^ 0xABCD);
    let (world, work) = (World::new(), work());
    let (engine, store) = world.faulty_engine(registry(&work)).await;
    let fate = if chance.below(2) == 0 { Fate::Die } else { Fate::DieAfter };
    store.set_rule(move |call| if Some(call.number) == dies_at { fate } else { Fate::Pass });
    let inputs = json!({});
    let mut call = world.call(&document, inputs);
    call.inputs = serde_json::Map::new();
    let over = as_time_passes(&world.clock, async {
        tokio::select! {
            () = store.until_dead() => false,
            reply = engine.execute(call) => {
                let run = reply.unwrap_or_else(|error| panic!("seed {seed}: {error:?} {document}")).view.id();
                tokio::select! {
                    () = store.until_dead() => false,
                    () = go_on(&world, &engine, run, &mut chance) => true,
                }
            }
        }
    })
    .await;
    let what = format!("seed {seed}, death at {dies_at:?}, {document}");
    let runs = tried(&store);
    if !over {
        let next = world.engine(registry(&work)).await;
        world.clock.advance(LEASE);
        for run in &runs {
            if world.store.run_record(*run).await.unwrap().is_some() {
                as_time_passes(&world.clock, go_on(&world, &next, *run, &mut chance)).await;
                check(&what, &world, *run).await;
            }
        }
        return false;
    }
    for run in runs {
        check(&what, &world, run).await;
    }
    true
}

#[tokio::test]
async fn any_flow_ends_and_leaves_nothing_open() {
    // And one that failed once.
    for seed in (0..200).chain([2_337]) {
        assert!(plays(seed, None).await);
    }
}

#[tokio::test]
async fn any_flow_ends_although_its_process_dies() {
    // And those that failed once.
    for seed in (1_000..1_100).chain([5_488]) {
        let mut chance = Chance(seed);
        for _ in 0..3 {
            let number = 3 + usize::try_from(chance.below(25)).unwrap();
            plays(seed, Some(number)).await;
        }
    }
}
