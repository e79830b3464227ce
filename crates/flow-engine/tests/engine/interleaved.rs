//! Places in slots under whatever order of things.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::WaitChoice::Only;
use flow_engine::{Effect, Patience, Registry, Step, StepContext, StepError, Store};
use flow_model::{EventKind, Fields, RunStatus};
use flow_testkit::documents::{flow, required};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::concurrency::start;
use crate::world::{World, approve, as_time_passes, soon};

/// The most runs of each slot that were driven at the same time, as their steps tell.
#[derive(Default)]
struct Most(Mutex<HashMap<String, (i64, i64)>>);

impl Most {
    fn change(&self, who: &str, by: i64) {
        let mut counts = self.0.lock().unwrap();
        let (now, most) = counts.entry(who.to_owned()).or_default();
        *now += by;
        *most = (*most).max(*now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is started, answered, cancelled and restarted when: no slot is ever exceeded, every run ends, and none
    /// is lost.
    #[test]
    fn no_interleaving_exceeds_a_limit(
        limit in 1_u32..=3,
        deeds in proptest::collection::vec((0_u8..8, 0_usize..8, 0_usize..20), 1..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(interleave(limit, deeds));
    }
}

async fn interleave(limit: u32, deeds: Vec<(u8, usize, usize)>) {
    let world = World::new();
    let most = Arc::new(Most::default());
    let step = Counting { most: most.clone(), gate: Arc::new(Semaphore::new(0)) };
    let registry = || Registry::new().with(step.clone());
    let document = flow("limited")
        .api("start", [required("who", "string"), required("n", "number")])
        .setting("concurrency", json!({ "limit": limit, "key": "{{who}}" }))
        .step("one", "count", json!({ "who": "{{who}}" }))
        .condition("which", [("ask", "n % 2 == 0", "ask")], Some("end"))
        .approval("ask", "Go on?")
        .step("two", "count", json!({ "who": "{{who}}" }))
        .done("end", [("n", "{{n}}")])
        .build();
    let mut engines = [world.faulty_engine(registry()).await, world.faulty_engine(registry()).await];
    let mut runs = Vec::new();
    for (n, (deed, which, turns)) in deeds.into_iter().enumerate() {
        let at = which % engines.len();
        let engine = engines[at].0.clone();
        match deed {
            0..=3 => {
                let who = ["a", "b"][which % 2];
                runs.push(start(&world, &engine, &document, json!({ "who": who, "n": n })).await);
            }
            4 => step.gate.add_permits(1),
            5 if !runs.is_empty() => {
                let run = runs[which % runs.len()];
                let answered = engine.resume(world.workspace, run, Only, approve(), Patience::UntilStored);
                let _ = soon(answered).await;
            }
            6 if !runs.is_empty() => {
                let _ =
                    as_time_passes(&world.clock, engine.cancel(world.workspace, runs[which % runs.len()]))
                        .await;
            }
            7 => {
                engine.stop(Duration::ZERO).await;
                engines[at] = world.faulty_engine(registry()).await;
            }
            _ => {}
        }
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }
    step.gate.close();
    let engine = engines[0].0.clone();
    for run in runs {
        let ended = async {
            loop {
                let view = world.inspect(&engine, run).await;
                if view.status().is_finished() {
                    return view;
                }
                if view.status() == RunStatus::Waiting {
                    let _ = engine.resume(world.workspace, run, Only, approve(), Patience::UntilStored).await;
                }
                tokio::task::yield_now().await;
            }
        };
        let view = as_time_passes(&world.clock, ended).await;
        assert!(matches!(view.status(), RunStatus::Completed | RunStatus::Cancelled), "{view:?}");
        let events = world.store.run_events(run, 0).await.unwrap();
        let starts = events.iter().filter(|event| matches!(event.kind, EventKind::RunStarted(_))).count();
        assert_eq!(starts, 1);
    }
    for (now, most) in most.0.lock().unwrap().values() {
        assert_eq!(*now, 0);
        assert!(*most <= i64::from(limit), "{most} at once, and the limit is {limit}");
    }
}

/// A step that counts the calls under way.
#[derive(Clone)]
struct Counting {
    most: Arc<Most>,
    gate: Arc<Semaphore>,
}

struct UnderWay<'a>(&'a Most, String);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.change(&self.1, -1);
    }
}

#[async_trait]
impl Step for Counting {
    fn kind(&self) -> &'static str {
        "count"
    }

    fn effect(&self) -> Effect {
        Effect::World
    }

    fn check(&self, _data: &Fields<'_>) {}

    async fn run(&self, _context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        let who = input["who"].as_str().unwrap_or_default().to_owned();
        self.most.change(&who, 1);
        let _under_way = UnderWay(&self.most, who);
        if let Ok(permit) = self.gate.acquire().await {
            permit.forget();
        }
        Ok(json!({}))
    }
}
