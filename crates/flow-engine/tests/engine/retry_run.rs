//! Finished runs that are started again, anew or at a step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flow_engine::{Engine, EngineError, Execute, Patience, Reply, Retry, RunView, StepError, Store, Target};
use flow_model::{RunId, RunStatus};
use flow_testkit::documents::{flow, required};
use flow_testkit::{Fate, ScriptedStep};
use serde_json::{Value, json};

use crate::flows::{created, edit, publish};
use crate::world::{LEASE, LONG, World, as_time_passes, error, object, output, soon, steps};

/// Calls the world in a loop and after it; the last call fails while the world is broken.
fn document() -> Value {
    flow("long")
        .api("start", [required("n", "number")])
        .step("list", "transform", json!({ "expression": "[1, 2]" }))
        .step(
            "loop",
            "each",
            json!({ "arrayVariable": "list", "steps": [
                { "id": "call", "type": "work", "data": { "n": "{{item}}" } } ] }),
        )
        .step("last", "work", json!({ "n": "{{n}}", "sum": "{{loop.results[0].call.n + loop.results[1].call.n}}", "last": true }))
        .done("end", [("last", "{{last}}"), ("n", "{{n}}")])
        .build()
}

fn work(broken: &Arc<AtomicBool>) -> ScriptedStep {
    let broken = broken.clone();
    ScriptedStep::new("work").answers(move |call| {
        if call.input.get("last").is_some() && broken.load(Ordering::Relaxed) {
            return Err(StepError::new("broken", "the world is broken"));
        }
        Ok((*call.input).clone())
    })
}

fn retry(world: &World, run: RunId) -> Retry {
    Retry {
        workspace: world.workspace,
        run,
        from: None,
        inputs: None,
        version: None,
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience: LONG,
    }
}

async fn retried(engine: &Engine, request: Retry) -> Result<Reply, EngineError> {
    soon(engine.retry(request)).await
}

struct Failed {
    world: World,
    work: ScriptedStep,
    engine: Engine,
    run: RunView,
}

/// A run that failed at its last call, in a world that works again.
async fn failed() -> Failed {
    let broken = Arc::new(AtomicBool::new(true));
    let (world, work) = (World::new(), work(&broken));
    let engine = world.engine(steps(&work)).await;
    let run = world.run(&engine, &document(), json!({ "n": 5 })).await;
    assert_eq!(error(&run).code, "broken");
    broken.store(false, Ordering::Relaxed);
    Failed { world, work, engine, run }
}

#[tokio::test]
async fn a_retry_from_the_failed_step_repeats_nothing_before_it_and_sends_a_new_key() {
    let Failed { world, work, engine, run } = failed().await;
    let calls = work.calls().len();
    let request = Retry { from: Some("last".parse().unwrap()), ..retry(&world, run.id()) };
    let reply = retried(&engine, request).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "last": { "n": 5, "sum": 3, "last": true }, "n": 5 }));
    assert_eq!(reply.view.record.retry_of, Some(run.id()));
    assert_ne!(reply.view.id(), run.id());
    let new: Vec<_> = work.calls().into_iter().skip(calls).collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].execution.run, reply.view.id());
    // What was copied is there to be seen, and the old run stays as it was.
    assert_eq!(reply.view.state.output("loop[1]/call"), run.state.output("loop[1]/call"));
    let stored = world.inspect(&engine, reply.view.id()).await;
    assert_eq!(stored.state, reply.view.state);
    assert_eq!(world.inspect(&engine, run.id()).await.state, run.state);
}

#[tokio::test]
async fn a_retry_without_a_step_begins_anew() {
    let Failed { world, work, engine, run } = failed().await;
    let reply = retried(&engine, retry(&world, run.id())).await.unwrap();
    assert_eq!(output(&reply.view)["n"], json!(5));
    assert_eq!(work.calls().iter().filter(|call| call.execution.run == reply.view.id()).count(), 3);
}

#[tokio::test]
async fn inputs_can_be_edited_and_are_checked() {
    let Failed { world, engine, run, .. } = failed().await;
    let from = |inputs| Retry {
        from: Some("last".parse().unwrap()),
        inputs: Some(object(inputs)),
        ..retry(&world, run.id())
    };
    let reply = retried(&engine, from(json!({ "n": 8 }))).await.unwrap();
    assert_eq!(output(&reply.view)["last"]["n"], json!(8));
    let refused = retried(&engine, from(json!({ "n": "eight" }))).await;
    assert!(matches!(refused, Err(EngineError::InvalidInputs(_))), "{refused:?}");
}

#[tokio::test]
async fn what_cant_be_retried_is_refused_by_name() {
    let Failed { world, engine, run, .. } = failed().await;
    for step in ["end", "call", "start", "nothing"] {
        let request = Retry { from: Some(step.parse().unwrap()), ..retry(&world, run.id()) };
        let refused = retried(&engine, request).await;
        assert!(matches!(refused, Err(EngineError::StepNotReached { .. })), "{step}: {refused:?}");
    }
    let request = Retry { version: Some("latest".parse().unwrap()), ..retry(&world, run.id()) };
    assert!(matches!(retried(&engine, request).await, Err(EngineError::RunOfNoFlow(_))));
    let unknown = RunId::new(flow_model::Timestamp::from_millis(1), [3; 10]);
    assert!(matches!(retried(&engine, retry(&world, unknown)).await, Err(EngineError::RunNotFound(_))));
    let asks = flow("asks").api("start", []).approval("ask", "?").done("end", [("x", json!(1))]).build();
    let open = world.run(&engine, &asks, json!({})).await;
    let refused = retried(&engine, retry(&world, open.id())).await;
    assert!(
        matches!(refused, Err(EngineError::RunUnfinished { status: RunStatus::Waiting, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn another_version_must_have_every_copied_step() {
    let broken = Arc::new(AtomicBool::new(true));
    let (world, work) = (World::new(), work(&broken));
    let engine = world.engine(steps(&work)).await;
    let flow = created(&world, &engine, &document()).await;
    publish(&world, &engine, flow).await;
    let target = || Target::Published(flow, "latest".parse().unwrap());
    let call = Execute { target: target(), ..world.call(&json!({}), json!({ "n": 5 })) };
    let run = soon(engine.execute(call)).await.unwrap().view;
    broken.store(false, Ordering::Relaxed);

    let mut mended = document();
    mended["definition"]["steps"][3]["data"]["mended"] = json!(true);
    edit(&world, flow, &mended).await;
    publish(&world, &engine, flow).await;
    let request = |from: &str| Retry {
        from: Some(from.parse().unwrap()),
        version: Some("latest".parse().unwrap()),
        ..retry(&world, run.id())
    };
    let reply = retried(&engine, request("last")).await.unwrap();
    assert_eq!(output(&reply.view)["last"]["mended"], json!(true));
    assert_eq!(reply.view.record.version, Some(2));

    let mut other = document();
    other["definition"]["steps"][2]["data"]["steps"][0]["type"] = json!("transform");
    other["definition"]["steps"][2]["data"]["steps"][0]["data"] = json!({ "expression": "{ n: item }" });
    edit(&world, flow, &other).await;
    publish(&world, &engine, flow).await;
    let refused = retried(&engine, request("last")).await;
    assert!(matches!(refused, Err(EngineError::StepDiffers { ref step }) if step == "call"), "{refused:?}");
    assert!(retried(&engine, request("loop")).await.is_ok(), "nothing of the loop is copied");
}

#[tokio::test]
async fn a_process_that_dies_anywhere_in_a_retry_repeats_nothing_that_was_copied() {
    for fate in [Fate::Die, Fate::DieAfter] {
        for number in 1..40 {
            let Failed { world, work, engine, run } = failed().await;
            soon(engine.stop(std::time::Duration::from_secs(1))).await;
            let before = work.calls().len();
            let (engine, dying) = world.faulty_engine(steps(&work)).await;
            dying.set_rule(move |call| if call.number == number { fate } else { Fate::Pass });
            let request = Retry {
                from: Some("last".parse().unwrap()),
                patience: Patience::UntilStored,
                ..retry(&world, run.id())
            };
            let told = as_time_passes(&world.clock, async {
                tokio::select! {
                    () = dying.until_dead() => None,
                    reply = engine.retry(request) => reply.ok().map(|reply| reply.view.id()),
                }
            })
            .await;
            let next = world.engine(steps(&work)).await;
            world.clock.advance(LEASE);
            let runs: Vec<_> = dying.commits().iter().map(|commit| commit.run).collect();
            for new in runs.into_iter().chain(told) {
                if world.store.run_record(new).await.unwrap().is_none() {
                    assert_ne!(told, Some(new), "an acknowledged run is lost");
                    continue;
                }
                let view = world.until_ended(&next, new).await;
                assert_eq!(output(&view)["last"]["sum"], json!(3), "{fate:?} {number}");
            }
            let keys = work.calls().into_iter().skip(before).map(|call| call.execution.visit.to_string());
            assert!(keys.into_iter().all(|key| key == "last"), "{fate:?} {number}");
        }
    }
}
