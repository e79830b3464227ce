//! A case, played through a schedule.

use flow_engine::WaitState;
use flow_model::Resolution;

use super::client::Client;
use super::model::End;
use super::schedule::Disturbance;
use super::world::{LEASE, World};
use super::{Case, Schedule, Violation, families, invariants};
use crate::Fate;

/// What a play came to, if every promise was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The calls that the first process made of its store, in order.
    pub store_calls: Vec<&'static str>,
    /// How often the world was called.
    pub effects: usize,
    /// How many runs there were, those that others started included.
    pub runs: usize,
    /// How many waits an event ended.
    pub events: usize,
    /// How many of those events had come before the wait.
    pub latched: usize,
    /// Whether a cancel or somebody else's answer changed how the run went, so that its end wasn't compared.
    pub is_altered: bool,
    /// What happened, if that was asked for.
    pub trace: Vec<String>,
}

/// How often the play may go round until the run must have ended.
const MOST_TURNS: usize = 20_000;

/// How many calls of its store a process makes until it has started: it takes its lease.
const STARTING: usize = 1;

/// Plays a case through a schedule. `is_told`: whether a trace is kept for the report.
///
/// It must be called on a tokio runtime of one thread whose clock is paused (`start_paused`): that clock moves on
/// only when nobody has anything left to do, which is how a play knows.
///
/// # Errors
/// A promise wasn't kept.
pub async fn play(case: &Case, schedule: Schedule, is_told: bool) -> Result<Played, Violation> {
    // Worlds of one case differ in what goes wrong alone.
    let mut world = World::new(case.seed(), is_told);
    case.others.iter().enumerate().for_each(|(number, other)| world.publish(number, other));
    let played = through(case, schedule, &mut world).await;
    let broken = world.ledger().what_is_broken().map_or(Ok(()), Err);
    broken.and(played).map_err(|what| Violation { what, trace: world.ledger().trace() })
}

async fn through(case: &Case, schedule: Schedule, world: &mut World) -> Result<Played, String> {
    let mut disturbance = match schedule {
        Schedule::Undisturbed | Schedule::DiesBefore(_) | Schedule::DiesAfter(_) => None,
        Schedule::Random(seed) => Some(Disturbance::of(seed)),
    };
    let mut client = Client::new(case, case.seed());
    for _ in 0..disturbance.as_ref().map_or(1, Disturbance::processes) {
        start(world, disturbance.as_ref()).await?;
    }
    set_death(world, schedule);
    let mut turns = 0;
    loop {
        turns += 1;
        if turns > MOST_TURNS {
            return Err(stuck(world));
        }
        let is_idle = match &disturbance {
            Some(disturbance) => disturbance.turn(world).await,
            None => {
                world.idle().await;
                true
            }
        };
        client.collect(world)?;
        invariants::nothing_is_asked_in_vain(world)?;
        families::nobody_outlives_whom_it_is_for(world)?;
        if let Some(what) = world.ledger().what_is_broken() {
            return Err(what);
        }
        let runs = world.runs();
        let have_ended = !runs.is_empty() && runs.iter().all(|run| run.status.is_finished());
        if have_ended && client.is_done() {
            break;
        }
        if let Some(disturbance) = &mut disturbance
            && disturbance.strikes(case, world, &mut client, is_idle).await?
        {
            continue;
        }
        let open = world.open_processes();
        let Some(process) = open.get(turns % open.len().max(1)) else {
            // Long enough for whoever owned the run to have lost it.
            world.jump(LEASE);
            start(world, disturbance.as_ref()).await?;
            continue;
        };
        if client.act(world, *process) {
            continue;
        }
        if schedule == Schedule::Undisturbed {
            invariants::nobody_sleeps(world)?;
            invariants::nobody_works_in_vain(world)?;
        }
        // Time passes when everybody has had their turn: a process that sleeps through its lease has stalled.
        if is_idle && !world.pass() {
            return Err("nothing is left to wait for, and the run hasn't ended".to_owned());
        }
    }
    if let Some(disturbance) = &mut disturbance {
        disturbance.calm(world).await;
    }
    let is_altered = invariants::check(case, schedule, world, &client).await?;
    let mut store_calls = world.processes[0].store.calls();
    // The death's number is counted from when the process had started.
    store_calls.drain(..STARTING.min(store_calls.len()));
    let waits = world.runs().into_iter().flat_map(|run| world.waits(run.id));
    let met = waits.filter_map(|wait| match wait.state {
        WaitState::Resolved { resolution: Resolution::EventReceived { event, .. }, .. } => Some(event),
        _ => None,
    });
    let met: Vec<_> = met.collect();
    Ok(Played {
        store_calls,
        effects: world.ledger().calls().len(),
        runs: world.runs().len(),
        events: met.len(),
        latched: met.iter().filter(|event| client.sender.is_taken_by_nobody(event)).count(),
        is_altered,
        trace: world.ledger().trace(),
    })
}

/// Where a run hangs.
fn stuck(world: &World) -> String {
    const LAST: usize = 12;
    let runs = world.runs();
    let waits: Vec<_> = runs.iter().flat_map(|run| world.waits(run.id)).collect();
    let events = runs.iter().flat_map(|run| world.events(run.id));
    let events: Vec<_> =
        events.map(|event| (event.time, event.kind.name(), event.kind.visit().cloned())).collect();
    let processes = world.processes.iter().map(|process| {
        let calls = process.store.calls();
        calls[calls.len().saturating_sub(LAST)..].to_vec()
    });
    let processes: Vec<_> = processes.collect();
    format!("the run is stuck: {runs:?} {waits:?} at {}\n{events:#?}\nlast calls: {processes:?}", world.now())
}

async fn start(world: &mut World, disturbance: Option<&Disturbance>) -> Result<(), String> {
    let number = world.start().await.map_err(|error| format!("a process doesn't start: {error}"))?;
    world.ledger().note(|| format!("process {number} starts"));
    if let Some(disturbance) = disturbance {
        disturbance.meddle(world, number);
    }
    Ok(())
}

/// The calls of the first process are counted from its start on.
fn set_death(world: &World, schedule: Schedule) {
    let (wanted, fate) = match schedule {
        Schedule::Undisturbed | Schedule::Random(_) => return,
        Schedule::DiesBefore(number) => (number, Fate::Die),
        Schedule::DiesAfter(number) => (number, Fate::DieAfter),
    };
    world.processes[0].store.set_rule(move |call| if call.number == wanted { fate } else { Fate::Pass });
}

impl End {
    /// How a run ended, as the model speaks of it; none for a cancelled one.
    pub(super) fn of(end: &flow_model::RunEnd) -> Option<Self> {
        match end {
            flow_model::RunEnd::Completed { output } => Some(Self::Completed((**output).clone())),
            flow_model::RunEnd::Failed { error } => Some(Self::Failed(error.code.clone().into())),
            flow_model::RunEnd::Cancelled => None,
        }
    }
}
