//! The settings of the HTTP layer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits and bounds of the HTTP layer. Every one has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The longest body of a request, in bytes.
    pub body_limit: usize,
    /// How long a client may take to send a body, in seconds.
    pub body_seconds: u64,
    /// The largest file that can be uploaded, in bytes.
    pub upload_limit: usize,
    /// How long a client may take to upload one, in seconds.
    pub upload_seconds: u64,
    /// How deep objects and lists of a body may be nested.
    pub json_depth: usize,
    /// How long an execute or a resume is waited for when the caller names no time, in seconds.
    pub wait_default_seconds: u64,
    /// The longest time that `Prefer: wait=` can ask for, in seconds.
    pub wait_max_seconds: u64,
    /// The longest time that a poll can be held, in seconds.
    pub poll_max_seconds: u64,
    /// How long an `Idempotency-Key` is kept, in seconds.
    pub idempotency_seconds: u64,
    /// How much of an input or output the overview of a run shows, in bytes of JSON.
    pub preview_bytes: usize,
    /// When to come back after a 503, in seconds.
    pub retry_after_seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            body_limit: 4 << 20,
            body_seconds: 10,
            upload_limit: 25 << 20,
            upload_seconds: 300,
            json_depth: 128,
            wait_default_seconds: 60,
            wait_max_seconds: 600,
            poll_max_seconds: 30,
            idempotency_seconds: 24 * 60 * 60,
            preview_bytes: 4 << 10,
            retry_after_seconds: 2,
        }
    }
}

/// Settings that can't work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOptions {
    /// Nothing could be sent.
    #[error("`body_limit` and `upload_limit` must be 1 byte or more")]
    NoBody,
    /// Values are walked recursively, so the depth is bounded by the stack.
    #[error("`json_depth` must be 1 to {max}, and it is {0}", max = Options::DEEPEST)]
    Depth(usize),
    /// The default would never hold.
    #[error("`wait_default_seconds` ({default}) must not be above `wait_max_seconds` ({max})")]
    Wait {
        /// The default.
        default: u64,
        /// The maximum.
        max: u64,
    },
}

impl Options {
    /// The greatest depth that can be configured.
    pub const DEEPEST: usize = 512;

    /// Whether the settings can work.
    ///
    /// # Errors
    /// The first setting that can't.
    pub const fn validate(&self) -> Result<(), InvalidOptions> {
        if self.body_limit == 0 || self.upload_limit == 0 {
            return Err(InvalidOptions::NoBody);
        }
        if self.json_depth == 0 || self.json_depth > Self::DEEPEST {
            return Err(InvalidOptions::Depth(self.json_depth));
        }
        if self.wait_default_seconds > self.wait_max_seconds {
            return Err(InvalidOptions::Wait {
                default: self.wait_default_seconds,
                max: self.wait_max_seconds,
            });
        }
        Ok(())
    }

    /// How long to wait for a run: what the caller asked for, within the bound.
    pub(crate) fn wait(&self, asked: Option<u64>) -> Duration {
        Duration::from_secs(asked.unwrap_or(self.wait_default_seconds).min(self.wait_max_seconds))
    }

    /// How long an `Idempotency-Key` is kept.
    pub(crate) const fn idempotency_time(&self) -> Duration {
        Duration::from_secs(self.idempotency_seconds)
    }
}
