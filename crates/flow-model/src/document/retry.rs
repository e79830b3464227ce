//! How often a failing step is tried, and when again.

use std::time::Duration;

use serde_json::Value;

use crate::{Fields, RunError};

/// A step's `retry` settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often the step is tried in all, the first time included.
    pub max_attempts: u32,
    /// The pause before the second attempt.
    pub initial_delay: Duration,
    /// Whether each pause is twice the one before.
    pub exponential: bool,
    /// The longest pause.
    pub max_delay: Duration,
    /// Whether a pause is shortened by chance, by half at the most, so that many runs don't try at once.
    pub jitter: bool,
    /// Which failures are worth another attempt: error codes, statuses (`429`) and classes of them (`5xx`), and
    /// classes that a failure names itself (`network`).
    pub retry_on: Vec<String>,
}

const MOST_ATTEMPTS: u64 = 100;
const LONGEST_DELAY: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_DELAY: Duration = Duration::from_secs(1);
const DEFAULT_LONGEST: Duration = Duration::from_secs(60);
/// The failures that are worth another attempt unless the author says otherwise.
const DEFAULT_RETRY_ON: [&str; 6] =
    ["timeout", "network", "secrets_unavailable", "files_unavailable", "429", "5xx"];

impl Retry {
    /// Reads a step's `retry`.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let range = |key, default, most: u64| {
            let number = fields.whole_number(key);
            if let Some(wrong) = number.filter(|number| *number > most) {
                fields.faults().error(
                    fields.at(key),
                    "out_of_range",
                    format!("{wrong} is too much; use at most {most}"),
                );
            }
            number.unwrap_or(default).min(most)
        };
        let longest = u64::try_from(LONGEST_DELAY.as_millis()).unwrap_or(u64::MAX);
        let millis = |key, default: Duration| {
            Duration::from_millis(range(key, u64::try_from(default.as_millis()).unwrap_or(0), longest))
        };
        let max_attempts = range("maxAttempts", 3, MOST_ATTEMPTS);
        if max_attempts == 0 {
            let message = "a step is tried once at least; give a number of 1 or more";
            fields.faults().error(fields.at("maxAttempts"), "out_of_range", message);
        }
        let backoff = fields.string("backoff").unwrap_or("exponential");
        if !["fixed", "exponential"].contains(&backoff) {
            let message = format!("`{backoff}` is no way to back off; use fixed or exponential");
            fields.faults().error(fields.at("backoff"), "value_unknown", message);
        }
        let retry = Self {
            max_attempts: u32::try_from(max_attempts).unwrap_or(1),
            initial_delay: millis("initialDelayMs", DEFAULT_DELAY),
            exponential: backoff == "exponential",
            max_delay: millis("maxDelayMs", DEFAULT_LONGEST),
            jitter: fields.boolean("jitter").unwrap_or(false),
            retry_on: retry_on(fields),
        };
        fields.warn_of_unknown();
        retry
    }

    /// Whether another attempt follows attempt number `attempt`, which failed with `error`.
    pub fn follows(&self, attempt: u32, error: &RunError) -> bool {
        attempt < self.max_attempts && self.retry_on.iter().any(|wanted| covers(wanted, error))
    }

    /// The pause after attempt number `attempt`: `initial · 2^(attempt − 1)`, at most `max_delay`, less up to a
    /// half with jitter. `chance` is anything from 0 to `u64::MAX`.
    pub fn delay(&self, attempt: u32, chance: u64) -> Duration {
        let factor = if self.exponential { 1_u32.checked_shl(attempt.saturating_sub(1)) } else { Some(1) };
        let grown = factor.and_then(|factor| self.initial_delay.checked_mul(factor));
        let delay = grown.unwrap_or(self.max_delay).min(self.max_delay);
        if !self.jitter {
            return delay;
        }
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(millis - chance % (millis / 2 + 1))
    }
}

fn retry_on(fields: &Fields<'_>) -> Vec<String> {
    let Some(rows) = fields.list("retryOn") else {
        return DEFAULT_RETRY_ON.map(str::to_owned).to_vec();
    };
    let texts = rows.iter().enumerate().filter_map(|(index, row)| match row {
        Value::String(code) => Some(code.clone()),
        Value::Number(status) => Some(status.to_string()),
        _ => {
            let pointer = format!("{}/{index}", fields.at("retryOn"));
            fields.faults().error(
                pointer,
                "wrong_type",
                "this must be an error code or a status; write it as text",
            );
            None
        }
    });
    texts.collect()
}

/// Whether `wanted` names the error: by its code, or by the class or the status in its details.
fn covers(wanted: &str, error: &RunError) -> bool {
    let detail = |key| error.details.as_ref().and_then(|details| details.get(key));
    if wanted == error.code || detail("class").and_then(Value::as_str) == Some(wanted) {
        return true;
    }
    detail("status").and_then(Value::as_u64).is_some_and(|status| match wanted.strip_suffix("xx") {
        Some(class) => class.parse() == Ok(status / 100),
        None => wanted.parse() == Ok(status),
    })
}
