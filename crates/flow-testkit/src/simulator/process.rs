//! A process with an engine in it: it has a clock of its own, and may stall and die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::{Clock, Engine, EngineError, MemoryStore, Registry};
use flow_model::Timestamp;

use super::ledger::Ledger;
use super::scripts::Scripts;
use super::work::Work;
use crate::{FaultyStore, ManualClock, SeededEntropy};

pub(super) struct Process {
    pub(super) engine: Engine,
    pub(super) store: FaultyStore<MemoryStore>,
    clock: ManualClock,
    is_stale: Arc<AtomicBool>,
    stalled_at: Option<Timestamp>,
    /// It is on its way out and takes no new work.
    pub(super) is_leaving: bool,
}

/// What processes share.
pub(super) struct Shared {
    pub(super) seed: u64,
    pub(super) database: Arc<MemoryStore>,
    pub(super) entropy: Arc<SeededEntropy>,
    pub(super) ledger: Arc<Ledger>,
    /// The true time.
    pub(super) clock: ManualClock,
    /// When it began.
    pub(super) start: Timestamp,
    /// How long a process takes from one look at its clock to the next: nothing, or so much that a driver has to
    /// commit in the middle of what it does.
    pub(super) tick: Duration,
}

/// A clock that moves on whenever it is looked at, as it would on a slow machine.
struct Ticking {
    clock: ManualClock,
    tick: Duration,
}

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        if !self.tick.is_zero() {
            self.clock.advance(self.tick);
        }
        self.clock.now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.clock.sleep_until(at).await;
    }
}

impl Process {
    pub(super) async fn start(number: usize, shared: &Shared, now: Timestamp) -> Result<Self, EngineError> {
        let clock = ManualClock::at(now);
        let store = FaultyStore::with_clock(shared.database.clone(), shared.clock.clone());
        let is_stale = Arc::new(AtomicBool::new(false));
        let work = Work {
            seed: shared.seed,
            process: number,
            life: store.clone(),
            is_stale: is_stale.clone(),
            clock: clock.clone(),
            database: shared.database.clone(),
            ledger: shared.ledger.clone(),
        };
        let scripts = Scripts { life: store.clone(), clock: clock.clone(), ledger: shared.ledger.clone() };
        let builder = Engine::builder().store(Arc::new(store.clone())).steps(Registry::new().with(work));
        let builder = builder.scripts(Arc::new(scripts));
        let ticking = Ticking { clock: clock.clone(), tick: shared.tick };
        let builder = builder.clock(Arc::new(ticking)).entropy(shared.entropy.clone());
        let engine = builder.build().await?;
        Ok(Self { engine, store, clock, is_stale, stalled_at: None, is_leaving: false })
    }

    /// Whether it lives and goes on.
    pub(super) fn is_going(&self) -> bool {
        !self.store.is_dead() && self.stalled_at.is_none()
    }

    /// Whether it goes on and takes calls.
    pub(super) fn takes_calls(&self) -> bool {
        self.is_going() && !self.is_leaving
    }

    pub(super) fn stalled_at(&self) -> Option<Timestamp> {
        self.stalled_at.filter(|_| !self.store.is_dead())
    }

    /// From now on nothing moves in it. What it owns may be taken over meanwhile, so its word counts less.
    pub(super) fn stall(&mut self, now: Timestamp) {
        self.is_stale.store(true, Ordering::Relaxed);
        self.stalled_at = Some(now);
        self.store.pause();
    }

    pub(super) fn wake(&mut self, now: Timestamp) {
        self.stalled_at = None;
        self.clock.set(now);
        self.store.go_on();
    }

    pub(super) fn time(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn set_time(&self, now: Timestamp) {
        if self.is_going() {
            self.clock.set(now);
        }
    }

    /// When something in it is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.clock.next_due().filter(|_| self.is_going())
    }
}
