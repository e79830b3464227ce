//! Loops and branches of any size cost what their steps cost. What is counted is work: events and commits; a
//! time is measured for people alone.

use std::time::Instant;

use flow_engine::{Limits, RunView, WaitChoice};
use flow_model::{ExecutionId, RunStatus, VisitPath};
use flow_testkit::FaultyStore;
use flow_testkit::documents::flow;
use serde_json::{Value, json};

use crate::world::{World, approve, echo, output, soon, steps};

/// A flow that goes through the input `list`.
fn each(concurrency: u64, inside: Value) -> Value {
    let last = "{{loop.results[loop.processedItems - 1]}}";
    flow("each")
        .api("start", [json!({ "name": "list", "type": "array" })])
        .step("loop", "each", json!({ "arrayVariable": "list", "concurrency": concurrency, "steps": inside }))
        .done("end", [("processed", "{{loop.processedItems}}"), ("last", last)])
        .build()
}

fn double() -> Value {
    json!({ "id": "double", "type": "transform", "data": { "expression": "item * 2" } })
}

fn call() -> Value {
    json!({ "id": "call", "type": "work", "data": { "n": "{{item}}" } })
}

fn ask(id: &str) -> Value {
    json!({ "id": id, "type": "user-approval", "data": { "message": "?" } })
}

fn numbers(count: usize) -> Value {
    json!({ "list": (0..count).collect::<Vec<_>>() })
}

fn processed(view: &RunView) -> Value {
    output(view)["processed"].clone()
}

/// How many events were committed, and in how many commits.
fn work<S>(store: &FaultyStore<S>) -> (usize, usize) {
    let commits = store.commits();
    (commits.iter().map(|commit| commit.events.len()).sum(), commits.len())
}

const MANY: usize = 10_000;

#[tokio::test]
async fn many_pure_items_cost_three_events_each_and_a_commit_for_every_thousand() {
    for concurrency in [1, 100] {
        let world = World::new();
        let (engine, store) = world.faulty_engine(steps(&echo())).await;
        let view = world.run(&engine, &each(concurrency, json!([double()])), numbers(MANY)).await;
        assert_eq!(output(&view)["last"]["double"], json!(2 * (MANY - 1)));
        let (events, commits) = work(&store);
        // Those at the beginning are entered by one event.
        let entered = MANY - usize::try_from(concurrency).unwrap() + 1;
        assert_eq!(events, 1 + 1 + entered + 2 * MANY + 1 + 3, "{concurrency} at a time");
        assert!(commits <= events / 1_000 + 1, "{commits} commits, {concurrency} at a time");
    }
}

#[tokio::test]
async fn many_items_with_an_effect_cost_a_commit_each_and_fewer_at_the_same_time() {
    for concurrency in [1, 100] {
        let world = World::new();
        let (engine, store) = world.faulty_engine(steps(&echo())).await;
        let view = world.run(&engine, &each(concurrency, json!([call()])), numbers(MANY)).await;
        assert_eq!(processed(&view), json!(MANY));
        let (_, commits) = work(&store);
        match concurrency {
            1 => assert_eq!(commits, MANY + 1),
            _ => assert!(commits <= MANY / 10, "{commits} commits"),
        }
    }
}

#[tokio::test]
async fn as_many_passes_as_there_can_be() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(steps(&echo())).await;
    let pass = json!([{ "id": "add", "type": "set-variables", "data": { "variables": [
        { "name": "n", "value": "{{n + 1}}" }] } }]);
    let document = flow("while")
        .api("start", [])
        .set("init", [("n", json!(0))])
        .step("loop", "while", json!({ "condition": "true", "maxIterations": 2_000, "steps": pass }))
        .done("end", [("n", "{{n}}"), ("passes", "{{loop.iterations}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 2_000, "passes": 2_000 }));
    let (events, commits) = work(&store);
    assert_eq!(events, 1 + 2 + 1 + 3 * 2_000 + 1 + 3);
    assert!(commits <= events / 1_000 + 1, "{commits} commits");
}

/// Some order of `0..count`, the same each time.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|n| (n * 7_919 + 13) % 101);
    order
}

#[tokio::test]
async fn fifty_branches_of_which_ten_wait_are_answered_in_any_order() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(steps(&echo())).await;
    let branch = |n: usize| {
        let inside = match n % 5 {
            0 => ask(&format!("s{n}")),
            _ => json!({ "id": format!("s{n}"), "type": "work", "data": { "n": n } }),
        };
        json!({ "name": format!("b{n}"), "steps": [inside] })
    };
    let branches: Vec<_> = (0..50).map(branch).collect();
    let document = flow("fan")
        .api("start", [])
        .step("fan", "parallel", json!({ "branches": branches }))
        .done("end", [("fan", "{{fan}}")])
        .build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!((view.status(), view.open_waits().len()), (RunStatus::Waiting, 10));
    let before = store.commits().len();
    let order = shuffled(10);
    assert!(!order.is_sorted());
    for n in order.into_iter().map(|n| n * 5) {
        let visit = VisitPath::from_stored(&format!("fan:b{n}/s{n}"));
        let choice = WaitChoice::Named(ExecutionId { run: view.id(), visit }.to_string());
        world.resume(&engine, view.id(), choice, approve()).await.unwrap();
    }
    assert_eq!(store.commits().len() - before, 10, "an answer is a commit");
    let fan = output(&world.inspect(&engine, view.id()).await)["fan"].clone();
    let names: Vec<_> = fan.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, (0..50).map(|n| format!("b{n}")).collect::<Vec<_>>(), "in the author's order");
    assert_eq!((&fan["b45"]["decision"], &fan["b44"]), (&json!("approve"), &json!({ "n": 44 })));
}

/// What takes the square of their number takes minutes.
#[tokio::test]
async fn thousands_of_open_branches_are_opened_left_and_cancelled() {
    let document = |last: Value| {
        let asks =
            (0..MANY / 2).map(|n| json!({ "name": format!("b{n}"), "steps": [ask(&format!("s{n}"))] }));
        let last = json!({ "name": "last", "steps": [last] });
        let data = json!({ "join": "any", "branches": asks.chain([last]).collect::<Vec<_>>() });
        flow("fan").api("start", []).step("fan", "parallel", data).done("end", [("fan", "{{fan}}")]).build()
    };
    let limits = Limits { parallel_branches: MANY, ..Limits::default() };
    let world = World { limits, ..World::new() };
    let engine = world.engine(steps(&echo())).await;
    let winner = document(json!({ "id": "w", "type": "work", "data": { "n": 1 } }));
    assert_eq!(output(&world.run(&engine, &winner, json!({})).await)["fan"], json!({ "last": { "n": 1 } }));
    let view = world.run(&engine, &document(ask("w")), json!({})).await;
    assert_eq!(view.open_waits().len(), MANY / 2 + 1);
    soon(engine.cancel(world.workspace, view.id())).await.unwrap();
    assert_eq!(world.until_ended(&engine, view.id()).await.status(), RunStatus::Cancelled);
}

#[tokio::test]
async fn thousands_of_branches_leave_others_open_inside_of_loops() {
    let fan = json!({ "id": "fan", "type": "parallel", "data": { "join": "any", "branches": [
        { "name": "ask", "steps": [ask("a")] }, { "name": "now", "steps": [double()] }] } });
    let inner = json!({ "id": "inner", "type": "each", "data": {
        "arrayVariable": "list", "concurrency": 100, "steps": [fan] } });
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let view = world.run(&engine, &each(100, json!([inner])), numbers(70)).await;
    assert_eq!(processed(&view), json!(70));
    assert_eq!(output(&view)["last"]["inner"]["results"][3]["fan"], json!({ "now": 6 }));
}

/// Microseconds a step, for people: `cargo test --release -p flow-engine figures -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it measures, and judges nothing"]
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and is for people")]
async fn figures() {
    let nested = |concurrency: u64| {
        let inner = json!([{ "id": "inner", "type": "each", "data": {
            "arrayVariable": "numbers", "concurrency": 100, "steps": [double()] } }]);
        flow("nested")
            .api(
                "start",
                [json!({ "name": "list", "type": "array" }), json!({ "name": "numbers", "type": "array" })],
            )
            .step(
                "loop",
                "each",
                json!({ "arrayVariable": "list", "concurrency": concurrency, "steps": inner }),
            )
            .done("end", [("processed", "{{loop.processedItems}}")])
            .build()
    };
    for count in [1_000, 10_000] {
        for (name, concurrency, inside) in [
            ("pure", 1, double()),
            ("pure, 100 at a time", 100, double()),
            ("effects", 1, call()),
            ("effects, 100 at a time", 100, call()),
        ] {
            let world = World::new();
            let (engine, store) = world.faulty_engine(steps(&echo())).await;
            let begun = Instant::now();
            let view = world.run(&engine, &each(concurrency, json!([inside])), numbers(count)).await;
            let micros = begun.elapsed().as_micros() as usize / count;
            assert_eq!(processed(&view), json!(count));
            println!("{count} items, {name}: {micros} µs a step, {} commits", store.commits().len());
        }
        let mut world = World::new();
        world.limits.parallel_branches = count;
        let engine = world.engine(steps(&echo())).await;
        let begun = Instant::now();
        let inner: Vec<_> = (0..100).collect();
        let mut inputs = numbers(count / 100);
        inputs["numbers"] = json!(inner);
        let view = world.run(&engine, &nested(100), inputs).await;
        assert_eq!(processed(&view), json!(count / 100));
        println!("{count} items in two loops: {} µs a step", begun.elapsed().as_micros() as usize / count);
        let asks: Vec<_> = (0..count)
            .map(|n| json!({ "name": format!("b{n}"), "steps": [{ "id": format!("s{n}"), "type": "user-approval", "data": { "message": "?" } }] }))
            .collect();
        let fan = flow("fan")
            .api("start", [])
            .step("fan", "parallel", json!({ "branches": asks }))
            .done("end", [("a", 1)])
            .build();
        let begun = Instant::now();
        let faults = engine.flows().validate(&fan).len();
        println!(
            "{count} branches, {faults} faults: {} µs a branch to publish",
            begun.elapsed().as_micros() as usize / count
        );
        let begun = Instant::now();
        let view = world.run(&engine, &fan, json!({})).await;
        assert_eq!(view.status(), RunStatus::Waiting);
        println!("{count} branches that wait: {} µs a branch", begun.elapsed().as_micros() as usize / count);
        let begun = Instant::now();
        engine.cancel(world.workspace, view.id()).await.unwrap();
        let view = world.until_ended(&engine, view.id()).await;
        assert_eq!(view.status(), RunStatus::Cancelled);
        println!("{count} branches cancelled: {} µs a branch", begun.elapsed().as_micros() as usize / count);
    }
    let world = World::new();
    let engine = world.engine(steps(&echo())).await;
    let pass = json!([{ "id": "t", "type": "transform", "data": { "expression": "iteration" } }]);
    let document = flow("while")
        .api("start", [])
        .step("loop", "while", json!({ "condition": "true", "maxIterations": 2_000, "steps": pass }))
        .done("end", [("n", "{{loop.iterations}}")])
        .build();
    let begun = Instant::now();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(output(&view), json!({ "n": 2_000 }));
    println!("2,000 passes: {} µs a pass", begun.elapsed().as_micros() / 2_000);
}
