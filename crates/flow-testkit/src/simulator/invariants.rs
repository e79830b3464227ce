//! What is promised about every run, whatever went wrong.
//!
//! Always, of each run, also of those that other runs start (`families` has what is promised about these):
//! - one run came of the client's call, and an acknowledged one is there;
//! - its log is numbered without a gap, folds, ends once, at its end, and gives the status of its row;
//! - an acknowledged answer is the one in the log, unless its branch was closed or the run cancelled, and whoever
//!   gave an answer that counts wasn't told otherwise;
//! - what came after the time of a wait was over doesn't count;
//! - no effect is called that the flow doesn't have, and each with one input only (what is stored at the time of a
//!   call is checked by `work`);
//! - nothing is left: no open wait, no timer, no run that somebody would take up;
//! - an acknowledged cancel ends the run as cancelled, and from its request on nothing is open to be answered.
//!
//! Unless a cancel or an answer out of turn changed its course, and as far as the model can know it:
//! - the run ends as the model says, and every effect that must happen has.
//!
//! Undisturbed: each of those effects was called as often as the model says; a run that was started, answered or cancelled
//! is taken up at once; a call whose visit was closed is dropped.

use std::collections::BTreeMap;
use std::time::Duration;

use flow_engine::{Claim, Claimable, RunRecord, Store, StoredWait, WaitState};
use flow_model::{
    BatchId, EventKind, ExecutionId, NodeId, Resolution, RunEvent, RunState, RunStatus, VisitPath,
    VisitStatus, WaitKind, apply,
};

use super::client::Client;
use super::families::{self, Ended};
use super::model::{End, fits};
use super::world::{World, now};
use super::{Case, Schedule};

/// Checks everything; returns whether the run's course was altered, so that its end could not be compared.
pub(super) async fn check(
    case: &Case,
    schedule: Schedule,
    world: &World,
    client: &Client<'_>,
) -> Result<bool, String> {
    let runs = world.runs();
    let roots = runs.iter().filter(|run| run.parent.is_none()).count();
    let (1, Some(root)) = (roots, runs.first()) else {
        return Err(format!("one run should have been started: {runs:?}"));
    };
    if client.run != Some(root.id) {
        return Err(format!("the run {:?} was acknowledged, and {} is stored", client.run, root.id));
    }
    let time_is_one = world.shared.tick.is_zero();
    let mut stored = Vec::new();
    for record in &runs {
        let events = world.events(record.id);
        let state = log(&events, time_is_one)?;
        if state.status() != record.status || state.seq() != record.seq {
            let status = state.status().as_str();
            return Err(format!("the log says {status} at {}, and the row {record:?}", state.seq()));
        }
        stored.push((record, events, state, world.waits(record.id)));
    }
    let ended = stored.iter().map(|(record, events, state, waits)| Ended { record, events, state, waits });
    let ended: Vec<_> = ended.collect();
    for run in &ended {
        answers(client, run)?;
        nothing_is_open(run.waits)?;
    }
    families::check(&ended, &client.asked_to_cancel)?;
    families::check_events(&ended, &client.sender, time_is_one)?;
    nothing_is_left(world)?;
    let is_cancelled = |run: &RunRecord| run.status == RunStatus::Cancelled;
    let uncancelled = |run: &&RunRecord| client.cancel_acknowledged.contains(&run.id) && !is_cancelled(run);
    if let Some(run) = runs.iter().find(uncancelled) {
        return Err(format!("the cancel of {run:?} was acknowledged"));
    }
    let any_asked = runs.iter().any(|run| is_cancelled(run) && client.asked_to_cancel.contains(&run.id));
    let is_altered = client.is_altered || client.sender.is_altered || any_asked;
    effects(case, schedule, world, &runs, is_altered)?;
    let Some((_, end)) = stored.first().and_then(|(_, _, state, _)| state.end()) else {
        return Err("the run hasn't ended".to_owned());
    };
    let (Some(actual), Some(expected), false) = (End::of(end), &case.prediction.end, is_altered) else {
        return Ok(true);
    };
    if !expected.fits(&actual) {
        return Err(format!("the run should end as {expected:?}, and ended as {actual:?} ({end:?})"));
    }
    Ok(false)
}

/// The log, folded. The clocks of slow processes differ by a moment, so there the time may go back.
fn log(events: &[RunEvent], time_is_one: bool) -> Result<RunState, String> {
    let mut state = RunState::new();
    for event in events {
        apply(&mut state, event).map_err(|illegal| format!("the log doesn't fold: {illegal}"))?;
    }
    let is_end = |event: &&RunEvent| {
        matches!(
            event.kind,
            EventKind::RunCompleted { .. } | EventKind::RunFailed { .. } | EventKind::RunCancelled {}
        )
    };
    if events.iter().filter(is_end).count() != 1 || !events.last().is_some_and(|last| is_end(&last)) {
        return Err(format!("a log ends once, at its end: {events:#?}"));
    }
    if time_is_one && !events.is_sorted_by_key(|event| event.time) {
        return Err(format!("the time goes back in the log: {events:#?}"));
    }
    Ok(state)
}

/// Every acknowledged answer stands in the log, and every answer there was acknowledged.
fn answers(client: &Client<'_>, run: &Ended<'_>) -> Result<(), String> {
    let Ended { record, events, state, waits } = *run;
    let is_closed =
        |visit: &str| state.visit(visit).is_some_and(|visit| visit.status == VisitStatus::Cancelled);
    let recorded = |wanted: &VisitPath| {
        events.iter().find_map(|event| match &event.kind {
            EventKind::WaitResolved { visit, resolution, .. } if visit == wanted => Some(resolution),
            _ => None,
        })
    };
    for (execution, acknowledged) in client.acknowledged.values().filter(|(it, _)| it.run == record.id) {
        match recorded(&execution.visit) {
            Some(recorded) if recorded == acknowledged => {}
            None if is_closed(execution.visit.as_str()) => {}
            other => {
                return Err(format!(
                    "{acknowledged:?} was acknowledged as the answer to {execution}, and {other:?} is recorded"
                ));
            }
        }
    }
    // An event has nobody who would ask what became of it.
    for wait in waits.iter().filter(|wait| wait.wait.request.kind() == WaitKind::Event) {
        let WaitState::Resolved { resolution, .. } = &wait.state else { continue };
        match recorded(&wait.visit) {
            Some(recorded) if recorded == resolution => {}
            None if is_closed(wait.visit.as_str()) => {}
            other => return Err(format!("{wait:?} is stored, and {other:?} is recorded")),
        }
    }
    for event in events {
        let EventKind::WaitResolved { visit, resolution, resolved_at } = &event.kind else { continue };
        let expires_at = state.visit(visit.as_str()).and_then(|visit| visit.wait.as_ref()?.expires_at);
        let is_over = expires_at.is_some_and(|at| at <= *resolved_at);
        if is_over != (*resolution == Resolution::Expired) {
            return Err(format!(
                "{visit} ended at {resolved_at} by {resolution:?}, and expired at {expires_at:?}"
            ));
        }
        let execution = ExecutionId { run: record.id, visit: visit.clone() }.to_string();
        let is_told = client.acknowledged.contains_key(&execution) || client.unknown.contains(&execution);
        let is_answer = !matches!(resolution, Resolution::Expired | Resolution::EventReceived { .. });
        if is_answer && !is_told {
            return Err(format!(
                "{resolution:?} counts as the answer to {execution}, and whoever gave it was refused"
            ));
        }
    }
    Ok(())
}

/// Of a run that is to be cancelled nothing can be answered any more: an answer would be acknowledged and not count.
pub(super) fn nothing_is_asked_in_vain(world: &World) -> Result<(), String> {
    for run in world.runs().into_iter().filter(|run| run.cancel_requested_at.is_some()) {
        if let Some(open) = world.waits(run.id).iter().find(|wait| wait.state == WaitState::Open) {
            return Err(format!("the run is to be cancelled, and {open:?} is open"));
        }
    }
    Ok(())
}

/// A run that was started, answered or cancelled is taken up before time passes: nobody has to find it later. (Beside an
/// effect that is under way an answer may stay in its driver's hands for a moment.)
pub(super) fn nobody_sleeps(world: &World) -> Result<(), String> {
    for run in world.runs().into_iter().filter(|run| !run.status.is_finished()) {
        if run.cancel_requested_at.is_some() {
            return Err(format!("nothing happens, and nobody cancels this: {run:?}"));
        }
        // What a script is for isn't stored before it is through.
        if world.ledger().evaluates() {
            continue;
        }
        if run.status == RunStatus::Queued {
            return Err(format!("nothing happens, and nobody has taken this up: {run:?}"));
        }
        let stored = now(world.shared.database.run_load(run.id)).flatten();
        let waits = stored.into_iter().flat_map(|stored| stored.waits);
        let answered = waits.into_iter().find(|wait| wait.state != WaitState::Open);
        if let (RunStatus::Waiting, Some(wait)) = (run.status, answered) {
            return Err(format!("nothing happens, and nobody has taken this up: {wait:?}"));
        }
    }
    Ok(())
}

/// Of a visit that was closed, nothing is under way any more.
pub(super) fn nobody_works_in_vain(world: &World) -> Result<(), String> {
    for execution in world.ledger().under_way() {
        let mut state = RunState::new();
        for event in world.events(execution.run) {
            apply(&mut state, &event).map_err(|illegal| format!("the log doesn't fold: {illegal}"))?;
        }
        let visit = state.visit(execution.visit.as_str());
        if visit.is_some_and(|visit| visit.status == VisitStatus::Cancelled) {
            return Err(format!("{execution} was closed, and its call is still under way"));
        }
    }
    Ok(())
}

fn nothing_is_open(waits: &[StoredWait]) -> Result<(), String> {
    match waits.iter().find(|wait| wait.state == WaitState::Open) {
        Some(open) => Err(format!("the run has ended, and {open:?} is still open")),
        None => Ok(()),
    }
}

fn nothing_is_left(world: &World) -> Result<(), String> {
    let database = &world.shared.database;
    if let Some(timer) = now(database.timer_next()).flatten() {
        return Err(format!("the run has ended, and a timer is left at {timer}"));
    }
    let later = world.now().after(Duration::from_secs(24 * 3600));
    let claim = Claim {
        node: NodeId::new(later, [9; 10]),
        of: Claimable::Any,
        limit: 10,
        id: BatchId::new(later, [9; 10]),
        repeated: false,
        now: later,
    };
    match now(database.run_claim(claim)) {
        Some(claimed) if claimed.is_empty() => Ok(()),
        claimed => Err(format!("the run has ended, and can be taken up: {claimed:?}")),
    }
}

fn effects(
    case: &Case,
    schedule: Schedule,
    world: &World,
    runs: &[RunRecord],
    is_altered: bool,
) -> Result<(), String> {
    let mut counts = BTreeMap::<String, u32>::new();
    let mut inputs = BTreeMap::new();
    for call in world.ledger().calls() {
        if runs.iter().all(|run| run.id != call.execution.run) {
            return Err(format!("process {} called {}, of another run", call.process, call.execution));
        }
        let visit = world.path(call.execution.run, &call.execution.visit);
        let first = inputs.entry(visit.clone()).or_insert_with(|| call.input.clone());
        if *first != call.input {
            return Err(format!("{visit} was called with {first} and with {}", call.input));
        }
        *counts.entry(visit).or_default() += 1;
    }
    if is_altered || case.prediction.is_wild {
        return Ok(());
    }
    for (visit, input) in &inputs {
        let Some(effect) = case.prediction.effects.get(visit) else {
            return Err(format!("{visit} was called, which the flow doesn't do"));
        };
        if !fits(&effect.input, input) {
            return Err(format!("{visit} was called with {input}, and should be with {}", effect.input));
        }
    }
    for (visit, effect) in case.prediction.effects.iter().filter(|(_, effect)| effect.is_sure) {
        let count = counts.get(visit).copied().unwrap_or(0);
        let most = match schedule {
            Schedule::Undisturbed => effect.calls,
            // A death may fall between a call and the commit of its result; nothing else repeats a call.
            Schedule::DiesBefore(_) | Schedule::DiesAfter(_) => effect.calls + 1,
            Schedule::Random(_) => effect.calls + world.losses,
        };
        let least = if schedule == Schedule::Undisturbed { effect.calls } else { 1 };
        if !(least..=most).contains(&count) {
            return Err(format!("{visit} was called {count} times, and should be {} times", effect.calls));
        }
    }
    Ok(())
}
