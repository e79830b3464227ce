//! The statements of every hot call are prepared once for each connection.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use flow_engine::{Slot, Store as _, Timer, TimerKind};
use flow_store::Options;

use crate::backend::{Backend, on_both};
use crate::events::{awaiting, sent};
use crate::runs::{World, approve, at, call, end_child, step, stored, visit};

on_both! { every_statement_is_prepared_once }

/// What happened on the connections of one database, by the part of its URL that is its own.
#[derive(Default, Clone)]
struct Seen {
    run: HashSet<String>,
    prepared: Vec<String>,
}

static SEEN: LazyLock<Mutex<HashMap<String, Seen>>> = LazyLock::new(Mutex::default);

/// One connection's view; it learns its database when it is made.
#[derive(Default)]
struct Recorder {
    database: Option<String>,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let mut seen = SEEN.lock().unwrap();
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            self.database = seen.keys().find(|database| url.starts_with(*database)).cloned();
        }
        let Some(seen) = self.database.as_ref().and_then(|database| seen.get_mut(database)) else { return };
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                seen.run.insert(text.split(" -- binds").next().unwrap_or_default().trim().to_owned());
            }
            InstrumentationEvent::CacheQuery { sql, .. } => seen.prepared.push(sql.trim().to_owned()),
            _ => {}
        }
    }
}

async fn every_statement_is_prepared_once(backend: Backend) {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
    // Tables first: the statements of migrations are nobody's business.
    drop(backend.open().await);
    let options = Options { readers: 1, ..backend.options() };
    let database = options.url.clone();
    SEEN.lock().unwrap().insert(database.clone(), Seen::default());
    let store = flow_store::SqlStore::open(options).await.unwrap();
    let world = World::new(&store).await;
    let mut prepared = 0;
    for round in 0..3 {
        let run = stored(&store, world.keyed(&format!("key {round}"))).await;
        store.run_append(step(run, world.node, 1, 1)).await.unwrap().unwrap();
        store.run_append(step(run, world.node, 1, 1)).await.unwrap().unwrap_err();
        let run = stored(&store, world.waiting(Some(at(100)))).await;
        store.wait_resolve(approve(run)).await.unwrap();
        world.claim(&store, None, 10).await;
        let mut taking = step(run, world.node, 2, 2);
        taking.commit.waits_taken.push(visit());
        store.run_append(taking).await.unwrap().unwrap();
        let run = stored(&store, world.waiting(Some(at(100)))).await;
        store.run_cancel(run, at(1), false).await.unwrap();
        world.claim(&store, Some(run), 1).await;
        for answered in [false, true] {
            let mut owned = world.waiting(Some(at(100)));
            owned.commit.release = false;
            let run = stored(&store, owned).await;
            if answered {
                store.wait_resolve(approve(run)).await.unwrap();
            }
            store.run_signals(run).await.unwrap();
            let mut closing = step(run, world.node, 1, 2);
            closing.commit.closed.push(visit());
            store.run_append(closing).await.unwrap().unwrap();
        }
        for early in [false, true] {
            let name = format!("{early} {round}");
            let create = awaiting(&world, &name);
            if early {
                store.event_publish(sent(world.workspace, &name)).await.unwrap();
                stored(&store, create).await;
            } else {
                stored(&store, create).await;
                store.event_publish(sent(world.workspace, &name)).await.unwrap();
            }
        }
        let resting = stored(&store, world.create()).await;
        let mut backing_off = step(resting, world.node, 1, 1);
        backing_off.commit.timers_set.push((visit(), TimerKind::Retry, at(100)));
        backing_off.commit.release = true;
        store.run_append(backing_off).await.unwrap().unwrap();
        let timer = Timer { run: resting, visit: visit(), kind: TimerKind::Retry, due_at: at(100) };
        assert!(store.timer_fire(timer, at(100)).await.unwrap());
        let slot = || Some(Slot { name: format!("slot {round}"), limit: 1 });
        let (mut first, mut second) = (world.create(), world.create());
        (first.record.slot, second.record.slot) = (slot(), slot());
        let (first, second) = (stored(&store, first).await, stored(&store, second).await);
        store.run_queued(10).await.unwrap();
        world.claim(&store, None, 10).await;
        world.claim(&store, Some(second), 1).await;
        let mut end = step(first, world.node, 1, 1);
        end.commit.release = true;
        store.run_append(end).await.unwrap().unwrap();
        assert_eq!(world.claim_slot(&store, &format!("slot {round}")).await.len(), 1);
        let (parent, children) = world.family(2);
        let run = stored(&store, parent).await;
        world.claim(&store, Some(children[0]), 1).await;
        store.run_append(end_child(run, children[0], world.node)).await.unwrap().unwrap();
        world.claim(&store, Some(run), 1).await;
        let mut closing = step(run, world.node, 2, 1);
        closing.commit.waits_taken.push(call(children[0]));
        closing.commit.closed.push(call(children[1]));
        store.run_append(closing).await.unwrap().unwrap();
        store.run_children(run).await.unwrap();
        store.run_cancel(run, at(1), true).await.unwrap();
        store.run_load(run).await.unwrap();
        store.run_record(run).await.unwrap();
        store.run_signals(run).await.unwrap();
        store.run_events(run, 1).await.unwrap();
        store.wait_list(run).await.unwrap();
        store.timer_due(at(200), 10).await.unwrap();
        store.timer_next().await.unwrap();
        store.definition_load(world.definition).await.unwrap();
        let seen = SEEN.lock().unwrap()[&database].clone();
        assert!(round == 0 || seen.prepared.len() == prepared, "round {round} prepared more");
        prepared = seen.prepared.len();
    }
    let seen = SEEN.lock().unwrap()[&database].clone();
    assert!(prepared > 20, "{prepared}");
    let known: HashSet<&String> = seen.prepared.iter().collect();
    let is_data =
        |sql: &str| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb));
    // Once when a store is opened, and once in every third of a lease.
    let is_rare =
        |sql: &str| sql.contains("pg_advisory_lock") || sql.contains("nodes") && sql.contains("excluded");
    let is_hot = |sql: &&String| is_data(sql) && !is_rare(sql);
    let never: Vec<&String> = seen.run.iter().filter(is_hot).filter(|sql| !known.contains(sql)).collect();
    assert!(never.is_empty(), "prepared anew each time: {never:#?}\n{known:#?}");
}
