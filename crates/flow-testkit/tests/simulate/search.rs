//! Tries many seeds, on all processors, and tells of the first that fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flow_testkit::simulator::{Case, Played, Schedule, Violation, play};

use crate::replay::number;

/// A promise that wasn't kept, and when.
pub(crate) struct Found {
    pub(crate) schedule: Schedule,
    pub(crate) violation: Violation,
}

/// Tries so many seeds, or as many as the environment says.
pub(crate) fn find(usual: u64, test: impl Fn(&Case) -> Result<(), Found> + Sync) {
    let first = number("FLOW_SIM_START").unwrap_or(0);
    let end = first + number("FLOW_SIM_FLOWS").unwrap_or(usual);
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let case = Case::of(seed);
                    if let Err(found) = test(&case)
                        && !failed.swap(true, Ordering::Relaxed)
                    {
                        panic!("{}", report(shrunk(case, found, &test)));
                    }
                }
            });
        }
    });
}

/// The reference, and a death right before and right after each call of the store that changes something.
pub(crate) fn cuts(case: &Case) -> Result<usize, Found> {
    let reference = played(case, Schedule::Undisturbed)?;
    let mut cuts = 0;
    for call in changes(&reference.store_calls) {
        for schedule in [Schedule::DiesBefore(call), Schedule::DiesAfter(call)] {
            cuts += 1;
            played(case, schedule)?;
        }
    }
    Ok(cuts)
}

/// The numbers of the calls that change a run. A death between two others is a death after the last of these. Of the
/// claims, those that follow on an answer or a timer find something.
fn changes<'c>(calls: &'c [&'static str]) -> impl Iterator<Item = usize> + 'c {
    let mut is_called_up = false;
    let changes = calls.iter().map(move |call| match *call {
        "wait_resolve" | "event_publish" | "timer_fire" | "run_cancel" => {
            is_called_up = true;
            true
        }
        "run_claim" => std::mem::replace(&mut is_called_up, false),
        "run_create" | "run_append" => true,
        _ => false,
    });
    (1..).zip(changes).filter(|(_, changes)| *changes).map(|(number, _)| number)
}

/// One of the ways to disturb a case.
pub(crate) fn random(case: &Case, way: u64) -> Result<(), Found> {
    played(case, Schedule::Random(case.seed().wrapping_mul(1_000).wrapping_add(way))).map(|_| ())
}

pub(crate) fn played(case: &Case, schedule: Schedule) -> Result<Played, Found> {
    in_a_world(play(case, schedule, false)).map_err(|violation| Found { schedule, violation })
}

/// What happens in a play, in order.
pub(crate) fn trace(case: &Case, schedule: Schedule) -> Vec<String> {
    match in_a_world(play(case, schedule, true)) {
        Ok(played) => played.trace,
        Err(violation) => violation.trace,
    }
}

/// The least case that still fails, found by leaving out a step after the other.
fn shrunk(case: Case, found: Found, test: impl Fn(&Case) -> Result<(), Found>) -> (Case, Found) {
    let mut least = (case, found);
    let mut step = 0;
    while step < MOST_STEPS {
        match least.0.without(step).map(|case| (test(&case), case)) {
            // What followed has its number now.
            Some((Err(found), case)) => least = (case, found),
            Some((Ok(()), _)) | None => step += 1,
        }
    }
    least
}

/// More steps than a flow has.
const MOST_STEPS: usize = 60;

/// Everything that it takes to look into a failure.
pub(crate) fn report((case, Found { schedule, violation }): (Case, Found)) -> String {
    let seed = case.seed();
    let removed: Vec<String> = case.removed().iter().map(usize::to_string).collect();
    let without =
        if removed.is_empty() { String::new() } else { format!(" FLOW_SIM_WITHOUT={}", removed.join(",")) };
    let trace = trace(&case, schedule).join("\n  ");
    let documents: Vec<String> = case.documents().map(|document| format!("{document:#}")).collect();
    format!(
        "a promise isn't kept\n\nthe flow: {}\n\nwhat happened:\n  {trace}\n\nseed {seed}, {schedule}: \
         {violation}\nreplay it: FLOW_SIM_SEED={seed}{without} FLOW_SIM_SCHEDULE={schedule} cargo test -p \
         flow-testkit --test simulate -- replay --nocapture",
        documents.join("\nruns another one: "),
    )
}

fn in_a_world<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(work)
}
