//! When a process that can't be started is tried again.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// After each failure it takes twice as long until the next attempt, so that a broken program isn't started over and
/// over.
#[derive(Default)]
pub(super) struct Backoff(Mutex<Option<Failed>>);

struct Failed {
    delay: Duration,
    until: Instant,
    problem: String,
}

impl Backoff {
    /// What went wrong last, if it is too early for another attempt.
    pub(super) fn check(&self) -> Result<(), String> {
        match &*self.state() {
            Some(failed) if Instant::now() < failed.until => Err(failed.problem.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn succeeded(&self) {
        *self.state() = None;
    }

    pub(super) fn failed(&self, problem: String) {
        let mut state = self.state();
        let delay = state.as_ref().map_or(FIRST, |failed| (failed.delay * 2).min(LONGEST));
        *state = Some(Failed { delay, until: Instant::now() + delay, problem });
    }

    fn state(&self) -> MutexGuard<'_, Option<Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_delays_double_until_one_succeeds() {
        let backoff = Backoff::default();
        assert_eq!(backoff.check(), Ok(()));
        for delay in [100, 200, 400] {
            backoff.failed("no such file".to_owned());
            tokio::time::advance(Duration::from_millis(delay - 1)).await;
            assert_eq!(backoff.check(), Err("no such file".to_owned()));
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(backoff.check(), Ok(()));
        }
        backoff.succeeded();
        backoff.failed(String::new());
        tokio::time::advance(FIRST).await;
        assert_eq!(backoff.check(), Ok(()));
    }
}
