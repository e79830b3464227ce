//! What is due when, found by time and by what it is for.

use std::collections::{BTreeMap, BTreeSet};

use flow_model::{RunId, Timestamp, VisitPath};

use crate::{Timer, TimerKind};

/// What a timer is for; there is one at the most.
type Place = (RunId, VisitPath, TimerKind);

/// The timers of all runs.
#[derive(Default)]
pub(super) struct Timers {
    by_time: BTreeSet<(Timestamp, Place)>,
    by_place: BTreeMap<Place, Timestamp>,
}

impl Timers {
    /// Sets a timer, in the place of one that was set before.
    pub(super) fn set(&mut self, run: RunId, visit: VisitPath, kind: TimerKind, due_at: Timestamp) {
        let place = (run, visit, kind);
        if let Some(before) = self.by_place.insert(place.clone(), due_at) {
            self.by_time.remove(&(before, place.clone()));
        }
        self.by_time.insert((due_at, place));
    }

    /// Takes a timer away if it is due; false when it isn't, or isn't there.
    pub(super) fn take_due(
        &mut self,
        run: RunId,
        visit: &VisitPath,
        kind: TimerKind,
        now: Timestamp,
    ) -> bool {
        let is_due = self.by_place.get(&(run, visit.clone(), kind)).is_some_and(|due_at| *due_at <= now);
        if is_due {
            self.remove(run, visit, kind);
        }
        is_due
    }

    pub(super) fn remove(&mut self, run: RunId, visit: &VisitPath, kind: TimerKind) {
        let place = (run, visit.clone(), kind);
        if let Some(due_at) = self.by_place.remove(&place) {
            self.by_time.remove(&(due_at, place));
        }
    }

    /// Takes every timer of a run away.
    pub(super) fn remove_all(&mut self, run: RunId) {
        let first = (run, VisitPath::from_stored(""), TimerKind::WaitExpiry);
        let of_run = self.by_place.range(first..).take_while(|((owner, ..), _)| *owner == run);
        let places: Vec<_> = of_run.map(|(place, _)| place.clone()).collect();
        for (_, visit, kind) in places {
            self.remove(run, &visit, kind);
        }
    }

    /// What is due, the earliest first, at most `limit`.
    pub(super) fn due(&self, now: Timestamp, limit: usize) -> Vec<Timer> {
        let due = self.by_time.iter().take_while(|(at, _)| *at <= now).take(limit);
        due.map(|(due_at, (run, visit, kind))| Timer {
            run: *run,
            visit: visit.clone(),
            kind: *kind,
            due_at: *due_at,
        })
        .collect()
    }

    /// When the earliest is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }
}
