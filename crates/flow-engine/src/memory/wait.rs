//! The waits of one run: rows that leave `Open` once.

use std::collections::{HashMap, HashSet};

use flow_model::{EventId, Resolution, RunId, Timestamp, VisitPath, Wait};

use super::events::{Events, Topic};
use super::timers::Timers;
use crate::{ResolveOutcome, ResolvedWait, StoredWait, TimerKind, WaitState};

/// The waits of one run.
pub(super) struct Waits {
    run: RunId,
    /// In the order they were stored.
    rows: Vec<StoredWait>,
    places: HashMap<VisitPath, usize>,
    open: usize,
    /// The places of answers that no commit has taken up, in the order they were stored.
    untaken: Vec<usize>,
    /// The events that it has taken.
    events: HashSet<EventId>,
}

impl Waits {
    pub(super) fn new(run: RunId) -> Self {
        Self {
            run,
            rows: Vec::new(),
            places: HashMap::new(),
            open: 0,
            untaken: Vec::new(),
            events: HashSet::new(),
        }
    }

    /// Whether a wait with that visit was ever opened.
    pub(super) fn contains(&self, visit: &VisitPath) -> bool {
        self.places.contains_key(visit)
    }

    pub(super) const fn any_open(&self) -> bool {
        self.open > 0
    }

    pub(super) const fn any_untaken(&self) -> bool {
        !self.untaken.is_empty()
    }

    /// Whether the visit's wait was answered, and the answer is taken up or `taken` now.
    pub(super) fn is_over(&self, visit: &VisitPath, taken: bool) -> bool {
        let Some(place) = self.places.get(visit) else { return false };
        match self.rows[*place].state {
            WaitState::Resolved { .. } | WaitState::Expired { .. } => taken || !self.untaken.contains(place),
            WaitState::Open | WaitState::Closed => false,
        }
    }

    pub(super) fn is_open(&self, visit: &VisitPath) -> bool {
        self.places.get(visit).is_some_and(|place| self.rows[*place].state == WaitState::Open)
    }

    /// Whether one of them was answered by that event.
    pub(super) fn has_taken(&self, event: EventId) -> bool {
        self.events.contains(&event)
    }

    /// Answers a wait that was just opened by an event that is there already. `since` is when the run was created.
    pub(super) fn meet(
        &mut self,
        visit: &VisitPath,
        topic: &Topic,
        events: &Events,
        since: Timestamp,
        timers: &mut Timers,
    ) {
        if !self.is_open(visit) {
            return;
        }
        let Some(now) = self.places.get(visit).map(|place| self.rows[*place].opened_at) else { return };
        if let Some(event) = events.oldest(topic, since, now, &self.events) {
            self.resolve(visit, event, now, timers);
        }
    }

    /// Whether the visit's answer is stored and not taken up.
    pub(super) fn is_untaken(&self, visit: &VisitPath) -> bool {
        self.places.get(visit).is_some_and(|place| self.untaken.contains(place))
    }

    pub(super) fn open(&mut self, visit: VisitPath, wait: Wait, opened_at: Timestamp, timers: &mut Timers) {
        if let Some(at) = wait.expires_at {
            timers.set(self.run, visit.clone(), TimerKind::WaitExpiry, at);
        }
        let row = StoredWait { visit, opened_at, wait, state: WaitState::Open };
        self.open += 1;
        match self.places.get(&row.visit) {
            Some(place) => self.rows[*place] = row,
            None => {
                self.places.insert(row.visit.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    pub(super) fn take(&mut self, visit: &VisitPath) {
        if let Some(place) = self.places.get(visit) {
            self.untaken.retain(|untaken| untaken != place);
        }
    }

    /// Closes one visit's wait, if there is an open one; its answer isn't offered again, nor has it timers left.
    pub(super) fn close(&mut self, visit: &VisitPath, timers: &mut Timers) {
        TimerKind::ALL.into_iter().for_each(|kind| timers.remove(self.run, visit, kind));
        self.take(visit);
        if let Some(place) = self.places.get(visit)
            && self.rows[*place].state == WaitState::Open
        {
            self.rows[*place].state = WaitState::Closed;
            self.open -= 1;
        }
    }

    /// Closes what is open. No timer of the run counts any more.
    pub(super) fn close_all(&mut self, timers: &mut Timers) {
        timers.remove_all(self.run);
        for row in self.rows.iter_mut().filter(|row| row.state == WaitState::Open) {
            row.state = WaitState::Closed;
        }
        self.open = 0;
    }

    pub(super) fn resolve(
        &mut self,
        visit: &VisitPath,
        resolution: Resolution,
        now: Timestamp,
        timers: &mut Timers,
    ) -> ResolveOutcome {
        let Some(&place) = self.places.get(visit) else { return ResolveOutcome::Missing };
        let row = &mut self.rows[place];
        if row.state != WaitState::Open {
            return ResolveOutcome::NotOpen(row.state.clone());
        }
        let over = row.wait.expires_at.filter(|at| *at <= now);
        row.state = match (resolution, over) {
            (Resolution::Expired, None) => return ResolveOutcome::NotOpen(WaitState::Open),
            (Resolution::Expired, Some(_)) => WaitState::Expired { resolved_at: now },
            (_, Some(at)) => return ResolveOutcome::NotOpen(WaitState::Expired { resolved_at: at }),
            (resolution, None) => {
                if let Resolution::EventReceived { event, .. } = &resolution {
                    self.events.insert(*event);
                }
                WaitState::Resolved { resolution, resolved_at: now }
            }
        };
        timers.remove(self.run, visit, TimerKind::WaitExpiry);
        self.open -= 1;
        self.untaken.push(place);
        ResolveOutcome::Won
    }

    /// The answers not taken up, oldest first.
    pub(super) fn answers(&self) -> Vec<ResolvedWait> {
        let answers = self.untaken.iter().filter_map(|place| answer(&self.rows[*place]));
        let mut answers: Vec<ResolvedWait> = answers.collect();
        // Stable: answers of one moment stay in the order they were stored.
        answers.sort_by_key(|answer| answer.resolved_at);
        answers
    }

    /// Every wait, oldest first.
    pub(super) fn list(&self) -> Vec<StoredWait> {
        sorted(self.rows.clone())
    }

    /// The waits that are open or answered and not taken up, oldest first.
    pub(super) fn pending(&self) -> Vec<StoredWait> {
        if self.open == 0 && self.untaken.is_empty() {
            return Vec::new();
        }
        let rows = self.rows.iter().enumerate();
        let pending =
            rows.filter(|(place, row)| row.state == WaitState::Open || self.untaken.contains(place));
        sorted(pending.map(|(_, row)| row.clone()).collect())
    }
}

/// Oldest first; waits of one moment stay in the order they were stored.
fn sorted(mut rows: Vec<StoredWait>) -> Vec<StoredWait> {
    rows.sort_by_key(|row| row.opened_at);
    rows
}

fn answer(row: &StoredWait) -> Option<ResolvedWait> {
    let (resolution, resolved_at) = match &row.state {
        WaitState::Resolved { resolution, resolved_at } => (resolution.clone(), *resolved_at),
        WaitState::Expired { resolved_at } => (Resolution::Expired, *resolved_at),
        WaitState::Open | WaitState::Closed => return None,
    };
    Some(ResolvedWait { visit: row.visit.clone(), resolution, resolved_at })
}
