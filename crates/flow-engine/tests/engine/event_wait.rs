//! Steps that wait for an event.

use std::sync::Arc;
use std::time::Duration;

use flow_engine::WaitChoice::{Named, Only};
use flow_engine::{
    Clock, Engine, EngineError, Execute, NewEvent, Patience, PublishedEvent, Registry, RunView, Store,
};
use flow_model::{EventId, RunId, RunStatus, WorkspaceId};
use flow_testkit::documents::{Builder, flow, optional};
use flow_testkit::{Fate, FaultyStore};
use serde_json::{Value, json};

use crate::world::{LEASE, World, approve, error, output, soon};

fn start() -> Builder {
    flow("event").api("start", [optional("order", "string"), optional("name", "string")])
}

fn waits(document: Builder, data: Value) -> Value {
    document.step("paid", "wait", data).done("end", [("got", "{{paid}}")]).build()
}

/// Waits for `paid` with the order as its key.
fn for_payment() -> Value {
    waits(start(), json!({ "event": { "name": "paid", "key": "{{order}}" } }))
}

fn event(world: &World, name: &str, key: Option<&str>, data: Value) -> NewEvent {
    NewEvent {
        workspace: world.workspace,
        name: name.to_owned(),
        key: key.map(str::to_owned),
        data: Arc::new(data),
        time_to_live: None,
        id: None,
    }
}

async fn publish(engine: &Engine, event: NewEvent) -> usize {
    soon(engine.publish_event(event)).await.unwrap().woken
}

/// Starts a run and looks at it when it is at rest.
async fn started(world: &World, engine: &Engine, document: &Value, inputs: Value) -> RunView {
    let patience = Patience::UpTo(Duration::from_millis(1));
    let call = Execute { patience, ..world.call(document, inputs) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    at_rest(world, engine, reply.view.id()).await
}

async fn at_rest(world: &World, engine: &Engine, run: RunId) -> RunView {
    soon(async {
        loop {
            let view = world.inspect(engine, run).await;
            if !matches!(view.record.status, RunStatus::Queued | RunStatus::Running) {
                return view;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// The run's view once it has ended, without any time passing.
async fn ended(world: &World, engine: &Engine, run: RunId) -> RunView {
    soon(async {
        loop {
            let view = world.inspect(engine, run).await;
            if view.record.status.is_finished() {
                return view;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn an_event_that_comes_later_ends_it_at_once() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let run = started(&world, &engine, &for_payment(), json!({ "order": "7" })).await;
    assert_eq!(run.status(), RunStatus::Waiting);
    assert_eq!(run.open_waits()[0].step_id, "paid");
    let now = world.clock.now();
    let sent =
        soon(engine.publish_event(event(&world, "paid", Some("7"), json!({ "sum": 5 })))).await.unwrap();
    assert_eq!(sent.woken, 1);
    let view = ended(&world, &engine, run.id()).await;
    assert_eq!(output(&view), json!({ "got": { "sum": 5 } }));
    assert_eq!(world.clock.now(), now, "nobody had to look for it");
    let resolved = view.state.visit("paid").unwrap().resolution.clone().unwrap();
    assert!(
        format!("{resolved:?}").contains(&sent.event.to_string()),
        "the log names the event: {resolved:?}"
    );
}

/// A signal that comes before the wait for it isn't lost.
#[tokio::test]
async fn an_event_that_came_first_is_taken_at_once() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = start().approval("ask", "?").step("paid", "wait", json!({ "event": { "name": "paid" } }));
    let document = document.done("end", [("got", "{{paid.sum}}")]).build();
    let view = world.run(&engine, &document, json!({})).await;
    assert_eq!(publish(&engine, event(&world, "paid", None, json!({ "sum": 5 }))).await, 0);
    world.clock.advance(Duration::from_secs(24 * 3600 - 1));
    let reply = world.resume(&engine, view.id(), Only, approve()).await.unwrap();
    assert!(reply.settled, "the caller has the end, and not a run that waits");
    assert_eq!(output(&reply.view), json!({ "got": 5 }));
}

#[tokio::test]
async fn an_event_that_is_older_than_the_run_or_has_expired_is_not_taken() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    publish(&engine, event(&world, "paid", Some("7"), json!(1))).await;
    world.clock.advance(Duration::from_millis(1));
    let run = started(&world, &engine, &for_payment(), json!({ "order": "7" })).await;
    assert_eq!(run.status(), RunStatus::Waiting);
    soon(engine.cancel(world.workspace, run.id())).await.unwrap();

    let document = start().approval("ask", "?").step("paid", "wait", json!({ "event": { "name": "paid" } }));
    let document = document.done("end", [("got", "{{paid}}")]).build();
    for (time_to_live, passed, expected) in [
        (None, 24 * 3600, false),
        (Some(Duration::from_secs(60)), 59, true),
        (Some(Duration::from_secs(60)), 60, false),
        (Some(Duration::ZERO), 0, false),
    ] {
        let run = world.run(&engine, &document, json!({})).await;
        publish(&engine, NewEvent { time_to_live, ..event(&world, "paid", None, json!(1)) }).await;
        world.clock.advance(Duration::from_secs(passed));
        let resume = engine.resume(
            world.workspace,
            run.id(),
            Only,
            approve(),
            Patience::UpTo(Duration::from_millis(1)),
        );
        world.as_time_passes(resume).await.unwrap();
        let view = at_rest(&world, &engine, run.id()).await;
        assert_eq!(view.status() == RunStatus::Completed, expected, "{time_to_live:?} after {passed} s");
    }
}

#[tokio::test]
async fn two_runs_are_woken_by_one_event_and_others_are_not() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let mut runs = Vec::new();
    for order in ["7", "7", "8", ""] {
        runs.push(started(&world, &engine, &for_payment(), json!({ "order": order })).await.id());
    }
    let keyless = waits(start(), json!({ "event": { "name": "paid" } }));
    runs.push(started(&world, &engine, &keyless, json!({})).await.id());
    for (name, key, expected) in [("Paid", Some("7"), 0), ("paid", Some("9"), 0), ("paid", Some("7"), 2)] {
        assert_eq!(publish(&engine, event(&world, name, key, json!(1))).await, expected);
    }
    let other = NewEvent {
        workspace: WorkspaceId::from_bytes([9; 16]),
        ..event(&world, "paid", Some("8"), json!(1))
    };
    assert_eq!(publish(&engine, other).await, 0);
    for run in &runs[..2] {
        assert_eq!(output(&ended(&world, &engine, *run).await), json!({ "got": 1 }));
    }
    for run in &runs[2..] {
        assert_eq!(world.inspect(&engine, *run).await.status(), RunStatus::Waiting);
    }
    assert_eq!(publish(&engine, event(&world, "paid", Some(""), json!(2))).await, 1, "an empty key is a key");
    assert_eq!(publish(&engine, event(&world, "paid", None, json!(3))).await, 1);
    assert_eq!(output(&ended(&world, &engine, runs[3]).await), json!({ "got": 2 }));
    assert_eq!(output(&ended(&world, &engine, runs[4]).await), json!({ "got": 3 }));
}

/// Two waits of one run for the same event need two of it, whether they come before or after.
#[tokio::test]
async fn a_run_takes_an_event_once() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let tick = || json!({ "event": { "name": "tick" } });
    let document =
        start().step("one", "wait", tick()).step("two", "wait", tick()).step("three", "wait", tick());
    let document = document.done("end", [("all", json!(["{{one}}", "{{two}}", "{{three}}"]))]).build();
    let run = started(&world, &engine, &document, json!({})).await.id();
    assert_eq!(publish(&engine, event(&world, "tick", None, json!(1))).await, 1);
    let waits_for = |view: &RunView| view.open_waits().first().map(|open| open.step_id.clone());
    until_waiting(&world, &engine, run, "two").await;
    assert_eq!(publish(&engine, event(&world, "tick", None, json!(2))).await, 1);
    let view = until_waiting(&world, &engine, run, "three").await;
    assert_eq!(waits_for(&view).as_deref(), Some("three"));
    assert_eq!(publish(&engine, event(&world, "tick", None, json!(3))).await, 1);
    assert_eq!(output(&ended(&world, &engine, run).await), json!({ "all": [1, 2, 3] }));
}

async fn until_waiting(world: &World, engine: &Engine, run: RunId, step: &str) -> RunView {
    soon(async {
        loop {
            let view = world.inspect(engine, run).await;
            if view.open_waits().iter().any(|open| open.step_id == step) {
                return view;
            }
            assert!(!view.status().is_finished(), "{:?}", view.state.end());
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn without_the_event_it_expires_and_fails() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let data = json!({ "event": { "name": "paid", "key": "{{order}}" }, "expiresInMs": 60_000 });
    let start_time = world.clock.now();
    let call = world.call(&waits(start(), data.clone()), json!({ "order": "7" }));
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    let failure = error(&reply.view);
    assert_eq!((failure.code.as_str(), failure.step_id.as_deref()), ("wait_expired", Some("paid")));
    assert!(failure.message.contains("`paid`"), "{}", failure.message);
    assert_eq!(world.clock.now().since(start_time).as_millis(), 60_000);
    assert_eq!(publish(&engine, event(&world, "paid", Some("7"), json!(1))).await, 0, "it is too late");
    // One that comes just in time leaves no timer behind.
    let run = started(&world, &engine, &waits(start(), data), json!({ "order": "8" })).await.id();
    world.clock.advance(Duration::from_millis(59_998));
    assert_eq!(publish(&engine, event(&world, "paid", Some("8"), json!(1))).await, 1);
    assert_eq!(output(&ended(&world, &engine, run).await), json!({ "got": 1 }));
    assert_eq!(world.store.timer_next().await.unwrap(), None);
}

#[tokio::test]
async fn nobody_can_answer_it_and_a_caller_is_held_by_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let patience = Patience::UpTo(Duration::from_secs(10));
    let now = world.clock.now();
    let call = Execute { patience, ..world.call(&for_payment(), json!({ "order": "7" })) };
    let reply = world.as_time_passes(engine.execute(call)).await.unwrap();
    assert_eq!((reply.settled, reply.view.status()), (false, RunStatus::Waiting));
    assert_eq!(world.clock.now().since(now).as_millis(), 10_000);
    let view = reply.view;
    for choice in [Only, Named(view.open_waits()[0].execution.to_string())] {
        let refused = world.resume(&engine, view.id(), choice, approve()).await;
        assert!(matches!(refused, Err(EngineError::RunNotWaiting { .. })), "{refused:?}");
    }
}

/// A caller who waits for the run is told its end as soon as the event comes.
#[tokio::test]
async fn a_caller_who_is_held_is_let_go_by_the_event() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let call = engine.execute(world.call(&for_payment(), json!({ "order": "7" })));
    let send = async {
        loop {
            if publish(&engine, event(&world, "paid", Some("7"), json!(1))).await == 1 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let (reply, ()) = world.as_time_passes(async { tokio::join!(call, send) }).await;
    let reply = reply.unwrap();
    assert!(reply.settled);
    assert_eq!(output(&reply.view), json!({ "got": 1 }));
}

#[tokio::test]
async fn the_settings_are_templates_and_what_is_no_topic_fails_the_step() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document = waits(start(), json!({ "event": { "name": "order.{{name}}", "key": "{{order}}" } }));
    let run = started(&world, &engine, &document, json!({ "name": "paid", "order": "7" })).await.id();
    assert_eq!(publish(&engine, event(&world, "order.paid", Some("7"), json!(null))).await, 1);
    assert_eq!(output(&ended(&world, &engine, run).await), json!({ "got": null }));

    let document = waits(start(), json!({ "event": { "name": "{{name}}", "key": "{{order}}" } }));
    let long = |count| "ß".repeat(count);
    let cases = [
        (json!({ "order": "7" }), "`event.name` is empty"),
        (json!({ "name": "", "order": "7" }), "`event.name` is empty"),
        (json!({ "name": long(257), "order": "7" }), "`event.name` must have"),
        (json!({ "name": "a\u{7}", "order": "7" }), "`event.name` must have"),
        (json!({ "name": "a", "order": long(513) }), "`event.key` must have"),
        (json!({ "name": "a", "order": "a\nb" }), "`event.key` must have"),
    ];
    for (inputs, expected) in cases {
        let failure = error(&world.run(&engine, &document, inputs.clone()).await);
        assert_eq!(failure.code, "settings_invalid", "{inputs}");
        assert!(failure.message.starts_with(expected), "{}", failure.message);
    }
    let inputs = json!({ "name": long(256), "order": long(512) });
    let run = started(&world, &engine, &document, inputs).await;
    assert_eq!(run.status(), RunStatus::Waiting);
    assert_eq!(publish(&engine, event(&world, &long(256), Some(&long(512)), json!(1))).await, 1);
}

#[tokio::test]
async fn an_event_that_no_run_could_take_is_refused() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let long = |count| "ß".repeat(count);
    let cases = [
        (event(&world, "", None, json!(1)), "/name invalid_name"),
        (event(&world, &long(257), None, json!(1)), "/name invalid_name"),
        (event(&world, "a\u{0}", None, json!(1)), "/name invalid_name"),
        (event(&world, "a", Some(&long(513)), json!(1)), "/key invalid_name"),
        (event(&world, "a", Some("\t"), json!(1)), "/key invalid_name"),
        (event(&world, "a", None, json!("x".repeat(1024 * 1024))), "/data output_too_large"),
        (
            event(&world, "a", None, (0..200).fold(json!(1), |inner, _| json!([inner]))),
            "/data output_too_deep",
        ),
    ];
    for (event, expected) in cases {
        match engine.publish_event(event).await {
            Err(EngineError::InvalidInputs(faults)) => {
                let found: Vec<_> =
                    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
                assert_eq!(found, [expected]);
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
    engine.stop(Duration::ZERO).await;
    let refused = engine.publish_event(event(&world, "a", None, json!(1))).await;
    assert!(matches!(refused, Err(EngineError::Stopping)), "{refused:?}");
}

/// An event and a cancel in the same instant: the run ends by one of them, and an acknowledged cancel holds.
#[tokio::test]
async fn an_event_and_a_cancel_in_one_instant_end_the_run_once() {
    for cancel_first in [false, true] {
        let world = World::new();
        let engine = world.engine(Registry::new()).await;
        let run = started(&world, &engine, &for_payment(), json!({ "order": "7" })).await.id();
        let cancel = engine.cancel(world.workspace, run);
        let send = engine.publish_event(event(&world, "paid", Some("7"), json!(1)));
        let (cancelled, sent) = soon(async {
            if cancel_first {
                tokio::join!(biased; cancel, send)
            } else {
                let (sent, cancelled) = tokio::join!(biased; send, cancel);
                (cancelled, sent)
            }
        })
        .await;
        let view = ended(&world, &engine, run).await;
        match cancelled {
            Ok(reply) => assert_eq!(reply.view.status(), RunStatus::Cancelled),
            Err(EngineError::RunFinished { .. }) => assert_eq!(view.status(), RunStatus::Completed),
            Err(error) => panic!("{error}"),
        }
        let expected = usize::from(view.status() == RunStatus::Completed);
        assert_eq!(sent.unwrap().woken, expected, "{:?}", view.status());
    }
}

/// The process dies as it stores the event: once it is stored, the next one brings the run to its end.
#[tokio::test]
async fn a_process_that_dies_with_an_event_loses_none_that_is_stored() {
    for (fate, is_stored) in [(Fate::Die, false), (Fate::DieAfter, true)] {
        let world = World::new();
        let (engine, dying) = world.faulty_engine(Registry::new()).await;
        let run = started(&world, &engine, &for_payment(), json!({ "order": "7" })).await.id();
        dying.set_rule(move |call| if call.name == "event_publish" { fate } else { Fate::Pass });
        let send = engine.publish_event(event(&world, "paid", Some("7"), json!(1)));
        soon(async {
            tokio::select! {
                sent = send => panic!("nothing is acknowledged: {sent:?}"),
                () = dying.until_dead() => {}
            }
        })
        .await;
        world.clock.advance(LEASE);
        let next = world.engine(Registry::new()).await;
        if !is_stored {
            assert_eq!(world.inspect(&next, run).await.status(), RunStatus::Waiting);
            assert_eq!(publish(&next, event(&world, "paid", Some("7"), json!(2))).await, 1);
        }
        let view = world.until_ended(&next, run).await;
        assert_eq!(output(&view), json!({ "got": if is_stored { 1 } else { 2 } }));
    }
}

/// A reply that is lost is asked for again, and the event is one all the same.
#[tokio::test]
async fn a_lost_reply_makes_no_second_event() {
    let world = World::new();
    let (engine, store) = world.faulty_engine(Registry::new()).await;
    let tick = || json!({ "event": { "name": "tick" } });
    let document = start().step("one", "wait", tick()).step("two", "wait", tick());
    let document = document.done("end", [("all", json!(["{{one}}", "{{two}}"]))]).build();
    let run = started(&world, &engine, &document, json!({})).await.id();
    store.set_rule(|call| match call.name {
        "event_publish" if call.number == 1 => Fate::LoseReply,
        _ => Fate::Pass,
    });
    let sent =
        world.as_time_passes(engine.publish_event(event(&world, "tick", None, json!(1)))).await.unwrap();
    assert_eq!(sent.woken, 1, "it is told of the run that has it");
    assert_eq!(count(&store, "event_publish"), 2);
    until_waiting(&world, &engine, run, "two").await;
    // A caller's own repeat, by the event's id.
    let again = |data| NewEvent { id: Some(sent.event), ..event(&world, "tick", None, data) };
    assert_eq!(soon(engine.publish_event(again(json!(1)))).await.unwrap(), sent);
    let refused = soon(engine.publish_event(again(json!("other")))).await;
    assert!(matches!(refused, Err(EngineError::IdempotencyKeyReused)), "{refused:?}");
    assert_eq!(world.inspect(&engine, run).await.open_waits()[0].step_id, "two");
    // A store that stays away is told of.
    store.set_rule(|call| if call.name == "event_publish" { Fate::Fail } else { Fate::Pass });
    let id = EventId::from_bytes([7; 16]);
    let next = || NewEvent { id: Some(id), ..event(&world, "tick", None, json!(2)) };
    let refused = world.as_time_passes(engine.publish_event(next())).await;
    assert!(matches!(refused, Err(EngineError::Store(_))), "{refused:?}");
    store.clear_rule();
    assert_eq!(soon(engine.publish_event(next())).await.unwrap(), PublishedEvent { event: id, woken: 1 });
    assert_eq!(output(&ended(&world, &engine, run).await), json!({ "all": [1, 2] }));
}

fn count<S>(store: &FaultyStore<S>, name: &str) -> usize {
    store.calls().into_iter().filter(|call| *call == name).count()
}

/// The process that waits isn't the one that sends.
#[tokio::test]
async fn another_process_may_send_it() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let other = world.engine(Registry::new()).await;
    let run = started(&world, &engine, &for_payment(), json!({ "order": "7" })).await.id();
    engine.stop(Duration::from_secs(1)).await;
    assert_eq!(publish(&other, event(&world, "paid", Some("7"), json!(1))).await, 1);
    assert_eq!(output(&ended(&world, &other, run).await), json!({ "got": 1 }));
}

/// While it waits, the time of the flow stands still.
#[tokio::test]
async fn its_time_is_no_time_of_the_flow() {
    let world = World::new();
    let engine = world.engine(Registry::new()).await;
    let document =
        start().step("paid", "wait", json!({ "event": { "name": "paid" } })).setting("timeoutMs", 1_000);
    let document = document.done("end", [("got", "{{paid}}")]).build();
    let run = started(&world, &engine, &document, json!({})).await.id();
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(publish(&engine, event(&world, "paid", None, json!(1))).await, 1);
    assert_eq!(output(&ended(&world, &engine, run).await), json!({ "got": 1 }));
}
