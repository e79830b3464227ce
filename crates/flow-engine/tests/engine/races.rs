//! Two callers at the same moment, on many threads, again and again.

use std::sync::Arc;

use flow_engine::WaitChoice::Only;
use flow_engine::{Engine, EngineError, Registry, Reply};
use flow_model::{RunId, RunStatus};
use flow_testkit::documents::flow;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::world::{LONG, World, approve, error, output, reject, soon, steps};

const ROUNDS: usize = 100;

fn ask() -> Value {
    flow("ask")
        .api("start", [])
        .approval("ask", "Go on?")
        .next("yes")
        .reject_next("no")
        .done("yes", [("decision", "{{approval.decision}}")])
        .done("no", [("decision", "{{approval.decision}}")])
        .build()
}

/// Does two things at the same moment, each on a task of its own.
async fn both<A, B>(
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(2));
    let second = barrier.clone();
    let one = tokio::spawn(async move {
        barrier.wait().await;
        one.await
    });
    let other = tokio::spawn(async move {
        second.wait().await;
        other.await
    });
    soon(async { (one.await.unwrap(), other.await.unwrap()) }).await
}

fn resume(
    world: &World,
    engine: &Engine,
    run: RunId,
    answer: flow_engine::Answer,
) -> impl Future<Output = Result<Reply, EngineError>> + Send + 'static {
    let (engine, workspace) = (engine.clone(), world.workspace);
    async move { engine.resume(workspace, run, Only, answer, LONG).await }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_simultaneous_resumes_one_wins() {
    let world = World::new();
    let (engine, _store) = world.faulty_engine(Registry::new()).await;
    let other = world.engine(Registry::new()).await;
    for round in 0..ROUNDS {
        let run = world.run(&engine, &ask(), json!({})).await.id();
        // Every other time on another process.
        let second = if round % 2 == 0 { &engine } else { &other };
        let (yes, no) =
            both(resume(&world, &engine, run, approve()), resume(&world, second, run, reject())).await;
        let (winner, loser, decision) = match (yes, no) {
            (Ok(winner), Err(loser)) => (winner, loser, "approve"),
            (Err(loser), Ok(winner)) => (winner, loser, "reject"),
            both => panic!("{both:?}"),
        };
        assert!(matches!(loser, EngineError::RunNotWaiting { .. }), "{loser:?}");
        assert!(winner.settled);
        assert_eq!(output(&winner.view), json!({ "decision": decision }), "the end is the winner's");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_resume_and_a_cancel_one_wins() {
    let world = World::new();
    let (engine, _store) = world.faulty_engine(Registry::new()).await;
    for round in 0..ROUNDS {
        let run = world.run(&engine, &ask(), json!({})).await.id();
        let (canceller, workspace) = (engine.clone(), world.workspace);
        // A cancel has less to look at, so it would win nearly always without a handicap.
        let handicap = round % 40;
        let cancel = async move {
            for _ in 0..handicap {
                tokio::task::yield_now().await;
            }
            canceller.cancel(workspace, run).await
        };
        let (answered, cancel) = both(resume(&world, &engine, run, approve()), cancel).await;
        let status = world.inspect(&engine, run).await.status();
        match (answered, cancel) {
            (Ok(reply), Err(EngineError::RunFinished { status: RunStatus::Completed, .. })) => {
                assert_eq!(output(&reply.view), json!({ "decision": "approve" }));
                assert_eq!(status, RunStatus::Completed);
            }
            (Err(EngineError::RunNotWaiting { .. }), Ok(reply)) => {
                assert_eq!(reply.view.status(), RunStatus::Cancelled);
                assert_eq!(status, RunStatus::Cancelled);
            }
            both => panic!("{both:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resume_that_comes_with_the_very_commit_that_opens_the_wait_is_not_slow() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    // The clock stands still, so a resume that is left to the next look for orphans never ends.
    for _ in 0..ROUNDS {
        let before = store.commits().len();
        let (caller, call) = (engine.clone(), world.call(&ask(), json!({})));
        let started = tokio::spawn(async move { caller.execute(call).await });
        let run = soon(async {
            loop {
                if let Some(commit) = store.commits().get(before) {
                    return commit.run;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        let reply = soon(async {
            loop {
                match engine.resume(world.workspace, run, Only, approve(), LONG).await {
                    Err(EngineError::RunNotFound(_)) => tokio::task::yield_now().await,
                    other => return other,
                }
            }
        })
        .await;
        assert_eq!(output(&reply.unwrap().view), json!({ "decision": "approve" }));
        soon(started).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_cancels_and_an_effect_that_returns_the_run_ends_once() {
    let document = flow("work").api("start", []).step("one", "work", json!({ "fail": true }));
    let document = document.done("end", [("a", 1)]).build();
    for _ in 0..ROUNDS {
        let world = World::new();
        let work = crate::scenario::work().held();
        let (engine, _store) = world.faulty_engine(steps(&work)).await;
        let (caller, call) = (engine.clone(), world.call(&document, json!({})));
        let started = tokio::spawn(async move { caller.execute(call).await });
        soon(work.until_begun(1)).await;
        let run = work.calls()[0].execution.run;
        let cancel = || {
            let (engine, workspace) = (engine.clone(), world.workspace);
            async move { engine.cancel(workspace, run).await }
        };
        work.release(1);
        let (one, other) = both(cancel(), cancel()).await;
        let end = soon(started).await.unwrap().unwrap().view;
        for outcome in [one, other] {
            match outcome {
                Ok(reply) => {
                    assert_eq!(reply.view.status(), RunStatus::Cancelled);
                    assert_eq!(end.status(), RunStatus::Cancelled, "an acknowledged cancel holds");
                }
                Err(EngineError::RunFinished { status: RunStatus::Cancelled, .. }) => {
                    assert_eq!(end.status(), RunStatus::Cancelled);
                }
                Err(EngineError::RunFinished { status: RunStatus::Failed, .. }) => {
                    assert_eq!(error(&end).code, "on_request");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
