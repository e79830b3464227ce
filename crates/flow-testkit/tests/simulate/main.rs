//! Random flows on the real engine, while everything goes wrong: see `flow_testkit::simulator`.
//!
//! The seeds are fixed, so that a build that passes passes again. `FLOW_SIM_FLOWS` tries that many instead, and
//! `FLOW_SIM_START` is the first of them. A failure prints the flow, what happened, and the command that plays
//! exactly that again.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking, and tells why")]

mod replay;
mod search;

use flow_testkit::simulator::{Case, Played, Schedule};

use search::{cuts, find, played, random};

/// How many flows are cut at every commit.
const CUT: u64 = 2_000;

/// How many flows are disturbed at random, each in a few ways.
const DISTURBED: u64 = 2_000;

/// How many ways that are.
const WAYS: u64 = 4;

#[test]
fn two_thousand_random_flows_cut_at_every_commit() {
    find(CUT, |case| cuts(case).map(|_| ()));
}

#[test]
fn random_disturbances() {
    find(DISTURBED, |case| (0..WAYS).try_for_each(|way| random(case, way)));
}

/// A play is worth nothing for a replay if it isn't the same each time.
#[test]
fn a_seed_decides_everything() {
    for seed in 0..replay::number("FLOW_SIM_FLOWS").unwrap_or(100) {
        let case = Case::of(seed);
        for schedule in [Schedule::Undisturbed, Schedule::Random(seed)] {
            let traces = [1, 2].map(|_| search::trace(&case, schedule));
            assert_eq!(traces[0], traces[1], "seed {seed}, {schedule}");
        }
    }
}

/// What is simulated is worth simulating.
#[test]
fn most_flows_are_predicted() {
    let wild = (0..500).map(Case::of).filter(Case::is_wild).count();
    assert!(wild < 50, "{wild} of 500 flows can't be predicted");
}

/// Runs start runs, and wait for events, of which some come before.
#[test]
fn flows_run_each_other_and_wait_for_events() {
    let plays = (0..500).map(|seed| played(&Case::of(seed), Schedule::Undisturbed));
    let plays: Vec<_> = plays.map(|found| found.ok().unwrap()).collect();
    let count = |is_so: fn(&Played) -> bool| plays.iter().filter(|play| is_so(play)).count();
    let (families, events) = (count(|play| play.runs > 1), count(|play| play.events > 0));
    let latched = count(|play| play.latched > 0);
    assert!(families > 100 && events > 70 && latched > 15, "{families}, {events}, {latched}");
}

/// Plays the seed that `FLOW_SIM_SEED` names, without the steps of `FLOW_SIM_WITHOUT`, through the schedule of
/// `FLOW_SIM_SCHEDULE`, or through all of them, and tells what happens.
#[test]
fn replay() {
    let Some(seed) = replay::number("FLOW_SIM_SEED") else { return };
    let case = replay::case(seed);
    case.documents().for_each(|document| eprintln!("{document:#}"));
    let result = match replay::schedule() {
        Some(schedule) => {
            search::trace(&case, schedule).iter().for_each(|line| eprintln!("  {line}"));
            played(&case, schedule).map(|_| ())
        }
        None => cuts(&case).and_then(|_| (0..WAYS).try_for_each(|way| random(&case, way))),
    };
    if let Err(found) = result {
        panic!("{}", search::report((case, found)));
    }
}
