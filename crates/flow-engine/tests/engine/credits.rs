//! What runs are charged: each attempt once, in the commit of its end, and no more than the flow allows.

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{Prices, Registry, Retry, RunView, Step, StepContext, StepError, Store};
use flow_model::{Credits, EventKind, Fault, Fields, ModelPrice, ModelUsage, RunId, RunStatus};
use flow_testkit::{Fate, ScriptedStep};
use serde_json::{Value, json};

use crate::scenario::tried;
use crate::world::{LEASE, LONG, World, as_time_passes, error, output};

/// Asks a model, in as many rounds as its input says, and then fails if that says so.
struct Model;

#[async_trait]
impl Step for Model {
    fn kind(&self) -> &'static str {
        "model"
    }

    fn asks_models(&self) -> bool {
        true
    }

    fn check(&self, data: &Fields<'_>) {
        data.value("rounds");
        data.value("fail");
    }

    async fn run(&self, context: StepContext, input: Arc<Value>) -> Result<Value, StepError> {
        for _ in 0..input["rounds"].as_u64().unwrap_or(1) {
            context.usage.add(ModelUsage {
                model: "large".to_owned(),
                input_tokens: 1_500,
                output_tokens: 10,
            });
        }
        match input["fail"].as_bool() {
            Some(true) => Err(StepError::new("llm_answer_invalid", "no")),
            _ => Ok(json!({ "n": 1 })),
        }
    }
}

fn credits(number: f64) -> Credits {
    Credits::from_number(number).unwrap()
}

fn priced() -> World {
    let mut world = World::new();
    let price = ModelPrice { input_per_1k: credits(2.0), output_per_1k: credits(0.5) };
    let steps = [("work", 0.1), ("transform", 0.2), ("user-approval", 1.0)];
    world.prices = Prices {
        steps: steps.map(|(kind, price)| (kind.to_owned(), credits(price))).into(),
        models: [("large".to_owned(), price)].into(),
    };
    world
}

fn work() -> ScriptedStep {
    ScriptedStep::new("work").answers(|_| Ok(json!(1)))
}

fn types(work: &ScriptedStep) -> Registry {
    Registry::new().with(work.clone()).with(Model)
}

/// A flow of these steps, one after the other, with a limit if there is one.
fn document(steps: Value, limit: Option<f64>) -> Value {
    let mut all = vec![json!({ "id": "start", "type": "api", "data": { "fields": [] } })];
    all.extend(steps.as_array().unwrap().iter().cloned());
    all.push(json!({ "id": "end", "type": "final", "data": {} }));
    for index in 0..all.len() - 1 {
        all[index]["nextStepId"] = all[index + 1]["id"].clone();
    }
    let settings =
        limit.map_or(json!({}), |limit| json!({ "creditLimit": limit, "onError": { "stepId": "help" } }));
    if limit.is_some() {
        all.push(json!({ "id": "help", "type": "final", "data": {} }));
    }
    json!({ "name": "priced", "definition": { "steps": all }, "settings": settings })
}

fn step(id: &str, kind: &str, data: Value) -> Value {
    json!({ "id": id, "type": kind, "data": data })
}

async fn played(world: &World, document: &Value, work: &ScriptedStep) -> RunView {
    let engine = world.engine(types(work)).await;
    as_time_passes(&world.clock, world.run(&engine, document, json!({}))).await
}

/// What was charged, in order: the step, the credits, and the event that follows.
async fn charged(world: &World, run: RunId) -> Vec<String> {
    let events = world.store.run_events(run, 0).await.unwrap();
    let pairs = events.windows(2).filter_map(|pair| match &pair[0].kind {
        EventKind::StepCharged { visit, credits, .. } => {
            Some(format!("{visit} {credits} {}", pair[1].kind.name()))
        }
        _ => None,
    });
    pairs.collect()
}

#[tokio::test]
async fn steps_are_charged_by_their_type_and_models_by_their_tokens() {
    let world = priced();
    let steps = json!([
        step("w", "work", json!({})),
        step("t", "transform", json!({ "expression": "1" })),
        step("m", "model", json!({ "rounds": 2 })),
        { "id": "s", "type": "work", "data": {}, "when": "1 > 2" },
    ]);
    let view = played(&world, &document(steps, None), &work()).await;
    assert_eq!(output(&view), json!({}));
    let expected =
        ["w 0.1 step.completed", "t 0.2 step.completed", "m 3.005 step.charged", "m 3.005 step.completed"];
    assert_eq!(charged(&world, view.id()).await, expected);
    assert_eq!(view.charges().total(), credits(6.31));
    let rows: Vec<_> = view
        .charges()
        .rows()
        .map(|(step, row)| (step, row.count, row.input_tokens, row.credits.to_string()))
        .collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|(step, count, tokens, credits)| (*step, *count, *tokens, credits.as_str()))
        .collect();
    assert_eq!(rows, [("w", 1, 0, "0.1"), ("t", 1, 0, "0.2"), ("m", 2, 3_000, "6.01")]);
}

#[tokio::test]
async fn every_attempt_is_charged_whether_it_fails_or_not() {
    let world = priced();
    let retry = json!({ "maxAttempts": 3, "initialDelayMs": 5, "retryOn": ["broken"] });
    let steps = json!([
        { "id": "w", "type": "work", "data": {}, "retry": retry },
        { "id": "m", "type": "model", "data": { "rounds": 1, "fail": true }, "onError": "continue" },
        // Its settings have no value: it was never begun.
        { "id": "u", "type": "work", "data": { "x": "{{[][0].y}}" }, "onError": "continue" },
    ]);
    let work = work().fails("broken", "…").fails("broken", "…").returns(json!(1));
    let view = played(&world, &document(steps, None), &work).await;
    let expected =
        ["w 0.1 step.retrying", "w 0.1 step.retrying", "w 0.1 step.completed", "m 3.005 step.failed"];
    assert_eq!(charged(&world, view.id()).await, expected);
}

#[tokio::test]
async fn a_run_at_its_limit_begins_nothing_that_has_a_price() {
    let three = json!([
        step("a", "work", json!({})),
        step("free", "set-variables", json!({ "variables": [] })),
        step("b", "work", json!({})),
        step("c", "work", json!({})),
    ]);
    for (limit, calls) in [(0.0, 0), (0.05, 1), (0.1, 1), (0.15, 2), (0.2, 2), (0.3, 3)] {
        let (world, work) = (priced(), work());
        let view = played(&world, &document(three.clone(), Some(limit)), &work).await;
        assert_eq!(work.calls().len(), calls, "{limit}");
        if calls < 3 {
            // The flow's handler isn't asked.
            assert_eq!(
                (error(&view).code.as_str(), view.status()),
                ("credit_limit_reached", RunStatus::Failed)
            );
        }
    }
    let world = priced();
    let asks = document(json!([step("a", "work", json!({})), step("m", "model", json!({}))]), Some(0.1));
    assert_eq!(error(&played(&world, &asks, &work()).await).code, "credit_limit_reached");
}

#[tokio::test]
async fn a_run_at_its_limit_is_not_tried_again() {
    let (world, work) = (priced(), work().fails("broken", "…"));
    let retry = json!({ "maxAttempts": 3, "initialDelayMs": 5, "retryOn": ["broken"] });
    let document = document(json!([{ "id": "w", "type": "work", "data": {}, "retry": retry }]), Some(0.1));
    let view = played(&world, &document, &work).await;
    assert_eq!(error(&view).code, "credit_limit_reached");
    assert_eq!(work.calls().len(), 1);
    assert_eq!(view.charges().total(), credits(0.1));
}

#[tokio::test]
async fn a_process_that_dies_anywhere_charges_each_attempt_once_at_the_price_of_then() {
    let steps = json!([
        step("w", "work", json!({})),
        step("m", "model", json!({})),
        step(
            "l",
            "each",
            json!({ "arrayVariable": "[1, 2]", "concurrency": 2, "steps": [step("x", "work", json!({}))] })
        ),
    ]);
    let document = document(steps, None);
    for fate in [Fate::Die, Fate::DieAfter] {
        for number in 1.. {
            let mut world = priced();
            let work = work();
            let (engine, store) = world.faulty_engine(types(&work)).await;
            store.set_rule(move |call| if call.number == number { fate } else { Fate::Pass });
            let over = as_time_passes(&world.clock, async {
                tokio::select! {
                    () = store.until_dead() => false,
                    reply = engine.execute(world.call(&document, json!({}))) => reply.is_ok(),
                }
            });
            if over.await {
                assert!(number > 5);
                break;
            }
            // What is charged already isn't asked for again, whatever it costs now.
            let before = tried(&store).first().copied();
            let Some(run) = before else { continue };
            if world.store.run_record(run).await.unwrap().is_none() {
                continue;
            }
            let mut paid = charged(&world, run).await;
            world.prices.steps.insert("work".to_owned(), credits(9.0));
            let next = world.engine(types(&work)).await;
            world.clock.advance(LEASE);
            let ended = async {
                while !world.store.run_record(run).await.unwrap().unwrap().status.is_finished() {
                    tokio::task::yield_now().await;
                }
            };
            as_time_passes(&world.clock, ended).await;
            drop(next);
            let all = charged(&world, run).await;
            paid.truncate(all.len());
            assert_eq!(all[..paid.len()], paid[..], "what was charged stays");
            let of = |id: &str| all.iter().filter(|row| row.starts_with(id)).count();
            assert_eq!(
                (of("w "), of("m "), of("l[0]/x "), of("l[1]/x ")),
                (1, 1, 1, 1),
                "{fate:?} at {number}: {all:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_run_that_goes_on_from_another_is_charged_for_its_own_steps_alone() {
    let (world, work) = (priced(), work());
    let engine = world.engine(types(&work)).await;
    let document = document(json!([step("a", "work", json!({})), step("b", "work", json!({}))]), None);
    let first = world.run(&engine, &document, json!({})).await;
    assert_eq!(first.charges().total(), credits(0.2));
    let retry = Retry {
        workspace: world.workspace,
        run: first.id(),
        version: None,
        from: Some("b".parse().unwrap()),
        inputs: None,
        current_user: Arc::new(json!({})),
        idempotency: None,
        patience: LONG,
    };
    let second = engine.retry(retry).await.unwrap().view;
    assert_eq!(second.status(), RunStatus::Completed);
    assert_eq!(second.charges().total(), credits(0.1));
}

#[tokio::test]
async fn a_limit_is_a_number_of_credits() {
    let world = World::new();
    let engine = world.engine(types(&work())).await;
    for (limit, code) in [
        (json!(5), None),
        (json!(0.5), None),
        (json!(-1), Some("out_of_range")),
        (json!("5"), Some("out_of_range")),
    ] {
        let mut document = document(json!([]), None);
        document["settings"]["creditLimit"] = limit.clone();
        let faults: Vec<Fault> = engine.flows().validate(&document);
        assert_eq!(faults.first().map(|fault| fault.code), code, "{limit}");
    }
}
