//! The process dies at every call of its store, before and after the call took effect, and another takes over.

use flow_engine::Store;
use flow_testkit::{Fate, ScriptedStep};

use crate::scenario::{Client, Scenario, all, check_log, registry, tried, work};
use crate::world::{LEASE, World, as_time_passes};

#[tokio::test]
async fn undisturbed_runs_end_as_they_should() {
    for scenario in all() {
        let (world, work) = (World::new(), work());
        let engine = world.engine(registry(&work)).await;
        let mut client = Client::default();
        as_time_passes(&world.clock, scenario.play(&world, &engine, &mut client)).await;
        let view = world.inspect(&engine, client.run.unwrap()).await;
        scenario.check("undisturbed", &view, &work);
        assert_eq!(work.calls().len(), work.finished());
    }
}

#[tokio::test]
async fn runs_that_are_taken_up_from_snapshots_end_as_they_should() {
    for scenario in all() {
        for fate in [Fate::Die, Fate::DieAfter] {
            let mut number = 1;
            while dies_at_with(&scenario, number, fate, often_kept()).await {
                number += 1;
            }
        }
    }
}

/// A state is kept whenever a run rests.
fn often_kept() -> World {
    let mut world = World::new();
    world.limits.snapshot_events = 1;
    world
}

#[tokio::test]
async fn a_process_that_dies_anywhere_loses_nothing_and_repeats_nothing() {
    for scenario in all() {
        for fate in [Fate::Die, Fate::DieAfter] {
            let mut number = 1;
            while dies_at(&scenario, number, fate).await {
                number += 1;
            }
            assert!(number > 3, "{}: it died at a few calls at least", scenario.name);
        }
    }
}

/// Plays a scenario on a process that dies at its call `number`; false when it makes fewer calls.
async fn dies_at(scenario: &Scenario, number: usize, fate: Fate) -> bool {
    dies_at_with(scenario, number, fate, World::new()).await
}

async fn dies_at_with(scenario: &Scenario, number: usize, fate: Fate, world: World) -> bool {
    let what = format!("{fate:?} at call {number}");
    let work = work();
    let (engine, dying) = world.faulty_engine(registry(&work)).await;
    dying.set_rule(move |call| if call.number == number { fate } else { Fate::Pass });
    let mut client = Client::default();
    let is_over = as_time_passes(&world.clock, async {
        tokio::select! {
            () = dying.until_dead() => false,
            () = scenario.play(&world, &engine, &mut client) => true,
        }
    })
    .await;
    if is_over {
        return false;
    }
    let runs = tried(&dying);
    assert!(runs.len() <= 1, "{what}");
    let next = world.engine(registry(&work)).await;
    world.clock.advance(LEASE);
    finish(scenario, &what, &world, &next, &client, &runs, &work).await;
    true
}

/// Lets the new process bring the run to its end, if there is a run.
async fn finish(
    scenario: &Scenario,
    what: &str,
    world: &World,
    engine: &flow_engine::Engine,
    client: &Client,
    runs: &[flow_model::RunId],
    work: &ScriptedStep,
) {
    let mut exists = false;
    for run in runs {
        if world.store.run_record(*run).await.unwrap().is_none() {
            assert!(work.calls().is_empty(), "{what}: the world was called for a run that isn't stored");
            assert_eq!(client.run, None, "{what}: an acknowledged run is lost");
            continue;
        }
        exists = true;
        let view = as_time_passes(&world.clock, scenario.go_on(world, engine, *run)).await;
        scenario.check(what, &view, work);
        check_log(&world.store, *run).await;
    }
    assert!(exists || client.run.is_none(), "{what}: an acknowledged run is lost");
}

#[tokio::test]
async fn two_processes_that_die_one_after_the_other_lose_nothing() {
    let scenarios = all();
    for scenario in scenarios.iter().filter(|scenario| ["approved", "retried"].contains(&scenario.name)) {
        for first in 1..40 {
            for second in 1..40 {
                if !die_in_turn(scenario, first, second).await {
                    break;
                }
            }
        }
    }
}

/// False when the second process brings the run to its end in fewer calls.
async fn die_in_turn(scenario: &Scenario, first: usize, second: usize) -> bool {
    let what = format!("deaths at calls {first} and {second}");
    let (world, work) = (World::new(), work());
    let (engine, dying) = world.faulty_engine(registry(&work)).await;
    dying.set_rule(move |call| if call.number == first { Fate::DieAfter } else { Fate::Pass });
    let mut client = Client::default();
    as_time_passes(&world.clock, async {
        tokio::select! {
            () = dying.until_dead() => {}
            () = scenario.play(&world, &engine, &mut client) => {}
        }
    })
    .await;
    let runs = tried(&dying);
    let stored = match runs.first() {
        Some(run) => world.store.run_record(*run).await.unwrap().map(|record| record.id),
        None => None,
    };
    let Some(run) = stored else { return false };

    let (engine, dying) = world.faulty_engine(registry(&work)).await;
    dying.set_rule(move |call| if call.number == second { Fate::DieAfter } else { Fate::Pass });
    world.clock.advance(LEASE);
    let is_over = as_time_passes(&world.clock, async {
        tokio::select! {
            () = dying.until_dead() => false,
            _ = scenario.go_on(&world, &engine, run) => true,
        }
    })
    .await;
    let next = world.engine(registry(&work)).await;
    world.clock.advance(LEASE);
    finish(scenario, &what, &world, &next, &client, &runs, &work).await;
    !is_over
}
