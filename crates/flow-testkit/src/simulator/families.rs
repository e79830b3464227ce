//! What is promised about runs that other runs start, and about events.
//!
//! Always:
//! - a run that a step starts is the only one of that attempt, and the log of whoever started it says so;
//! - whoever waits for its end gets it once, as it is, or was closed, and then that run is cancelled;
//! - of a run that is cancelled, or that has ended and waited for others, those others are cancelled in the same moment;
//! - a run gets an event that it waits for, or has come to wait for, and each one once.

use std::collections::{BTreeMap, BTreeSet};

use flow_engine::{RunRecord, StoredWait, WaitState};
use flow_model::{
    EventId, EventKind, Resolution, RunEnd, RunEvent, RunId, RunState, RunStatus, VisitStatus, WaitRequest,
};

use super::outside::Topic;
use super::sender::{Sender, Sent};
use super::world::World;

/// A run that was started goes by what becomes of the one that started it: at any time.
pub(super) fn nobody_outlives_whom_it_is_for(world: &World) -> Result<(), String> {
    let runs = world.runs();
    let by_id: BTreeMap<RunId, &RunRecord> = runs.iter().map(|run| (run.id, run)).collect();
    for child in &runs {
        let Some(parent) = &child.parent else { continue };
        let Some(above) = by_id.get(&parent.run) else { continue };
        let is_cancelled = above.cancel_requested_at.is_some() || above.status == RunStatus::Cancelled;
        let is_over = is_cancelled || (parent.waits && above.status.is_finished());
        if is_over && !child.status.is_finished() && child.cancel_requested_at.is_none() {
            return Err(format!("{above:?} is over, and {child:?} goes on"));
        }
    }
    Ok(())
}

/// A run that has ended, as whoever checks the promises looks at it.
pub(super) struct Ended<'a> {
    pub(super) record: &'a RunRecord,
    pub(super) events: &'a [RunEvent],
    pub(super) state: &'a RunState,
    pub(super) waits: &'a [StoredWait],
}

impl Ended<'_> {
    fn end(&self) -> Result<&RunEnd, String> {
        let end = self.state.end().map(|(_, end)| end);
        end.ok_or_else(|| format!("the run {} hasn't ended", self.record.id))
    }

    fn is_closed(&self, visit: &str) -> bool {
        self.state.visit(visit).is_some_and(|visit| visit.status == VisitStatus::Cancelled)
    }

    /// Whether what stands above it may have cancelled it.
    fn may_be_cancelled_by(&self, above: &Self) -> bool {
        self.record.parent.as_ref().is_some_and(|parent| {
            above.record.status == RunStatus::Cancelled
                || (parent.waits && above.is_closed(parent.visit.as_str()))
        })
    }
}

/// Checks the runs of a family one against the other. `asked`: those that somebody asked to cancel.
pub(super) fn check(runs: &[Ended<'_>], asked: &BTreeSet<RunId>) -> Result<(), String> {
    let by_id: BTreeMap<RunId, &Ended<'_>> = runs.iter().map(|run| (run.record.id, run)).collect();
    for run in runs {
        started(run, &by_id)?;
        let above = run.record.parent.as_ref().and_then(|parent| by_id.get(&parent.run));
        if let Some(above) = above {
            answered(run, above)?;
        }
        let may_be_cancelled =
            asked.contains(&run.record.id) || above.is_some_and(|above| run.may_be_cancelled_by(above));
        if *run.end()? == RunEnd::Cancelled && !may_be_cancelled {
            return Err(format!("the run {} was cancelled, and nobody asked for it", run.record.id));
        }
    }
    Ok(())
}

/// Every run that a log speaks of is there, once, and every run that is there is spoken of.
fn started(run: &Ended<'_>, by_id: &BTreeMap<RunId, &Ended<'_>>) -> Result<(), String> {
    let id = run.record.id;
    let mut started = BTreeSet::new();
    // One at a time: another attempt comes after the end of the one before.
    let mut last = BTreeMap::new();
    for event in run.events {
        if let EventKind::ChildFinished { visit, run: child, .. } = &event.kind
            && last.remove(visit) != Some(*child)
        {
            return Err(format!("{id} was told of the end of {child}, which {visit} doesn't wait for"));
        }
        let EventKind::ChildStarted { visit, run: child, waits } = &event.kind else { continue };
        if let Some(other) = last.insert(visit, *child) {
            return Err(format!("{id} started {other} and {child} for one attempt at {visit}"));
        }
        let parent = by_id.get(child).and_then(|child| child.record.parent.as_ref());
        let is_it =
            parent.is_some_and(|parent| parent.run == id && parent.visit == *visit && parent.waits == *waits);
        if !is_it || !started.insert(*child) {
            return Err(format!("{id} says that it started {child} at {visit}, and {parent:?} is stored"));
        }
    }
    let below = by_id.values().filter(|child| child.record.parent.as_ref().is_some_and(|it| it.run == id));
    match below.map(|child| child.record.id).find(|child| !started.contains(child)) {
        Some(child) => Err(format!("{child} is stored, and {id} doesn't say that it started it")),
        None => Ok(()),
    }
}

/// Whoever waits for a run's end was told, or waits no more.
fn answered(child: &Ended<'_>, above: &Ended<'_>) -> Result<(), String> {
    let Some(parent) = child.record.parent.as_ref().filter(|parent| parent.waits) else { return Ok(()) };
    let (id, end) = (child.record.id, child.end()?);
    let told = above.events.iter().filter_map(|event| match &event.kind {
        EventKind::ChildFinished { run, end, .. } if *run == id => Some(end),
        _ => None,
    });
    let told: Vec<&RunEnd> = told.collect();
    match told[..] {
        [told] if told == end => {}
        // Its end was there, and the branch was closed before anybody looked.
        [] if above.is_closed(parent.visit.as_str()) => {}
        _ => return Err(format!("{id} ended as {end:?}, and {told:?} was told to {}", above.record.id)),
    }
    let is_for_it = |wait: &&StoredWait| wait.wait.request == WaitRequest::RunFlow { run: id };
    match above.waits.iter().find(is_for_it).map(|wait| &wait.state) {
        // Another attempt has taken its place.
        None if told.len() == 1 => Ok(()),
        Some(WaitState::Resolved { resolution: Resolution::ChildEnded { run, end: stored }, .. })
            if *run == id && stored == end =>
        {
            Ok(())
        }
        Some(WaitState::Closed) if *end == RunEnd::Cancelled => Ok(()),
        other => Err(format!("{id} ended as {end:?}, and its parent's wait is {other:?}")),
    }
}

/// What runs made of the events. `time_is_one`: whether all clocks show the same.
pub(super) fn check_events(runs: &[Ended<'_>], sender: &Sender<'_>, time_is_one: bool) -> Result<(), String> {
    let mut takers = BTreeMap::<EventId, usize>::new();
    for run in runs {
        let mut taken = BTreeSet::new();
        for wait in run.waits {
            let WaitState::Resolved { resolution: Resolution::EventReceived { event, data }, .. } =
                &wait.state
            else {
                continue;
            };
            let sent = sender.sent.get(event);
            let fits = sent.is_some_and(|sent| {
                Topic::of(&wait.wait.request).as_ref() == Some(&sent.topic) && sent.data == *data
            });
            if !fits || !taken.insert(*event) {
                return Err(format!("{event} with {data} was taken by {wait:?}"));
            }
            *takers.entry(*event).or_default() += 1;
        }
        if time_is_one {
            run.waits.iter().try_for_each(|wait| nothing_is_missed(run, wait, &taken, sender))?;
        }
    }
    for (event, sent) in &sender.sent {
        let takers = takers.get(event).copied().unwrap_or(0);
        if sent.acknowledged.is_some_and(|(_, woken)| woken > takers) {
            return Err(format!("{event} was acknowledged as taken by more than the {takers} who did"));
        }
    }
    Ok(())
}

/// An event that was there when a wait for it opened, or that came while it was open, counts, or another one did.
fn nothing_is_missed(
    run: &Ended<'_>,
    wait: &StoredWait,
    taken: &BTreeSet<EventId>,
    sender: &Sender<'_>,
) -> Result<(), String> {
    let Some(topic) = Topic::of(&wait.wait.request) else { return Ok(()) };
    let resolved_at = match wait.state {
        WaitState::Resolved { resolved_at, .. } | WaitState::Expired { resolved_at } => resolved_at,
        WaitState::Open | WaitState::Closed => return Ok(()),
    };
    if resolved_at == wait.opened_at {
        return Ok(());
    }
    let is_missed = |(event, sent): &(&EventId, &Sent)| {
        sent.topic == topic
            && !sent.is_brief
            && !taken.contains(event)
            && sent.at >= run.record.created_at
            && sent.acknowledged.is_some_and(|(at, _)| {
                at < resolved_at && wait.wait.expires_at.is_none_or(|expires_at| at < expires_at)
            })
    };
    match sender.sent.iter().find(is_missed) {
        Some((event, sent)) => {
            Err(format!("{event} of {} was acknowledged, and {wait:?} didn't get it", sent.at))
        }
        None => Ok(()),
    }
}
