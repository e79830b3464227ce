//! Time and chance, as ports: a test drives both, so it neither sleeps nor flickers.

use std::time::Duration;

use async_trait::async_trait;
use flow_model::Timestamp;

/// The only source of time in the engine.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Returns once `now() >= at`.
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

    /// Looks at the clock again at least once a minute, since it may be set while we sleep.
    async fn sleep_until(&self, at: Timestamp) {
        const LONGEST: Duration = Duration::from_secs(60);
        loop {
            let left = at.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST)).await;
        }
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
