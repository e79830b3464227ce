//! A store that fails where a test wants it to: the crash simulator's tool.
//!
//! It passes every call on to another store, counts it, and lets a rule decide its fate: the call may fail
//! before or after it took effect, or the process may die there, which is how the engine sees a crash: no
//! call returns any more, and nothing changes any more. A store behind it, shared by several of these, is the
//! database that outlives the processes.

mod ports;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flow_engine::{Clock, StoreError};
use flow_model::{BatchId, RunEvent, RunId};
use tokio::sync::Notify;

use crate::ManualClock;

/// A store with a rule for its calls. Clones are handles of the same one.
pub struct FaultyStore<S> {
    inner: Arc<S>,
    shared: Arc<Shared>,
}

/// One call of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreCall {
    /// Its number since the rule was set, from 1.
    pub number: usize,
    /// The port's method, such as `run_append`.
    pub name: &'static str,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out.
    Pass,
    /// It fails as [`StoreError::Unavailable`] and hasn't happened.
    Fail,
    /// It happens, and fails as [`StoreError::Unavailable`] all the same.
    LoseReply,
    /// The process dies before it happens.
    Die,
    /// The process dies after it happened, before the reply is seen.
    DieAfter,
    /// It is on its way for so long, and then carried out, whatever has become of its process meanwhile.
    Slow(Duration),
    /// It is carried out at once, and the reply is on its way for so long.
    Late(Duration),
}

/// Events that a commit asked to store, whatever became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The run.
    pub run: RunId,
    /// The commit's name.
    pub batch: BatchId,
    /// Its events.
    pub events: Vec<RunEvent>,
}

struct Shared {
    log: Mutex<Log>,
    life: Mutex<Life>,
    /// Wakes in the order in which they came, which a `watch` doesn't, so that a run can be played again.
    changed: Notify,
    /// What calls and replies that are on their way go by.
    clock: ManualClock,
}

#[derive(Default)]
struct Log {
    rule: Option<Rule>,
    since_rule: usize,
    calls: Vec<&'static str>,
    commits: Vec<Committed>,
}

type Rule = Arc<dyn Fn(StoreCall) -> Fate + Send + Sync>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Life {
    calls: usize,
    is_paused: bool,
    is_dead: bool,
}

impl<S> FaultyStore<S> {
    /// A store that passes every call on to `inner`.
    pub fn new(inner: Arc<S>) -> Self {
        Self::with_clock(inner, ManualClock::default())
    }

    /// The same; calls and replies that are on their way for a while go by that clock.
    pub fn with_clock(inner: Arc<S>, clock: ManualClock) -> Self {
        let shared = Shared { log: Mutex::default(), life: Mutex::default(), changed: Notify::new(), clock };
        Self { inner, shared: Arc::new(shared) }
    }

    /// Lets `rule` decide the fate of the calls from now on, whose numbers begin with 1 again.
    pub fn set_rule(&self, rule: impl Fn(StoreCall) -> Fate + Send + Sync + 'static) {
        let mut log = self.log();
        log.rule = Some(Arc::new(rule));
        log.since_rule = 0;
    }

    /// Passes every call on from now on.
    pub fn clear_rule(&self) {
        self.log().rule = None;
    }

    /// Holds every call from now on until [`FaultyStore::go_on`]: a process that stalls.
    pub fn pause(&self) {
        self.shared.change(|life| life.is_paused = true);
    }

    /// Lets the held calls go on.
    pub fn go_on(&self) {
        self.shared.change(|life| life.is_paused = false);
    }

    /// The process dies now.
    pub fn die(&self) {
        self.shared.change(|life| life.is_dead = true);
    }

    /// Whether the process has died.
    pub fn is_dead(&self) -> bool {
        self.shared.life().is_dead
    }

    /// Returns once the process goes on, at once unless it is paused; never once it has died. For what a process
    /// does besides calling its store.
    pub async fn until_going(&self) {
        self.until(|life| !life.is_paused || life.is_dead).await;
        self.alive().await;
    }

    /// Returns once the process has died.
    pub async fn until_dead(&self) {
        self.until(|life| life.is_dead).await;
    }

    /// Returns once `count` calls were made in all.
    pub async fn until_calls(&self, count: usize) {
        self.until(|life| life.calls >= count).await;
    }

    async fn until(&self, reached: impl Fn(&Life) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            // Before the look, or a change right after it would be missed.
            changed.as_mut().enable();
            if reached(&self.shared.life()) {
                return;
            }
            changed.await;
        }
    }

    /// The names of all calls so far, in order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.log().calls.clone()
    }

    /// Every commit that was asked for so far, repeats included.
    pub fn commits(&self) -> Vec<Committed> {
        self.log().commits.clone()
    }

    /// The runs of those commits.
    pub fn runs(&self) -> Vec<RunId> {
        let mut runs: Vec<RunId> = self.log().commits.iter().map(|commit| commit.run).collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self, name: &'static str) -> Fate {
        let (rule, number) = {
            let mut log = self.log();
            log.calls.push(name);
            log.since_rule += 1;
            (log.rule.clone(), log.since_rule)
        };
        self.shared.change(|life| life.calls += 1);
        rule.map_or(Fate::Pass, |rule| rule(StoreCall { number, name }))
    }

    /// Carries a call out as its fate has it. Others get their turn before and after, as they would if the
    /// call went over a network.
    async fn through<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        tokio::task::yield_now().await;
        self.until_going().await;
        let unavailable = || StoreError::Unavailable { reason: format!("a test made `{name}` fail") };
        let result = match self.fate(name) {
            Fate::Pass => call.await,
            Fate::Fail => Err(unavailable()),
            Fate::LoseReply => call.await.and_then(|_| Err(unavailable())),
            Fate::Die => {
                self.die();
                Err(unavailable())
            }
            Fate::DieAfter => {
                let result = call.await;
                self.die();
                result
            }
            Fate::Slow(delay) => {
                self.shared.pass(delay).await;
                let result = call.await;
                self.until_going().await;
                result
            }
            Fate::Late(delay) => {
                let result = call.await;
                self.shared.pass(delay).await;
                self.until_going().await;
                result
            }
        };
        self.alive().await;
        tokio::task::yield_now().await;
        result
    }

    /// Never returns once the process has died.
    async fn alive(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

impl Shared {
    fn life(&self) -> Life {
        *self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Life)) {
        change(&mut self.life.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_waiters();
    }

    async fn pass(&self, delay: Duration) {
        self.clock.sleep_until(self.clock.now().after(delay)).await;
    }
}

impl<S> Clone for FaultyStore<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: self.shared.clone() }
    }
}

impl<S> fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStore").field("life", &self.shared.life()).finish_non_exhaustive()
    }
}
