//! Runs that can't go on are set aside, and hold nobody up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flow_engine::{Append, Commit, Create, Created, Engine, EngineError, Registry, RunRecord, Store};
use flow_model::{
    BatchId, Binding, DefinitionHash, EventKind, NodeId, RunEvent, RunId, RunStart, RunStatus, Trigger,
    VisitPath,
};
use flow_testkit::KnownSecrets;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{LEASE, World, as_time_passes, echo, error, output, soon, steps};

fn document() -> Value {
    flow("poison").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build()
}

/// Stores a run with these events as if a process that died had written them.
async fn orphan(world: &World, definition: &Value, kinds: Vec<EventKind>) -> RunId {
    orphan_with_status(world, definition, kinds, RunStatus::Running).await
}

async fn orphan_with_status(
    world: &World,
    definition: &Value,
    kinds: Vec<EventKind>,
    status: RunStatus,
) -> RunId {
    let now = flow_engine::Clock::now(&world.clock);
    let hash = DefinitionHash::of(definition);
    world.store.definition_store(hash, Arc::new(definition.clone())).await.unwrap();
    let number = world.entropy.next_u64().to_le_bytes();
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number);
    let events: Vec<_> = (1..).zip(kinds).map(|(seq, kind)| RunEvent { seq, time: now, kind }).collect();
    let record = RunRecord {
        id: RunId::new(now, random),
        workspace: world.workspace,
        flow: None,
        version: None,
        definition: hash,
        trigger: "api".into(),
        status,
        seq: events.len() as u64,
        created_at: now,
        finished_at: None,
        cancel_requested_at: None,
        parent: None,
        retry_of: None,
        slot: None,
    };
    let run = record.id;
    let commit = Commit {
        batch: BatchId::new(now, random),
        events,
        waits_opened: Vec::new(),
        timers_set: Vec::new(),
        waits_taken: Vec::new(),
        closed: Vec::new(),
        release: false,
        children: Vec::new(),
        answer: None,
    };
    let node = NodeId::new(now, random);
    let create = Create { record, idempotency: None, node, queued: false, commit };
    let created = world.store.run_create(create).await.unwrap();
    assert!(matches!(created, Created::New(_)));
    run
}

fn started(next: &str) -> EventKind {
    EventKind::RunStarted(Box::new(RunStart {
        trigger: Trigger { step: "start".parse().unwrap(), kind: "api".into(), data: Arc::new(json!({})) },
        inputs: Arc::new(json!({})),
        current_user: Arc::new(json!({})),
        seed: 1,
        next: Some(visit(next)),
    }))
}

fn visit(text: &str) -> VisitPath {
    VisitPath::from_stored(text)
}

fn step_started(text: &str, input: Option<Value>) -> EventKind {
    EventKind::StepStarted { visit: visit(text), input: input.map(Arc::new) }
}

#[tokio::test]
async fn what_cant_go_on_is_set_aside_and_others_go_on() {
    let world = World::new();
    let completed = |text: &str| EventKind::StepCompleted {
        visit: visit(text),
        output: Arc::new(json!({})),
        binding: Binding::None,
        next: None,
    };
    let poisons = [
        ("out of order", vec![started("one"), completed("one")]),
        ("twice started", vec![started("one"), started("one")]),
        ("not started", vec![step_started("one", None)]),
        ("no such step", vec![started("gone")]),
        ("nothing left to do", vec![started("one"), step_started("one", Some(json!({}))), completed("one")]),
        ("in the middle", vec![started("one"), step_started("one", None)]),
        ("an input for none", vec![started("end"), step_started("end", Some(json!({})))]),
    ];
    let mut runs = Vec::new();
    for (name, kinds) in poisons {
        let count = kinds.len();
        runs.push((name, count, orphan(&world, &document(), kinds).await));
    }
    let invalid = json!({ "name": "invalid", "definition": { "steps": [] } });
    runs.push(("invalid definition", 1, orphan(&world, &invalid, vec![started("one")]).await));
    let fine = orphan(&world, &document(), vec![started("one")]).await;
    let half = orphan(&world, &document(), vec![started("one"), step_started("one", Some(json!({})))]).await;
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    for run in [fine, half] {
        assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "a": 1 }));
    }
    for (name, count, run) in runs {
        let view = world.until_ended(&engine, run).await;
        assert_eq!(view.status(), RunStatus::Failed, "{name}");
        let events = world.store.run_events(run, 0).await.unwrap();
        assert_eq!(events.len(), count + 1, "{name}: its events are kept");
        let EventKind::RunFailed { error } = &events.last().unwrap().kind else { panic!("{name}") };
        assert_eq!(error.code, "run_quarantined", "{name}");
        let poll = engine.poll(world.workspace, run, 0, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(poll.events.len(), count + 1, "{name}");
        let refused = engine.cancel(world.workspace, run).await;
        assert!(matches!(refused, Err(EngineError::RunFinished { .. })), "{name}: {refused:?}");
    }
    assert_eq!(step.calls().len(), 2);
}

#[tokio::test]
async fn a_run_whose_processes_die_three_times_over_it_is_set_aside() {
    let world = World::new();
    let run = orphan(&world, &document(), vec![started("one"), step_started("one", Some(json!({})))]).await;
    let mut deadly = Vec::new();
    for _ in 0..3 {
        let step = echo().held();
        let (engine, store) = world.faulty_engine(steps(&step)).await;
        soon(step.until_begun(1)).await;
        // The step takes the whole process down.
        store.die();
        world.clock.advance(LEASE);
        deadly.push((engine, step));
    }
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    let view = world.until_ended(&engine, run).await;
    assert_eq!(error(&view).code, "run_quarantined");
    assert_eq!(step.calls().len(), 0, "a fourth process isn't risked");
}

#[tokio::test]
async fn a_commit_between_the_deaths_begins_the_count_again() {
    let world = World::new();
    let mut document = flow("long").api("start", []);
    for index in 0..6 {
        document = document.step(&format!("s{index}"), "work", json!({}));
    }
    let document = document.done("end", [("a", 1)]).build();
    let run = orphan(&world, &document, vec![started("s0")]).await;
    let mut deadly = Vec::new();
    for _ in 0..6 {
        let step = echo().held();
        let (engine, store) = world.faulty_engine(steps(&step)).await;
        soon(step.until_begun(1)).await;
        step.release(1);
        soon(step.until_begun(2)).await;
        store.die();
        world.clock.advance(LEASE);
        deadly.push((engine, step));
        if deadly.len() == 5 {
            break;
        }
    }
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    assert_eq!(output(&world.until_ended(&engine, run).await), json!({ "a": 1 }));
}

#[tokio::test]
async fn more_poison_than_is_taken_up_at_once_holds_nobody_up() {
    let world = World::new();
    let mut poison = Vec::new();
    for _ in 0..200 {
        poison.push(orphan(&world, &document(), vec![started("gone")]).await);
    }
    let fine = orphan(&world, &document(), vec![started("one")]).await;
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    assert_eq!(output(&world.until_ended(&engine, fine).await), json!({ "a": 1 }));
    for run in poison {
        assert_eq!(error(&world.until_ended(&engine, run).await).code, "run_quarantined");
    }
}

#[tokio::test]
async fn a_run_that_is_set_aside_while_the_store_is_away_is_set_aside_later() {
    let world = World::new();
    let run = orphan(&world, &document(), vec![started("gone")]).await;
    let (engine, store): (Engine, _) = world.faulty_engine(Registry::new()).await;
    let (records, appends) = (AtomicUsize::new(0), AtomicUsize::new(0));
    store.set_rule(move |call| {
        let failed = match call.name {
            "run_record" => &records,
            "run_append" => &appends,
            _ => return flow_testkit::Fate::Pass,
        };
        let is_away = failed.fetch_add(1, Ordering::Relaxed) < 5;
        if is_away { flow_testkit::Fate::Fail } else { flow_testkit::Fate::Pass }
    });
    let ended = async {
        loop {
            let record = world.store.run_record(run).await.unwrap().unwrap();
            if record.status.is_finished() {
                return record.status;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(as_time_passes(&world.clock, ended).await, RunStatus::Failed);
    assert_eq!(error(&world.inspect(&engine, run).await).code, "run_quarantined");
}

#[tokio::test]
async fn a_poisoned_run_that_is_to_be_cancelled_ends_as_cancelled() {
    let world = World::new();
    let run = orphan(&world, &document(), vec![started("one"), started("one")]).await;
    let now = flow_engine::Clock::now(&world.clock);
    world.store.run_cancel(run, now, false).await.unwrap();
    let engine = world.engine(Registry::new()).await;
    assert_eq!(world.until_ended(&engine, run).await.status(), RunStatus::Cancelled);
    let stale = Append {
        run,
        node: NodeId::from_bytes([1; 16]),
        epoch: 1,
        expected_seq: 2,
        status: RunStatus::Running,
        finished_at: None,
        commit: Commit {
            batch: BatchId::from_bytes([1; 16]),
            events: vec![RunEvent { seq: 3, time: now, kind: step_started("one", None) }],
            waits_opened: Vec::new(),
            timers_set: Vec::new(),
            waits_taken: Vec::new(),
            closed: Vec::new(),
            release: false,
            children: Vec::new(),
            answer: None,
        },
    };
    assert!(world.store.run_append(stale).await.unwrap().is_err());
}

/// A definition's secrets have places in the recorded input. One that lacks them isn't sent with something else there.
#[tokio::test]
async fn an_input_without_the_place_of_its_secret_is_not_sent() {
    let world = World::new();
    let data = json!({ "url": "{{secrets.KEY}}" });
    let document = flow("poison").api("start", []).step("one", "work", data).done("end", [("a", 1)]).build();
    let recorded = json!({ "body": "somebody wrote this" });
    let run = orphan(&world, &document, vec![started("one"), step_started("one", Some(recorded))]).await;
    world.clock.advance(2 * LEASE);
    let step = echo().with_secrets_in(&["url"]);
    let secrets = KnownSecrets::new(world.workspace, [("KEY", "s3cr3t-value")]);
    let engine =
        Engine::builder().store(world.store.clone()).steps(steps(&step)).limits(world.limits.clone());
    let engine = engine.clock(Arc::new(world.clock.clone())).entropy(world.entropy.clone());
    let engine = engine.secrets(Arc::new(secrets)).build().await.unwrap();
    let view = world.until_ended(&engine, run).await;
    assert_eq!(error(&view).code, "input_unreadable");
    assert_eq!(step.calls().len(), 0);
}
