//! One key, one run.

use std::time::Duration;

use flow_engine::{EngineError, Execute, IdempotencyKey, Patience, Registry, Reply, RunView};
use flow_model::RunStatus;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{World, approve, as_time_passes, echo, output, soon, steps};

fn one_effect() -> Value {
    flow("one").api("start", []).step("one", "work", json!({})).done("end", [("a", 1)]).build()
}

fn keyed(world: &World, document: &Value, key: &str, body: u8) -> Execute {
    let key = IdempotencyKey {
        key: key.to_owned(),
        body_hash: [body; 32],
        expires_at: engine_now(world).after(Duration::from_secs(24 * 3600)),
    };
    Execute { idempotency: Some(key), ..world.call(document, json!({})) }
}

fn engine_now(world: &World) -> flow_model::Timestamp {
    flow_engine::Clock::now(&world.clock)
}

fn essence(reply: &Reply) -> (flow_model::RunId, RunStatus, Option<Value>) {
    let RunView { record, .. } = &reply.view;
    (record.id, reply.view.status(), reply.view.output().map(|output| (**output).clone()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_simultaneous_calls_with_one_key_are_one_run() {
    for _ in 0..50 {
        let world = World::new();
        let step = echo();
        let (engine, _) = world.faulty_engine(steps(&step)).await;
        let calls = [0; 3].map(|_| {
            let (engine, call) = (engine.clone(), keyed(&world, &one_effect(), "k", 1));
            tokio::spawn(async move { engine.execute(call).await })
        });
        let replies = soon(futures_util::future::join_all(calls)).await;
        all_are_one(replies.into_iter().map(|reply| reply.unwrap().unwrap()));
        assert_eq!(step.calls().len(), 1, "the losers begin no effect");
    }
}

#[tokio::test]
async fn two_calls_with_one_key_on_two_processes_are_one_run() {
    let world = World::new();
    let step = echo();
    let (one, _) = world.faulty_engine(steps(&step)).await;
    let (other, _) = world.faulty_engine(steps(&step)).await;
    let call = |engine: &flow_engine::Engine| {
        let (engine, call) = (engine.clone(), keyed(&world, &one_effect(), "k", 1));
        async move { engine.execute(call).await }
    };
    let calls = futures_util::future::join_all([call(&one), call(&other), call(&one)]);
    let replies = as_time_passes(&world.clock, calls).await;
    all_are_one(replies.into_iter().map(Result::unwrap));
    assert_eq!(step.calls().len(), 1);
}

fn all_are_one(replies: impl Iterator<Item = Reply>) {
    let replies: Vec<_> = replies.map(|reply| essence(&reply)).collect();
    assert_eq!(replies[0].2, Some(json!({ "a": 1 })));
    assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
}

#[tokio::test]
async fn the_same_key_and_body_is_the_same_run_and_reply() {
    let world = World::new();
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    let first = soon(engine.execute(keyed(&world, &one_effect(), "k", 1))).await.unwrap();
    let again = soon(engine.execute(keyed(&world, &one_effect(), "k", 1))).await.unwrap();
    assert_eq!(essence(&first), essence(&again));
    assert!(again.settled);
    let call = Execute { patience: Patience::UntilStored, ..keyed(&world, &one_effect(), "k", 1) };
    assert_eq!(soon(engine.execute(call)).await.unwrap().view.id(), first.view.id());
    assert_eq!(step.calls().len(), 1);
    let other = soon(engine.execute(keyed(&world, &one_effect(), "k2", 1))).await.unwrap();
    assert_ne!(other.view.id(), first.view.id());
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let world = World::new();
    let step = echo();
    let engine = world.engine(steps(&step)).await;
    soon(engine.execute(keyed(&world, &one_effect(), "k", 1))).await.unwrap();
    for patience in [crate::world::LONG, Patience::UntilStored] {
        let call = Execute { patience, ..keyed(&world, &one_effect(), "k", 2) };
        let refused = soon(engine.execute(call)).await;
        assert!(matches!(refused, Err(EngineError::IdempotencyKeyReused)), "{refused:?}");
    }
    assert_eq!(step.calls().len(), 1);
    soon(engine.stop(Duration::from_secs(3600))).await;
}

#[tokio::test]
async fn the_second_waits_while_the_first_is_running() {
    let world = World::new();
    let step = echo().held();
    let engine = world.engine(steps(&step)).await;
    let call = |body| {
        let (engine, call) = (engine.clone(), keyed(&world, &one_effect(), "k", body));
        tokio::spawn(async move { engine.execute(call).await })
    };
    let first = call(1);
    soon(step.until_begun(1)).await;
    let second = call(1);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished());
    step.release_all();
    let (first, second) = (soon(first).await.unwrap().unwrap(), soon(second).await.unwrap().unwrap());
    assert_eq!(essence(&first), essence(&second));
    assert_eq!(step.calls().len(), 1);
}

#[tokio::test]
async fn the_reply_tells_the_runs_present_state() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("ask").api("start", []).approval("ask", "?").done("end", [("a", 1)]).build();
    let first = soon(engine.execute(keyed(&world, &document, "k", 1))).await.unwrap();
    let again = soon(engine.execute(keyed(&world, &document, "k", 1))).await.unwrap();
    assert_eq!((again.settled, again.view.status()), (true, RunStatus::Waiting));
    assert_eq!(again.view.open_waits().len(), 1);
    world.resume(&engine, first.view.id(), flow_engine::WaitChoice::Only, approve()).await.unwrap();
    let again = soon(engine.execute(keyed(&world, &document, "k", 1))).await.unwrap();
    assert_eq!(again.view.id(), first.view.id());
    assert_eq!(output(&again.view), json!({ "a": 1 }));
}

#[tokio::test]
async fn faults_found_before_a_run_exists_are_not_remembered() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = flow("strict")
        .api("start", [flow_testkit::documents::required("n", "number")])
        .done("end", [("n", "{{n}}")])
        .build();
    let refused = soon(engine.execute(keyed(&world, &document, "k", 1))).await;
    assert!(matches!(refused, Err(EngineError::InvalidInputs(_))));
    let call =
        Execute { inputs: crate::world::object(json!({ "n": 5 })), ..keyed(&world, &document, "k", 2) };
    assert_eq!(output(&soon(engine.execute(call)).await.unwrap().view), json!({ "n": 5 }));
}

#[tokio::test]
async fn a_key_is_free_again_once_it_expires_and_after_a_crash_before_the_commit() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let document = flow("pure").api("start", []).done("end", [("a", 1)]).build();
    let first = soon(engine.execute(keyed(&world, &document, "k", 1))).await.unwrap();
    world.clock.advance(Duration::from_secs(24 * 3600));
    let call = engine.execute(keyed(&world, &document, "k", 2));
    let anew = as_time_passes(&world.clock, call).await.unwrap();
    assert_ne!(anew.view.id(), first.view.id());

    store.set_rule(|call| {
        if call.name == "run_create" { flow_testkit::Fate::Die } else { flow_testkit::Fate::Pass }
    });
    soon(async {
        tokio::select! {
            _ = engine.execute(keyed(&world, &document, "k3", 1)) => panic!("its process died"),
            () = store.until_dead() => {}
        }
    })
    .await;
    let next = world.engine(Registry::new()).await;
    let again = soon(next.execute(keyed(&world, &document, "k3", 9))).await.unwrap();
    assert_eq!(output(&again.view), json!({ "a": 1 }));
}
