//! Drives one run: decide, commit, act, until it ends or every path waits.
//!
//! A driver owns its run: it holds the only state that is ahead of the store. It commits before anything about
//! the run leaves the process, and before each effect (see `commit`), and gives the run up as soon as nothing
//! is left to do but wait.

mod carry;
mod children;
mod commit;
mod files;
mod pending;
mod perform;
mod quarantine;
mod resolve;
mod script;
mod secrets;
mod signals;
mod slot;
mod take_up;
mod task;

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use flow_model::{EventKind, RunEnd, RunEvent, RunStart, RunState, Timestamp, VisitPath, VisitStatus, apply};
use futures_util::FutureExt;
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::decide::{Command, Context, Effect, decide};
use crate::engine::{ActiveRun, Shared, Turn};
use crate::flow::Flow;
use crate::ports::{IdempotencyKey, RunRecord, TimerKind};
use crate::{EngineError, StoreError};
pub(crate) use carry::{Carried, carry};
pub(crate) use children::wake;
use commit::Hold;
use pending::Pending;
use quarantine::quarantine;
use script::Evaluation;
pub(crate) use take_up::{take_up, take_up_some};
use task::TaskEnd;

/// How a drive ended.
#[derive(Debug)]
pub(crate) enum DriveEnd {
    /// The run ended, or every path waits; this is what was committed.
    Settled(Box<Settled>),
    /// The idempotency key belongs to another run; nothing was stored.
    Duplicate { run: flow_model::RunId, same_body: bool },
    /// This node drives the run no more: another one does, or will.
    GivenUp,
    /// The store refused for good; nothing of the run was stored.
    Failed(StoreError),
}

/// A run as its driver left it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) record: RunRecord,
    pub(crate) state: RunState,
    pub(crate) flow: Arc<Flow>,
}

/// How a new run comes into being.
pub(crate) struct Entry {
    /// The key of the call, if it gave one.
    pub(crate) idempotency: Option<IdempotencyKey>,
    /// Store it before anything else is done.
    pub(crate) store_first: bool,
    /// None to store it for later.
    pub(crate) turn: Option<Turn>,
}

impl Entry {
    fn split(self) -> (Option<Turn>, Hold) {
        let Self { idempotency, store_first, turn } = self;
        let queued = turn.is_none();
        (turn, Hold::Unstored { idempotency, store_first: store_first || queued, queued })
    }
}

/// Why a driver stops before its run settles.
#[derive(Debug)]
enum Stop {
    Duplicate {
        run: flow_model::RunId,
        same_body: bool,
    },
    GivenUp,
    /// It was stored for later: somebody drives it when its turn has come.
    Queued,
    Failed(StoreError),
    /// The run can't go on: its log or its definition doesn't allow it.
    Damaged(String),
}

/// One run and the process's hold on it.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    active: Arc<ActiveRun>,
    flow: Arc<Flow>,
    record: RunRecord,
    state: RunState,
    /// The number of the last event that the store's snapshot holds; 0 when it has none.
    snapshot_seq: u64,
    hold: Hold,
    pending: Pending,
    /// Effects that were decided on and not begun.
    effects: VecDeque<Effect>,
    /// Steps that touch the world, and scripts, under way.
    tasks: JoinSet<TaskEnd>,
    /// Drops each of them whose visit is open, by that visit.
    aborts: HashMap<VisitPath, AbortHandle>,
    /// Steps that should have begun were left to whoever takes the run up, since the engine stops.
    withholds: bool,
    /// Its share of what the process drives at a time; none for a run that is stored for later.
    _turn: Option<Turn>,
    /// Lets a stopping engine wait for this driver.
    _token: TaskTrackerToken,
}

/// How many decisions are made in a row before others on the same thread get their turn.
const DECISIONS_A_TURN: usize = 64;

impl Driver {
    /// A driver of a run that isn't stored yet.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        flow: Arc<Flow>,
        record: RunRecord,
        start: RunStart,
        entry: Entry,
    ) -> Result<Self, EngineError> {
        let active = shared.hub.activate(record.id, false);
        let (turn, hold) = entry.split();
        let mut driver = Self::new(shared, active, flow, record, RunState::new(), hold, turn);
        // A new state allows a start.
        let started = driver.decide(Command::Start(start));
        debug_assert!(started.is_ok(), "{started:?}");
        driver.find_slot()?;
        Ok(driver)
    }

    /// A driver of a run that isn't stored yet and begins with those events.
    ///
    /// # Errors
    /// The events don't fold, or lead to nothing, or the flow's concurrency key has no value.
    pub(crate) fn go_on_from(
        shared: &Arc<Shared>,
        flow: Arc<Flow>,
        record: RunRecord,
        events: Vec<RunEvent>,
        entry: Entry,
    ) -> Result<Self, EngineError> {
        let corrupt = |reason: String| {
            EngineError::from(StoreError::Corrupt { what: format!("run {}", record.id), reason })
        };
        let mut state = RunState::new();
        for event in &events {
            apply(&mut state, event).map_err(|illegal| corrupt(illegal.to_string()))?;
        }
        let active = shared.hub.activate(record.id, false);
        let (turn, hold) = entry.split();
        let mut driver = Self::new(shared, active, flow, record.clone(), state, hold, turn);
        driver.find_slot()?;
        driver.pending.copy(events);
        match driver.decide(Command::Recover) {
            Ok(()) => Ok(driver),
            Err(Stop::Damaged(reason)) => Err(corrupt(reason)),
            Err(stop) => Err(corrupt(format!("{stop:?}"))),
        }
    }

    /// What the new run needs a place in, if it does; then it is stored first, for it may have none.
    fn find_slot(&mut self) -> Result<(), EngineError> {
        self.record.slot = slot::slot(&self.record, &self.flow, &self.state)?;
        if let (Some(_), Hold::Unstored { store_first, .. }) = (&self.record.slot, &mut self.hold) {
            *store_first = true;
        }
        Ok(())
    }

    fn new(
        shared: &Arc<Shared>,
        active: Arc<ActiveRun>,
        flow: Arc<Flow>,
        record: RunRecord,
        state: RunState,
        hold: Hold,
        turn: Option<Turn>,
    ) -> Self {
        Self {
            shared: shared.clone(),
            active,
            flow,
            record,
            state,
            snapshot_seq: 0,
            hold,
            pending: Pending::default(),
            effects: VecDeque::new(),
            tasks: JoinSet::new(),
            aborts: HashMap::new(),
            withholds: false,
            _turn: turn,
            _token: shared.tracker.token(),
        }
    }

    /// The process's record of this run being driven.
    pub(crate) fn active(&self) -> Arc<ActiveRun> {
        self.active.clone()
    }

    /// Drives the run until it settles or is no longer this node's.
    pub(crate) async fn run(mut self) -> DriveEnd {
        // A panic here is a fault of the engine or of a step's `effect`: left alone, it would strand the run.
        let driven = AssertUnwindSafe(self.drive()).catch_unwind().await;
        let driven = driven.unwrap_or_else(|_| Err(Stop::Damaged("its driver panicked".to_owned())));
        let stop = match driven {
            Ok(()) => {
                self.leave();
                let settled = Settled { record: self.record, state: self.state, flow: self.flow };
                return DriveEnd::Settled(Box::new(settled));
            }
            Err(stop) => stop,
        };
        let error = match stop {
            Stop::Duplicate { run, same_body } => return DriveEnd::Duplicate { run, same_body },
            Stop::GivenUp => return DriveEnd::GivenUp,
            Stop::Queued => {
                self.leave();
                return DriveEnd::GivenUp;
            }
            Stop::Failed(error) => error,
            Stop::Damaged(reason) => StoreError::Rejected { reason },
        };
        match self.hold {
            Hold::Unstored { .. } => DriveEnd::Failed(error),
            Hold::Owned { epoch } => {
                quarantine(&self.shared, self.record.id, epoch, &error.to_string()).await;
                DriveEnd::GivenUp
            }
        }
    }

    /// Stops answering for a run that was given up. Whoever poked it after the commit that gave it up has left
    /// the taking up to this driver.
    fn leave(&self) {
        let was_poked = self.active.retire();
        if was_poked && self.state.end().is_none() {
            carry(&self.shared, take_up(self.shared.clone(), self.record.id)).detach();
        }
    }

    async fn drive(&mut self) -> Result<(), Stop> {
        if matches!(self.hold, Hold::Unstored { store_first: true, .. }) && self.commit(false).await? {
            return Ok(());
        }
        loop {
            let to_perform = self.resolve_all().await?;
            if self.is_out_of_time() {
                self.tasks.abort_all();
                self.decide(Command::TimedOut)?;
            }
            if self.state.end().is_some() {
                self.tasks.abort_all();
                if self.commit(true).await? {
                    return Ok(());
                }
                continue;
            }
            if !to_perform.is_empty() {
                let touches_the_world = to_perform.iter().any(|(visit, _)| self.touches_the_world(visit));
                // A visit that is taken up again has nothing to commit: its start is stored.
                if touches_the_world && !self.pending.is_empty() {
                    self.commit(false).await?;
                    if self.state.end().is_some() {
                        continue;
                    }
                }
                self.perform(to_perform).await?;
                if self.state.end().is_some() {
                    continue;
                }
            }
            // An answer that a commit told of, or that came while the lease was waited for, leads on: also when it
            // closed all that was to begin.
            if !self.effects.is_empty() {
                continue;
            }
            if self.withholds && self.aborts.is_empty() {
                if self.pending.is_empty() {
                    return Err(Stop::GivenUp);
                }
                self.commit(false).await?;
                continue;
            }
            // A claim may come before the time of the next attempt, where clocks differ: then it is waited for.
            let only_backs_off = self.pending.is_empty() && self.state.backing_off().next().is_some();
            if self.aborts.is_empty() && !only_backs_off {
                if self.commit(true).await? {
                    return Ok(());
                }
                continue;
            }
            // Nobody can take a child up before it is stored.
            if self.pending.starts_any() || self.pending.is_due(self.shared.clock.now()) {
                self.commit(false).await?;
                continue;
            }
            self.wait_for_something().await?;
        }
    }

    /// Carries out every effect that touches nothing outside, and returns those that do.
    async fn resolve_all(&mut self) -> Result<Vec<(VisitPath, Arc<Value>)>, Stop> {
        let mut to_perform = Vec::new();
        let mut decisions = 0_usize;
        while let Some(effect) = self.effects.pop_front() {
            // The end of the run, or of what the visit was part of, came before it.
            if self.is_closed(effect.visit()) {
                continue;
            }
            match effect {
                Effect::Resolve(visit) => self.resolve_visit(visit, self.evaluation())?,
                Effect::ResolvePass(visit) => self.resolve_next_pass(visit, self.evaluation())?,
                Effect::Perform { visit, input } => to_perform.push((visit, input)),
                Effect::StartChild { visit, request } => self.start_child(visit, &request).await?,
            }
            // The last decision's events are committed by the loop round this, which knows what follows. What was closed
            // meanwhile doesn't follow.
            if self.pending.is_due(self.shared.clock.now())
                && self.effects.iter().any(|effect| !self.is_closed(effect.visit()))
            {
                self.commit(false).await?;
            }
            decisions += 1;
            if decisions.is_multiple_of(DECISIONS_A_TURN) {
                // A loop of pure steps may take longer than its run has.
                if self.is_out_of_time() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Another path may have ended what a visit is part of, since it was decided on.
        to_perform.retain(|(visit, _)| self.is_running(visit));
        Ok(to_perform)
    }

    fn evaluation(&self) -> Evaluation {
        Evaluation::new(self.shared.clock.now())
    }

    /// Decides, and folds the decision's events into the state and among the pending ones.
    fn decide(&mut self, command: Command) -> Result<(), Stop> {
        self.decide_at(command, self.shared.clock.now())
    }

    /// Decides as of a moment that is hardly over.
    fn decide_at(&mut self, command: Command, now: Timestamp) -> Result<(), Stop> {
        let cx = Context {
            flow: &self.flow,
            state: &self.state,
            limits: &self.shared.limits,
            prices: &self.shared.prices,
            now,
        };
        let decision = decide(cx, command);
        let decision = decision.map_err(|refused| Stop::Damaged(refused.to_string()))?;
        for kind in decision.events {
            let event = RunEvent { seq: self.state.seq() + 1, time: now, kind };
            apply(&mut self.state, &event).map_err(|illegal| Stop::Damaged(illegal.to_string()))?;
            self.set_timer(&event);
            self.pending.push(event);
        }
        self.drop_closed(decision.closed);
        self.effects.extend(decision.effects);
        Ok(())
    }

    /// Visits that were closed: whatever is under way for them is dropped. What is planned for them is passed over
    /// when its turn comes.
    fn drop_closed(&mut self, closed: Vec<VisitPath>) {
        for visit in closed {
            if let Some(abort) = self.aborts.remove(&visit) {
                abort.abort();
            }
            self.pending.close(visit);
        }
    }

    /// Whether a visit that was decided on has been closed before its end.
    fn is_closed(&self, visit: &VisitPath) -> bool {
        let status = self.state.visit(visit.as_str()).map(|visit| &visit.status);
        match status {
            Some(status) => matches!(status, VisitStatus::Cancelled),
            None => !self.state.is_ready(visit.as_str()),
        }
    }

    /// The timer that goes with an event. The run's own end may come before the next attempt.
    fn set_timer(&mut self, event: &RunEvent) {
        if let EventKind::StepRetrying { visit, due_at, .. } = &event.kind {
            let due_at = self.time_over_at().map_or(*due_at, |over_at| over_at.min(*due_at));
            self.pending.set_timer(visit.clone(), TimerKind::Retry, due_at);
        }
    }

    /// What backs off has its timer when the run is given up: one that fired while the run was driven is gone, and what
    /// it called for may not have been heard. One that is there is replaced by itself.
    fn set_timers_again(&mut self) {
        if self.state.end().is_some() {
            return;
        }
        let over_at = self.time_over_at();
        let set = self.pending.timed();
        let gone = self.state.backing_off().filter(|(visit, _)| !set.contains(*visit));
        let gone: Vec<_> = gone.map(|(visit, due_at)| (visit.clone(), due_at)).collect();
        for (visit, due_at) in gone {
            let due_at = over_at.map_or(due_at, |over_at| over_at.min(due_at));
            self.pending.set_timer(visit, TimerKind::Retry, due_at);
        }
    }

    /// Whether the pending events end the run in a way that a cancel forbids.
    fn ended_uncancelled(&self) -> bool {
        matches!(self.state.end(), Some((_, RunEnd::Completed { .. } | RunEnd::Failed { .. })))
    }
}
