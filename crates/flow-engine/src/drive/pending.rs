//! Events that are decided and not committed, and the rows that go with them.

use std::collections::BTreeSet;
use std::time::Duration;

use flow_model::{BatchId, EventKind, LogLine, RunEvent, Timestamp, VisitPath, Wait, WaitRequest, json_size};

use crate::ports::{Commit, NewChild, TimerKind};

/// The bounds of what a crash may undo.
const MOST_EVENTS: usize = 1_000;
const MOST_BYTES: usize = 1024 * 1024;
const LONGEST: Duration = Duration::from_millis(200);

#[derive(Clone, Default)]
pub(super) struct Pending {
    events: Vec<RunEvent>,
    /// About how many bytes of JSON the events have.
    bytes: usize,
    waits_opened: Vec<(VisitPath, Wait)>,
    waits_taken: BTreeSet<VisitPath>,
    timers_set: Vec<(VisitPath, TimerKind, Timestamp)>,
    closed: BTreeSet<VisitPath>,
    children: Vec<NewChild>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether they have to be committed now, whatever follows.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let Some(due_at) = self.due_at() else { return false };
        self.events.len() >= MOST_EVENTS || self.bytes >= MOST_BYTES || now >= due_at
    }

    /// When they have to be committed at the latest; none when there are none.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.events.first().map(|first| first.time.after(LONGEST))
    }

    /// The events, oldest first.
    pub(super) fn events(&self) -> &[RunEvent] {
        &self.events
    }

    pub(super) fn push(&mut self, event: RunEvent) {
        self.bytes += about_bytes(&event.kind);
        match &event.kind {
            EventKind::WaitOpened { visit, wait } => self.waits_opened.push((visit.clone(), wait.clone())),
            EventKind::ChildStarted { visit, run, waits: true } => {
                let wait = Wait { request: WaitRequest::RunFlow { run: *run }, expires_at: None };
                self.waits_opened.push((visit.clone(), wait));
            }
            _ => {}
        }
        self.events.push(event);
    }

    /// Events of another run, whose waits were answered there.
    pub(super) fn copy(&mut self, events: Vec<RunEvent>) {
        self.bytes += events.iter().map(|event| about_bytes(&event.kind)).sum::<usize>();
        self.events.extend(events);
    }

    /// A timer goes with the events.
    pub(super) fn set_timer(&mut self, visit: VisitPath, kind: TimerKind, due_at: Timestamp) {
        self.timers_set.push((visit, kind, due_at));
    }

    /// The visits whose timers go with the events.
    pub(super) fn timed(&self) -> BTreeSet<VisitPath> {
        self.timers_set.iter().map(|(visit, ..)| visit.clone()).collect()
    }

    /// The events say how that wait ended.
    pub(super) fn take(&mut self, visit: VisitPath) {
        self.waits_taken.insert(visit);
    }

    pub(super) fn takes(&self, visit: &VisitPath) -> bool {
        self.waits_taken.contains(visit)
    }

    /// The events close that visit before its end.
    pub(super) fn close(&mut self, visit: VisitPath) {
        self.closed.insert(visit);
    }

    pub(super) fn closes(&self, visit: &VisitPath) -> bool {
        self.closed.contains(visit)
    }

    /// The events will say that this run was started.
    pub(super) fn start(&mut self, child: NewChild) {
        self.bytes += child.events.iter().map(|event| about_bytes(&event.kind)).sum::<usize>();
        self.children.push(child);
    }

    /// Whether the events start any run.
    pub(super) fn starts_any(&self) -> bool {
        !self.children.is_empty()
    }

    /// The same without an end of the run.
    pub(super) fn without_end(&self) -> Self {
        let mut kept = self.clone();
        kept.events.retain(|event| {
            !matches!(event.kind, EventKind::RunCompleted { .. } | EventKind::RunFailed { .. })
        });
        kept
    }

    /// Everything as one commit, leaving nothing pending.
    pub(super) fn drain(&mut self, batch: BatchId, release: bool) -> Commit {
        let taken = std::mem::take(self);
        let Self { events, waits_opened, waits_taken, timers_set, closed, children, bytes: _ } = taken;
        let (waits_taken, closed) = (waits_taken.into_iter().collect(), closed.into_iter().collect());
        let answer = None;
        Commit { batch, events, waits_opened, timers_set, waits_taken, closed, release, children, answer }
    }
}

fn about_bytes(kind: &EventKind) -> usize {
    const FRAME: usize = 80;
    FRAME
        + match kind {
            EventKind::RunStarted(start) => json_size(&start.inputs),
            EventKind::StepStarted { input, .. } => input.as_deref().map_or(0, json_size),
            EventKind::StepCompleted { output, .. } => json_size(output),
            EventKind::StepLogged { lines, .. } => {
                let bytes = |line: &LogLine| line.message.len() + line.data.as_deref().map_or(0, json_size);
                lines.iter().map(bytes).sum()
            }
            EventKind::StepFailed { .. }
            | EventKind::StepCharged { .. }
            | EventKind::StepRetrying { .. }
            | EventKind::TimerFired { .. }
            | EventKind::StepSkipped { .. }
            | EventKind::WaitOpened { .. }
            | EventKind::WaitResolved { .. }
            | EventKind::ChildStarted { .. }
            | EventKind::ChildFinished { .. }
            | EventKind::ScopeEntered { .. }
            | EventKind::ContainerCompleted { .. }
            | EventKind::RunCompleted { .. }
            | EventKind::RunFailed { .. }
            | EventKind::RunCancelled {} => 0,
        }
}
