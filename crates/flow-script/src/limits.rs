//! What one script may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The bounds of a script. They are the same in a thread and in a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The longest time, in milliseconds, for all expressions of a script together; the script may ask for less.
    pub time_ms: u64,
    /// The most memory of one expression or function, in bytes.
    pub memory_bytes: usize,
    /// The deepest stack, in bytes.
    pub stack_bytes: usize,
    /// The largest value, or values of one script together, in bytes of JSON.
    pub output_bytes: usize,
    /// The most lines of `console` that are kept; one more says that others were cut.
    pub log_lines: usize,
    /// The most text of these lines, in bytes.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time_ms: 1_000,
            memory_bytes: 64 << 20,
            stack_bytes: 512 << 10,
            output_bytes: flow_expr::OUTPUT_LIMIT,
            log_lines: 1_000,
            log_bytes: 64 << 10,
        }
    }
}

impl Limits {
    /// The stack of a thread that runs scripts: what JavaScript may have of it, and room for the functions that it
    /// calls.
    pub(crate) const fn thread_stack(&self) -> usize {
        self.stack_bytes + (2 << 20)
    }

    /// The longest message that these let out: values, lines whose every byte may be written as six, and a failure.
    pub(crate) const fn longest_answer(&self) -> usize {
        let lines = self.log_bytes.saturating_mul(6).saturating_add(self.log_lines.saturating_mul(64));
        self.output_bytes.saturating_mul(2).saturating_add(lines).saturating_add(1 << 20)
    }

    /// How long a script may take that asks for `wanted` milliseconds.
    pub(crate) fn time(&self, wanted: Option<u64>) -> Duration {
        Duration::from_millis(wanted.map_or(self.time_ms, |wanted| wanted.min(self.time_ms)))
    }

    /// Refuses what no script could run within.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |setting, wanted| Err(Error::Setting { setting, wanted });
        if self.time_ms == 0 {
            return refuse("time_ms", "1 or more");
        }
        if self.memory_bytes < 4 << 20 {
            return refuse("memory_bytes", "4 MiB (4194304) or more");
        }
        if !(64 << 10..=64 << 20).contains(&self.stack_bytes) {
            return refuse("stack_bytes", "64 KiB to 64 MiB (65536 to 67108864)");
        }
        if self.output_bytes > u32::MAX as usize / 4 {
            return refuse("output_bytes", "less than 1 GiB (1073741824)");
        }
        Ok(())
    }
}
