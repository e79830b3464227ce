//! What is under way in other items and branches when one of them ends, fails, or is answered.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::{
    Answer, Clock, Engine, EngineError, Execute, Patience, RunView, StepError, Store, StoredWait, WaitChoice,
    WaitState,
};
use flow_model::{ExecutionId, RunId, RunStatus, Timestamp, VisitPath};
use flow_testkit::documents::flow;
use flow_testkit::{Fate, FaultyStore, ManualClock, ScriptedStep};
use serde_json::{Value, json};

use crate::world::{LONG, World, approve, error, output, reject, soon, steps, tool, until};

/// A step that echoes, fails for `fail`, isn't there for `away`, and is never done for `hang`.
#[derive(Clone)]
struct Odd {
    echo: ScriptedStep,
    held: ScriptedStep,
}

impl Odd {
    fn new() -> Self {
        let echo = ScriptedStep::new("work").answers(|call| match call.input["how"].as_str() {
            Some("fail") => Err(StepError::new("asked", "it was asked to fail")),
            Some("away") => Err(StepError::new("network", "nobody was there")),
            _ => Ok((*call.input).clone()),
        });
        Self { echo, held: ScriptedStep::new("hold").answers(|call| Ok((*call.input).clone())).held() }
    }

    async fn engine(&self, world: &World) -> Engine {
        world.engine(steps(&self.echo).with(self.held.clone())).await
    }
}

fn work(id: &str, how: &str) -> Value {
    json!({ "id": id, "type": "work", "data": { "how": how } })
}

fn hold(id: &str) -> Value {
    json!({ "id": id, "type": "hold", "data": {} })
}

fn later(id: &str) -> Value {
    let retry = json!({ "maxAttempts": 2, "initialDelayMs": 60_000 });
    json!({ "id": id, "type": "work", "data": { "how": "away" }, "retry": retry })
}

fn ask(id: &str) -> Value {
    json!({ "id": id, "type": "user-approval", "data": { "message": id, "expiresInMs": 7_200_000 } })
}

fn to(mut step: Value, next: &str) -> Value {
    step["nextStepId"] = json!(next);
    step
}

fn tell(id: &str) -> Value {
    json!({ "id": id, "type": "client-tool", "data": { "toolName": id } })
}

fn fan(join: &str, branches: &[(&str, Value)]) -> Value {
    let branches: Vec<_> =
        branches.iter().map(|(name, steps)| json!({ "name": name, "steps": steps })).collect();
    flow("fan")
        .api("start", [])
        .step("fan", "parallel", json!({ "join": join, "branches": branches }))
        .approval("after", "?")
        .done("end", [("fan", "{{fan}}")])
        .build()
}

/// Starts a run without waiting for its end.
async fn started(world: &World, engine: &Engine, document: &Value) -> RunId {
    let call = Execute { patience: Patience::UntilStored, ..world.call(document, json!({})) };
    soon(engine.execute(call)).await.unwrap().view.id()
}

fn named(run: RunId, visit: &str) -> WaitChoice {
    WaitChoice::Named(ExecutionId { run, visit: VisitPath::from_stored(visit) }.to_string())
}

async fn answer(world: &World, engine: &Engine, run: RunId, visit: &str, answer: Answer) -> RunView {
    world.resume(engine, run, named(run, visit), answer).await.unwrap().view
}

/// The view of a run once it `is_so`.
async fn once(world: &World, engine: &Engine, run: RunId, is_so: impl Fn(&RunView) -> bool) -> RunView {
    soon(async {
        loop {
            match engine.inspect(world.workspace, run).await {
                Ok(view) if is_so(&view) => return view,
                Ok(_) | Err(EngineError::RunNotFound(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await
}

/// The same where others are in flight meanwhile: what happens is committed 200 ms later at the latest.
async fn once_committed(
    world: &World,
    engine: &Engine,
    run: RunId,
    is_so: impl Fn(&RunView) -> bool,
) -> RunView {
    let time = async {
        loop {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            world.clock.advance(Duration::from_millis(200));
        }
    };
    tokio::select! {
        biased;
        view = once(world, engine, run, is_so) => view,
        () = time => unreachable!("time passes for ever"),
    }
}

fn status(view: &RunView, visit: &str) -> &'static str {
    view.state.visit(visit).map_or("not begun", |visit| visit.status.as_str())
}

/// Four branches that are under way in every way there is, and one that is told how to end.
fn every_way(join: &str) -> Value {
    fan(
        join,
        &[
            ("flying", json!([hold("a")])),
            ("waiting", json!([ask("b")])),
            ("resting", json!([later("c")])),
            (
                "inner",
                json!([{ "id": "loop", "type": "each", "data": { "arrayVariable": [1, 2, 3], "concurrency": 2, "steps": [ask("d")] } }]),
            ),
            ("told", json!([tell("e")])),
        ],
    )
}

/// Checks that nothing is left of the branches but how they ended.
async fn nothing_is_left(world: &World, engine: &Engine, odd: &Odd, run: RunId) -> RunView {
    soon(odd.held.until_dropped(1)).await;
    let view =
        once(world, engine, run, |view| view.status() == RunStatus::Waiting || view.status().is_finished())
            .await;
    for visit in [
        "fan:flying/a",
        "fan:waiting/b",
        "fan:resting/c",
        "fan:inner/loop",
        "fan:inner/loop[0]/d",
        "fan:inner/loop[1]/d",
    ] {
        assert_eq!(status(&view, visit), "cancelled", "{visit}");
    }
    for visit in ["fan:waiting/b", "fan:inner/loop[0]/d", "fan:inner/loop[1]/d"] {
        let late = world.resume(engine, run, named(run, visit), approve()).await;
        assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "{visit}: {late:?}");
    }
    assert_eq!(world.store.timer_next().await.unwrap(), None, "no timer is left");
    assert_eq!(odd.held.calls().len(), 1);
    view
}

async fn all_under_way(world: &World, engine: &Engine, odd: &Odd, run: RunId) {
    soon(odd.held.until_begun(1)).await;
    let view = once_committed(world, engine, run, |view| {
        view.open_waits().len() == 4 && view.state.backing_off().count() == 1
    })
    .await;
    assert_eq!(view.status(), RunStatus::Running, "one flies and one backs off");
}

#[tokio::test]
async fn the_winner_of_any_leaves_nothing_of_the_others() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let run = started(&world, &engine, &every_way("any")).await;
    all_under_way(&world, &engine, &odd, run).await;
    answer(&world, &engine, run, "fan:told/e", tool(json!("first"))).await;
    let view = nothing_is_left(&world, &engine, &odd, run).await;
    assert_eq!(view.open_waits().len(), 1, "the one behind");
    let view = answer(&world, &engine, run, "after", approve()).await;
    assert_eq!(output(&view), json!({ "fan": { "told": "first" } }));
}

#[tokio::test]
async fn the_first_failure_of_all_leaves_nothing_of_the_others() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let mut document = every_way("all");
    document["definition"]["steps"][1]["onError"] = json!("continue");
    let run = started(&world, &engine, &document).await;
    all_under_way(&world, &engine, &odd, run).await;
    answer(&world, &engine, run, "fan:told/e", Answer::Tool(Err("no".to_owned()))).await;
    nothing_is_left(&world, &engine, &odd, run).await;
    let view = answer(&world, &engine, run, "after", approve()).await;
    let output = output(&view);
    assert_eq!(output["fan"]["error"]["code"], json!("tool_failed"));
    assert_eq!(output["fan"]["error"]["stepId"], json!("e"));
}

#[tokio::test]
async fn a_cancel_leaves_nothing_of_any_branch() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let run = started(&world, &engine, &every_way("all")).await;
    all_under_way(&world, &engine, &odd, run).await;
    soon(engine.cancel(world.workspace, run)).await.unwrap();
    let view = once(&world, &engine, run, |view| view.status().is_finished()).await;
    assert_eq!(view.status(), RunStatus::Cancelled);
    nothing_is_left(&world, &engine, &odd, run).await;
}

#[tokio::test]
async fn a_run_out_of_time_leaves_nothing_of_any_branch() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let mut document = every_way("all");
    document["settings"]["timeoutMs"] = json!(30_000);
    let run = started(&world, &engine, &document).await;
    all_under_way(&world, &engine, &odd, run).await;
    world.clock.advance(Duration::from_secs(31));
    let view = once(&world, &engine, run, |view| view.status().is_finished()).await;
    assert_eq!(error(&view).code, "run_timeout");
    nothing_is_left(&world, &engine, &odd, run).await;
}

#[tokio::test]
async fn the_flow_s_handler_begins_once_nothing_of_the_branches_is_left() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let mut document = every_way("all");
    document["settings"]["onError"] = json!({ "stepId": "help" });
    let all = document["definition"]["steps"].as_array_mut().unwrap();
    all.push(to(tell("help"), "sorry"));
    all.push(json!({ "id": "sorry", "type": "final", "data": { "outputs": [{ "name": "step", "output": "{{error.stepId}}" }] } }));
    let run = started(&world, &engine, &document).await;
    all_under_way(&world, &engine, &odd, run).await;
    answer(&world, &engine, run, "fan:told/e", Answer::Tool(Err("no".to_owned()))).await;
    nothing_is_left(&world, &engine, &odd, run).await;
    let view = answer(&world, &engine, run, "help", tool(json!(1))).await;
    assert_eq!(output(&view), json!({ "step": "e" }));
}

/// A loop over four items that end in a way each, four at a time.
fn loop_of(way: &str) -> Value {
    let choose = json!({ "id": "which", "type": "switch", "data": { "value": "{{item}}", "cases": [
        { "equals": "fly", "nextStepId": "a" }, { "equals": "wait", "nextStepId": "b" },
        { "equals": "rest", "nextStepId": "c" }, { "equals": "tell", "nextStepId": "e" } ], "defaultStepId": "f" } });
    let inside = json!([choose, hold("a"), ask("b"), later("c"), tell("e"), work("f", "fine")]);
    flow("loop")
        .api("start", [])
        .step(
            "loop",
            "each",
            json!({ "arrayVariable": ["fly", "wait", "rest", "tell", "more"], "concurrency": 4,
            "onItemError": way, "steps": inside }),
        )
        .approval("after", "?")
        .done("end", [("loop", "{{loop}}")])
        .build()
}

#[tokio::test]
async fn an_item_that_stops_the_loop_leaves_nothing_of_the_others() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let run = started(&world, &engine, &loop_of("stop")).await;
    soon(odd.held.until_begun(1)).await;
    once_committed(&world, &engine, run, |view| {
        view.open_waits().len() == 2 && view.state.backing_off().count() == 1
    })
    .await;
    answer(&world, &engine, run, "loop[3]/e", Answer::Tool(Err("no".to_owned()))).await;
    soon(odd.held.until_dropped(1)).await;
    let view = once(&world, &engine, run, |view| view.status() == RunStatus::Waiting).await;
    for visit in ["loop[0]/a", "loop[1]/b", "loop[2]/c"] {
        assert_eq!(status(&view, visit), "cancelled", "{visit}");
    }
    assert_eq!(status(&view, "loop[4]/which"), "not begun");
    assert_eq!(world.store.timer_next().await.unwrap(), None);
    let late = world.resume(&engine, run, named(run, "loop[1]/b"), approve()).await;
    assert!(matches!(late, Err(EngineError::RunNotWaiting { .. })), "{late:?}");
    let output = output(&answer(&world, &engine, run, "after", approve()).await)["loop"].clone();
    let results = output["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{output}");
    assert_eq!((&results[0]["index"], &results[0]["error"]["code"]), (&json!(3), &json!("tool_failed")));
    let counts = ["processedItems", "failedItems", "successfulItems", "totalItems"]
        .map(|key| output[key].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 0, 5]);
}

#[tokio::test]
async fn an_item_that_fails_leaves_the_others_alone_where_the_loop_goes_on() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let run = started(&world, &engine, &loop_of("continue")).await;
    soon(odd.held.until_begun(1)).await;
    once_committed(&world, &engine, run, |view| {
        view.open_waits().len() == 2 && view.state.backing_off().count() == 1
    })
    .await;
    answer_without_end(&world, &engine, run, "loop[3]/e", Answer::Tool(Err("no".to_owned()))).await;
    // The fifth item takes its place, although the third backs off and the first hangs.
    once_committed(&world, &engine, run, |view| status(view, "loop[4]/f") == "completed").await;
    answer_without_end(&world, &engine, run, "loop[1]/b", reject()).await;
    odd.held.release_all();
    let view =
        world.as_time_passes(once(&world, &engine, run, |view| view.status() == RunStatus::Waiting)).await;
    assert_eq!(status(&view, "loop[2]/c"), "failed", "after its second attempt");
    let output = output(&answer(&world, &engine, run, "after", approve()).await)["loop"].clone();
    let rows: Vec<_> =
        output["results"].as_array().unwrap().iter().map(|row| row["index"].as_u64().unwrap()).collect();
    assert_eq!(rows, [0, 1, 2, 3, 4], "in the order of the list");
    assert_eq!(output["results"][1]["b"]["decision"], json!("reject"));
    let errors: Vec<_> = output["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["index"].clone(), row["error"]["code"].clone()))
        .collect();
    assert_eq!(errors, [(json!(2), json!("network")), (json!(3), json!("tool_failed"))]);
    let counts = ["processedItems", "failedItems", "successfulItems", "totalItems"]
        .map(|key| output[key].as_u64().unwrap());
    assert_eq!(counts, [5, 2, 3, 5]);
    assert_eq!(output["item"], json!("more"));
}

/// Answers a wait of a run that goes on.
async fn answer_without_end(world: &World, engine: &Engine, run: RunId, visit: &str, answer: Answer) {
    let patience = Patience::UpTo(Duration::ZERO);
    soon(engine.resume(world.workspace, run, named(run, visit), answer, patience)).await.unwrap();
}

#[tokio::test]
async fn a_run_waits_only_when_every_open_branch_does_and_its_time_stands_only_then() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let mut document =
        fan("all", &[("a", json!([to(hold("a"), "a2"), ask("a2")])), ("b", json!([ask("b")]))]);
    document["settings"]["timeoutMs"] = json!(60_000);
    let run = started(&world, &engine, &document).await;
    soon(odd.held.until_begun(1)).await;
    let view = once(&world, &engine, run, |view| view.open_waits().len() == 1).await;
    assert_eq!(view.status(), RunStatus::Running);
    world.clock.advance(Duration::from_secs(50));
    odd.held.release_all();
    let view = once(&world, &engine, run, |view| view.status() == RunStatus::Waiting).await;
    assert_eq!(view.state.active_time(world.clock.now()), Duration::from_secs(50));
    world.clock.advance(Duration::from_secs(3_000));
    answer(&world, &engine, run, "fan:b/b", approve()).await;
    answer(&world, &engine, run, "fan:a/a2", approve()).await;
    let view = answer(&world, &engine, run, "after", approve()).await;
    assert_eq!(output(&view)["fan"]["b"]["decision"], json!("approve"));
    assert_eq!(view.state.active_time(world.clock.now()), Duration::from_secs(50));
}

#[tokio::test]
async fn waits_of_branches_expire_each_at_its_time() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let expiring = |id: &str, millis: u64, on: &str| json!({ "id": id, "type": "user-approval", "data": { "message": id, "expiresInMs": millis, "onExpire": on } });
    let document = fan(
        "settled",
        &[
            ("a", json!([expiring("a", 1_000, "reject")])),
            ("b", json!([expiring("b", 2_000, "fail")])),
            (
                "c",
                json!([
                    expiring("c", 3_000, "c2"),
                    json!({ "id": "c2", "type": "transform", "data": { "expression": "c.decision ?? 'nobody'" } })
                ]),
            ),
            ("d", json!([{ "id": "d", "type": "wait", "data": { "durationMs": 4_000 } }])),
        ],
    );
    let view = world.run(&engine, &document, json!({})).await;
    let run = view.id();
    for (seconds, open) in [(1, 3), (2, 2), (3, 1)] {
        world.clock.advance(Duration::from_secs(1));
        let view = once(&world, &engine, run, |view| view.open_waits().len() == open).await;
        assert_eq!(view.status(), RunStatus::Waiting, "after {seconds} s");
    }
    world.clock.advance(Duration::from_secs(1));
    once(&world, &engine, run, |view| status(view, "after") == "waiting").await;
    let fan = output(&answer(&world, &engine, run, "after", approve()).await)["fan"].clone();
    assert_eq!(fan["a"]["value"]["decision"], json!("reject"));
    assert_eq!((&fan["b"]["status"], &fan["b"]["error"]["code"]), (&json!("failed"), &json!("wait_expired")));
    assert_eq!(fan["c"], json!({ "status": "completed", "value": "nobody" }));
    assert_eq!(fan["d"]["status"], json!("completed"));
}

#[tokio::test]
async fn a_step_that_takes_too_long_in_a_branch_is_dropped_there_alone() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let mut slow = hold("a");
    slow["timeoutMs"] = json!(1_000);
    let document = fan("settled", &[("a", json!([slow])), ("b", json!([hold("b")]))]);
    let run = started(&world, &engine, &document).await;
    soon(odd.held.until_begun(2)).await;
    world.clock.advance(Duration::from_secs(1));
    soon(odd.held.until_dropped(1)).await;
    once_committed(&world, &engine, run, |view| status(view, "fan:a/a") == "failed").await;
    odd.held.release_all();
    once(&world, &engine, run, |view| view.status() == RunStatus::Waiting).await;
    let fan = output(&answer(&world, &engine, run, "after", approve()).await)["fan"].clone();
    assert_eq!(fan["a"]["error"]["code"], json!("timeout"));
    assert_eq!(fan["b"]["status"], json!("completed"));
}

#[tokio::test]
async fn branches_that_back_off_rest_together_and_are_tried_again_each_at_its_time() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let retried = |id: &str, millis: u64| {
        let retry = json!({ "maxAttempts": 2, "initialDelayMs": millis });
        json!({ "id": id, "type": "work", "data": { "how": "away" }, "retry": retry })
    };
    let document = fan(
        "settled",
        &[("a", json!([retried("a", 5_000)])), ("b", json!([retried("b", 2_000)])), ("c", json!([ask("c")]))],
    );
    let run = started(&world, &engine, &document).await;
    let view = once(&world, &engine, run, |view| view.state.backing_off().count() == 2).await;
    assert_eq!(view.status(), RunStatus::Running, "a pause between attempts is no waiting");
    let due: Vec<_> = view.state.backing_off().map(|(visit, _)| visit.to_string()).collect();
    assert_eq!(due, ["fan:b/b", "fan:a/a"], "the next one first");
    // Nothing of it is left in the process: a stop waits for every driver.
    soon(engine.stop(Duration::from_secs(3_600))).await;
    let engine = odd.engine(&world).await;
    assert_eq!(odd.echo.calls().len(), 2);
    world.clock.advance(Duration::from_secs(2));
    once(&world, &engine, run, |view| status(view, "fan:b/b") == "failed").await;
    assert_eq!(odd.echo.calls().len(), 3);
    world.clock.advance(Duration::from_secs(3));
    let view = once(&world, &engine, run, |view| status(view, "fan:a/a") == "failed").await;
    let view = once(&world, &engine, view.id(), |view| view.status() == RunStatus::Waiting).await;
    assert_eq!(view.open_waits().len(), 1);
    assert_eq!(odd.echo.calls().len(), 4);
}

#[tokio::test]
async fn the_answer_that_came_first_wins_when_nobody_drove_the_run() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let (world, odd) = (World::new(), Odd::new());
        let engine = odd.engine(&world).await;
        let document = fan("any", &[("a", json!([tell("a")])), ("b", json!([tell("b")]))]);
        let run = world.run(&engine, &document, json!({})).await.id();
        soon(engine.stop(Duration::from_secs(5))).await;
        for id in [first, second] {
            world.clock.advance(Duration::from_millis(5));
            let resolve = flow_engine::Resolve {
                run,
                visit: VisitPath::from_stored(&format!("fan:{id}/{id}")),
                resolution: flow_model::Resolution::ToolSucceeded { output: json!(id).into() },
                now: world.clock.now(),
            };
            let outcome = world.store.wait_resolve(resolve).await.unwrap();
            assert_eq!(outcome, flow_engine::ResolveOutcome::Won);
        }
        let engine = odd.engine(&world).await;
        let view = once(&world, &engine, run, |view| status(view, "after") == "waiting").await;
        assert_eq!(
            *view.state.output("fan").unwrap().as_ref(),
            json!({ first: first }),
            "{first} came first"
        );
    }
}

#[tokio::test]
async fn what_ends_at_the_same_time_shares_a_commit() {
    let world = World::new();
    let odd = Odd::new();
    let (engine, store) = world.faulty_engine(steps(&odd.echo).with(odd.held.clone())).await;
    let names: Vec<_> = (0..5).map(|n| format!("b{n}")).collect();
    let branches: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            (
                name.as_str(),
                json!([to(hold(&format!("h{n}")), &format!("w{n}")), work(&format!("w{n}"), "fine")]),
            )
        })
        .collect();
    let run = started(&world, &engine, &fan("all", &branches)).await;
    soon(odd.held.until_begun(5)).await;
    let count = |name: &str, commit: &flow_testkit::Committed| {
        commit.events.iter().filter(|event| event.kind.name() == name).count()
    };
    let with = |name: &str| {
        store
            .commits()
            .iter()
            .map(|commit| count(name, commit))
            .filter(|count| *count > 0)
            .collect::<Vec<_>>()
    };
    // The parallel's own start is among them.
    assert_eq!(with("step.started"), [6], "the first effects of all branches are committed to at once");
    // All of them return while a commit is under way.
    store.pause();
    odd.held.release_all();
    soon(odd.held.until_finished(5)).await;
    store.go_on();
    once(&world, &engine, run, |view| view.status() == RunStatus::Waiting).await;
    let commits = store.commits().len();
    assert!(commits <= 6, "{commits} commits for ten effects: {:?}", with("step.completed"));
    until(|| store.commits().len() == commits).await;
}

#[tokio::test]
async fn an_item_s_end_and_the_next_one_s_start_share_a_commit() {
    let world = World::new();
    let odd = Odd::new();
    let (engine, store) = world.faulty_engine(steps(&odd.echo)).await;
    let document = flow("loop")
        .api("start", [])
        .step("loop", "each", json!({ "arrayVariable": [1, 2, 3], "steps": [work("w", "fine")] }))
        .step("round", "while", json!({ "condition": "iteration < 3", "steps": [work("v", "fine")] }))
        .done("end", [("n", "{{loop.processedItems + round.iterations}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 6 }));
    assert_eq!(store.commits().len(), 7, "six effects are seven commits");
}

#[tokio::test]
async fn a_run_goes_on_when_an_answer_closes_all_that_was_about_to_begin() {
    let (world, odd) = (World::new(), Odd::new());
    let (engine, store) = world.faulty_engine(steps(&odd.echo).with(odd.held.clone())).await;
    let document =
        fan("any", &[("a", json!([to(tell("a"), "w"), work("w", "fine")])), ("b", json!([tell("b")]))]);
    let run = world.run(&engine, &document, json!({})).await.id();
    let before = store.calls().len();
    let call = tokio::spawn({
        let (engine, workspace) = (engine.clone(), world.workspace);
        async move { engine.resume(workspace, run, named(run, "fan:a/a"), tool(json!(1)), LONG).await }
    });
    // The commit to the effect is under way when the other branch is answered.
    until(|| store.calls()[before..].contains(&"run_load")).await;
    store.pause();
    let resolve = flow_engine::Resolve {
        run,
        visit: VisitPath::from_stored("fan:b/b"),
        resolution: flow_model::Resolution::ToolSucceeded { output: json!(2).into() },
        now: world.clock.now(),
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.store.wait_resolve(resolve).await.unwrap();
    store.go_on();
    let view = once(&world, &engine, run, |view| status(view, "after") == "waiting").await;
    assert_eq!(status(&view, "fan:a/w"), "cancelled");
    assert_eq!(odd.echo.calls().len(), 0, "it was committed to, and closed before it began");
    soon(call).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_closed_before_it_begins_never_begins_and_the_run_goes_on() {
    let (world, odd) = (World::new(), Odd::new());
    let engine = odd.engine(&world).await;
    let choose = json!({ "id": "which", "type": "condition", "data": {
        "branches": [{ "condition": "item == 1", "nextStepId": "w" }], "elseStepId": "t" } });
    let think = json!({ "id": "t", "type": "transform", "data": { "expression": "1" }, "nextStepId": "f" });
    let fail = json!({ "id": "f", "type": "fail", "data": { "message": "no" } });
    let document = flow("loop")
        .api("start", [])
        .step(
            "loop",
            "each",
            json!({ "arrayVariable": [1, 2], "concurrency": 2, "steps": [choose, work("w", "fine"), think, fail] }),
        )
        .approval("after", "?")
        .done("end", [("failed", "{{loop.failedItems}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!((view.status(), status(&view, "loop[0]/w")), (RunStatus::Waiting, "cancelled"));
    assert_eq!(odd.echo.calls().len(), 0);
    let view = answer(&world, &engine, view.id(), "after", approve()).await;
    assert_eq!(output(&view), json!({ "failed": 1 }));
}

/// A retry's timer fires while its run is driven, and the driver gives the run up before it hears of that.
#[tokio::test]
async fn an_attempt_that_falls_due_while_its_run_is_driven_is_made() {
    let world = World::new();
    let work = ScriptedStep::new("work")
        .fails("network", "nobody was there")
        .answers(|call| Ok((*call.input).clone()))
        .held();
    let store = FaultyStore::with_clock(world.store.clone(), world.clock.clone());
    let engine = world.engine_on(Arc::new(store.clone()), steps(&work)).await;
    let elsewhere = world.engine(steps(&work)).await;
    let retry = json!({ "maxAttempts": 2, "initialDelayMs": 10 });
    let branches = json!([
        { "name": "left", "steps": [{ "id": "flaky", "type": "work", "data": {}, "retry": retry }] },
        { "name": "right", "steps": [ask("ask")] },
    ]);
    let document = flow("both")
        .api("start", [])
        .step("fan", "parallel", json!({ "branches": branches }))
        .done("end", [("n", 1)])
        .build();
    let call = Execute { patience: Patience::UntilStored, ..world.call(&document, json!({})) };
    let run = engine.execute(call).await.unwrap().view.id();
    soon(work.until_begun(1)).await;
    // The commit of the first attempt's failure is told of this answer, long after the second attempt was due.
    let workspace = world.workspace;
    let resume = tokio::spawn(async move {
        elsewhere.resume(workspace, run, WaitChoice::Only, approve(), LONG).await.unwrap()
    });
    let is_answered = || store_waits(&world, run).iter().all(|wait| wait.state != WaitState::Open);
    until(is_answered).await;
    store.set_rule(|call| match call.name {
        "run_append" => Fate::Late(Duration::from_secs(2)),
        _ => Fate::Pass,
    });
    work.release_all();
    let reply = world.as_time_passes(resume).await.unwrap();
    assert_eq!(output(&reply.view), json!({ "n": 1 }));
    assert_eq!(work.calls().len(), 2);
}

fn store_waits(world: &World, run: RunId) -> Vec<StoredWait> {
    futures_util::FutureExt::now_or_never(world.store.wait_list(run)).unwrap().unwrap()
}

/// A clock that moves on with every look at it.
struct Slow(ManualClock, Duration);

#[async_trait::async_trait]
impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.0.advance(self.1);
        self.0.now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.0.sleep_until(at).await;
    }
}

/// What is closed doesn't follow, so the commit before it that time calls for is the last one.
#[tokio::test]
async fn a_slow_process_gives_up_a_run_whose_other_branches_were_closed() {
    let branch = |name: &str| {
        let step = json!({ "id": name, "type": "transform", "data": { "expression": "1" } });
        json!({ "name": name, "steps": [step] })
    };
    let branches: Vec<_> = ["a", "b", "c"].into_iter().map(branch).collect();
    let inner = json!({ "id": "inner", "type": "parallel", "data": { "join": "any", "branches": branches } });
    let outer = json!([{ "name": "left", "steps": [ask("ask")] }, { "name": "right", "steps": [inner] }]);
    let document = flow("slow")
        .api("start", [])
        .step("fan", "parallel", json!({ "branches": outer }))
        .done("end", [("a", "{{fan.right.a}}")])
        .build();
    // Time calls for the commit at one place after the other.
    for tick in (5..250).step_by(5).map(Duration::from_millis) {
        let world = World::new();
        let builder = Engine::builder().store(world.store.clone()).entropy(world.entropy.clone());
        let clock = Arc::new(Slow(world.clock.clone(), tick));
        let engine = builder.clock(clock).build().await.unwrap();
        let call = Execute { patience: Patience::UpTo(Duration::ZERO), ..world.call(&document, json!({})) };
        let run = soon(engine.execute(call)).await.unwrap().view.id();
        let waits = || async { world.inspect(&engine, run).await.status() == RunStatus::Waiting };
        soon(async {
            while !waits().await {
                tokio::task::yield_now().await
            }
        })
        .await;
        let resume = engine.resume(world.workspace, run, WaitChoice::Only, approve(), LONG);
        assert_eq!(output(&soon(resume).await.unwrap().view), json!({ "a": 1 }), "{tick:?}");
    }
}
