//! Time and chance, as ports: a test drives both, so it neither sleeps nor flickers.

use std::time::Duration;

use async_trait::async_trait;
use flow_model::Timestamp;

/// The only source of time in the engine.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Returns once `now() >= at`; of a clock that is set back meanwhile, once the time has passed that was left
    /// when the sleep began. So it bounds waits of any kind, and who needs the moment itself looks again.
    async fn sleep_until(&self, at: Timestamp);
}

/// The only source of chance in the engine: ids and the seeds of runs.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp::from_millis(0).after(since_epoch.unwrap_or_default())
    }

    async fn sleep_until(&self, at: Timestamp) {
        sleep_by(|| self.now(), at).await;
    }
}

/// Sleeps by a clock that may be set meanwhile. It is looked at again at least once a minute, in case it is set
/// forward; when it is set back, the sleep still takes no longer than it had to when it began, or the renewal of
/// a lease would be an hour late because of an hour.
async fn sleep_by(now: impl Fn() -> Timestamp, at: Timestamp) {
    const LONGEST: Duration = Duration::from_secs(60);
    let mut most = at.since(now());
    while !most.is_zero() {
        let step = most.min(LONGEST);
        tokio::time::sleep(step).await;
        most = (most - step).min(at.since(now()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_clock_that_is_set_back_prolongs_no_sleep() {
        let clock = AtomicI64::new(3_600_000);
        let now = || Timestamp::from_millis(clock.load(Ordering::Relaxed));
        let sleep = sleep_by(now, now().after(Duration::from_millis(1)));
        tokio::pin!(sleep);
        assert!(futures_util::poll!(&mut sleep).is_pending());
        clock.store(0, Ordering::Relaxed);
        tokio::time::timeout(Duration::from_secs(30), sleep).await.expect("it slept for long enough");
    }
}

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // An operating system without random bytes can't make a token nor an id that nobody guesses.
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}
