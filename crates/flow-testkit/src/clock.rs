//! A clock that moves only when a test moves it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flow_engine::Clock;
use flow_model::Timestamp;
use tokio::sync::{oneshot, watch};

/// A clock for tests. Clones are handles of the same clock.
///
/// A sleeper is parked from its first poll until the clock reaches its time or it is dropped; the call that
/// moves the clock takes it off the list, so [`ManualClock::sleepers`] never counts one that is about to run.
#[derive(Debug, Clone)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    /// How many sleepers are parked, for those who wait for them.
    parked: watch::Sender<usize>,
}

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    arrivals: u64,
    sleepers: BTreeMap<Sleeper, oneshot::Sender<()>>,
}

/// When a sleeper is due, and its number, since several may be due at once.
type Sleeper = (Timestamp, u64);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        let inner = Inner { now, arrivals: 0, sleepers: BTreeMap::new() };
        let parked = watch::Sender::new(0);
        Self { shared: Arc::new(Shared { inner: Mutex::new(inner), parked }) }
    }

    /// Moves the clock on and wakes the sleepers that are due.
    pub fn advance(&self, by: Duration) {
        let mut inner = self.shared.lock();
        let now = inner.now.after(by);
        self.shared.turn(&mut inner, now);
    }

    /// Sets the clock, back too, and wakes the sleepers that are due.
    pub fn set(&self, now: Timestamp) {
        self.shared.turn(&mut self.shared.lock(), now);
    }

    /// Moves the clock on to when the earliest sleeper is due and wakes it; false, and nothing moved, when
    /// nobody sleeps.
    pub fn advance_to_next(&self) -> bool {
        let mut inner = self.shared.lock();
        let Some(at) = inner.sleepers.first_key_value().map(|((at, _), _)| *at) else { return false };
        self.shared.turn(&mut inner, at);
        true
    }

    /// How many sleepers are parked.
    pub fn sleepers(&self) -> usize {
        self.shared.lock().sleepers.len()
    }

    /// When the earliest sleeper is due; none when nobody sleeps.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.shared.lock().sleepers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Returns once at least `count` sleepers are parked.
    pub async fn parked(&self, count: usize) {
        let mut parked = self.shared.parked.subscribe();
        // The sender lives as long as `self`, so the channel can't be closed.
        let _ = parked.wait_for(|parked| *parked >= count).await;
    }
}

impl Default for ManualClock {
    /// Stands at 2026-01-01T00:00:00Z: a time that looks like one in transcripts.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_767_225_600_000))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, inner: &mut Inner, now: Timestamp) {
        inner.now = now;
        let asleep = match now.millis().checked_add(1) {
            Some(later) => inner.sleepers.split_off(&(Timestamp::from_millis(later), 0)),
            None => BTreeMap::new(),
        };
        let due = std::mem::replace(&mut inner.sleepers, asleep);
        self.parked.send_replace(inner.sleepers.len());
        for waker in due.into_values() {
            // A sleeper that was dropped meanwhile needs no waking.
            let _ = waker.send(());
        }
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.shared.lock().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        // Again when the clock was set back between the waking and the poll.
        while let Some((parked, woken)) = self.shared.park(at) {
            let _ = woken.await;
            drop(parked);
        }
    }
}

impl Shared {
    /// Puts a sleeper on the list; none when its time has come.
    fn park(&self, at: Timestamp) -> Option<(Parked<'_>, oneshot::Receiver<()>)> {
        let mut inner = self.lock();
        if inner.now >= at {
            return None;
        }
        inner.arrivals += 1;
        let sleeper = (at, inner.arrivals);
        let (waker, woken) = oneshot::channel();
        inner.sleepers.insert(sleeper, waker);
        self.parked.send_replace(inner.sleepers.len());
        Some((Parked { shared: self, sleeper }, woken))
    }
}

/// Takes a sleeper off the list when its future is dropped.
struct Parked<'a> {
    shared: &'a Shared,
    sleeper: Sleeper,
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        if inner.sleepers.remove(&self.sleeper).is_some() {
            self.shared.parked.send_replace(inner.sleepers.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(clock: &ManualClock, at: Timestamp) -> tokio::task::JoinHandle<Timestamp> {
        let clock = clock.clone();
        tokio::spawn(async move {
            clock.sleep_until(at).await;
            clock.now()
        })
    }

    #[tokio::test]
    async fn wakes_those_who_are_due() {
        let clock = ManualClock::default();
        let start = clock.now();
        let [early, late] = [10, 20].map(|millis| start.after(Duration::from_millis(millis)));
        let (first, second) = (sleeper(&clock, early), sleeper(&clock, late));
        clock.parked(2).await;
        assert_eq!(clock.next_due(), Some(early));
        clock.advance(Duration::from_millis(9));
        assert_eq!(clock.sleepers(), 2);
        clock.advance(Duration::from_millis(1));
        assert_eq!(clock.sleepers(), 1);
        assert_eq!(first.await.unwrap(), early);
        assert!(clock.advance_to_next());
        assert_eq!(second.await.unwrap(), late);
        assert!(!clock.advance_to_next());
        clock.sleep_until(late).await;
    }

    #[tokio::test]
    async fn forgets_those_who_are_dropped() {
        let clock = ManualClock::default();
        let task = sleeper(&clock, clock.now().after(Duration::from_secs(1)));
        clock.parked(1).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!((clock.sleepers(), clock.next_due()), (0, None));
    }

    #[tokio::test]
    async fn a_clock_set_back_lets_nobody_through() {
        let clock = ManualClock::default();
        let (start, due) = (clock.now(), clock.now().after(Duration::from_secs(1)));
        let task = sleeper(&clock, due);
        clock.parked(1).await;
        clock.set(due);
        clock.set(start);
        clock.parked(1).await;
        clock.set(Timestamp::from_millis(i64::MAX));
        assert_eq!(task.await.unwrap(), Timestamp::from_millis(i64::MAX));
    }
}
