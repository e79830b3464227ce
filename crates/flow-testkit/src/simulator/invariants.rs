//! What is promised about every run, whatever went wrong.
//!
//! Always:
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
//! Undisturbed: each of those effects was called as often as the model says, a waiting run that was answered was taken up at once; a call whose visit was closed is dropped.

use std::collections::BTreeMap;
use std::time::Duration;

use flow_engine::{Claim, Claimable, Store, WaitState};
use flow_model::{
    BatchId, EventKind, ExecutionId, NodeId, Resolution, RunEvent, RunId, RunState, RunStatus, VisitStatus,
    apply,
};

use super::client::Client;
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
    let [run] = &runs[..] else { return Err(format!("there should be one run: {runs:?}")) };
    if client.run != Some(run.id) {
        return Err(format!("the run {:?} was acknowledged, and {} is stored", client.run, run.id));
    }
    let events = world.events(run.id);
    let state = log(&events, world.shared.tick.is_zero())?;
    if state.status() != run.status || state.seq() != run.seq {
        return Err(format!(
            "the log says {} at {}, and the row {run:?}",
            state.status().as_str(),
            state.seq()
        ));
    }
    let Some((_, end)) = state.end() else { return Err("the run hasn't ended".to_owned()) };
    answers(client, run.id, &events, &state)?;
    nothing_is_left(world, run.id)?;
    let actual = End::of(end);
    if actual.is_some() && client.cancel_acknowledged {
        return Err(format!("the run ended as {actual:?}, and its cancel was acknowledged"));
    }
    if actual.is_none() && !client.asked_to_cancel {
        return Err("the run was cancelled, and nobody asked for it".to_owned());
    }
    let is_altered = client.is_altered || actual.is_none();
    effects(case, schedule, world, run.id, is_altered)?;
    let (Some(actual), Some(expected), false) = (actual, &case.prediction.end, is_altered) else {
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
fn answers(client: &Client<'_>, run: RunId, events: &[RunEvent], state: &RunState) -> Result<(), String> {
    for (execution, acknowledged) in client.acknowledged.values() {
        let recorded = events.iter().find_map(|event| match &event.kind {
            EventKind::WaitResolved { visit, resolution, .. } if *visit == execution.visit => {
                Some(resolution)
            }
            _ => None,
        });
        let is_closed =
            state.visit(execution.visit.as_str()).is_some_and(|visit| visit.status == VisitStatus::Cancelled);
        match recorded {
            Some(recorded) if recorded == acknowledged => {}
            None if is_closed => {}
            other => {
                return Err(format!(
                    "{acknowledged:?} was acknowledged as the answer to {execution}, and {other:?} is recorded"
                ));
            }
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
        let execution = ExecutionId { run, visit: visit.clone() }.to_string();
        let is_told = client.acknowledged.contains_key(&execution) || client.unknown.contains(&execution);
        if *resolution != Resolution::Expired && !is_told {
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

/// A waiting run that was answered is taken up before time passes: nobody has to find it later. (Beside an effect that
/// is under way an answer may stay in its driver's hands for a moment.)
pub(super) fn nobody_sleeps(world: &World) -> Result<(), String> {
    for run in world.runs().into_iter().filter(|run| run.status == RunStatus::Waiting) {
        let stored = now(world.shared.database.run_load(run.id)).flatten();
        let waits = stored.into_iter().flat_map(|stored| stored.waits);
        if let Some(wait) = waits.into_iter().find(|wait| wait.state != WaitState::Open) {
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

fn nothing_is_left(world: &World, run: RunId) -> Result<(), String> {
    if let Some(open) = world.waits(run).iter().find(|wait| wait.state == WaitState::Open) {
        return Err(format!("the run has ended, and {open:?} is still open"));
    }
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
    run: RunId,
    is_altered: bool,
) -> Result<(), String> {
    let mut counts = BTreeMap::<String, u32>::new();
    let mut inputs = BTreeMap::new();
    for call in world.ledger().calls() {
        let visit = call.execution.visit.as_str().to_owned();
        if call.execution.run != run {
            return Err(format!("process {} called {}, of another run", call.process, call.execution));
        }
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
