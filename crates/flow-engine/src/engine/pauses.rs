//! The pauses between repeats of a call that failed.

use std::time::Duration;

use crate::ports::Clock;

/// Grows from a moment to a second: a blip costs little, and a database that comes back isn't run over.
pub(crate) struct Pauses {
    next: Duration,
}

const LONGEST: Duration = Duration::from_secs(1);

impl Default for Pauses {
    fn default() -> Self {
        Self { next: Duration::from_millis(20) }
    }
}

impl Pauses {
    /// Sits the next pause out.
    pub(crate) async fn next(&mut self, clock: &dyn Clock) {
        clock.sleep_until(clock.now().after(self.next)).await;
        self.next = (self.next * 2).min(LONGEST);
    }
}
