//! What bounds an engine, and the values in its runs.

use std::time::Duration;

use flow_model::json_size;
use serde_json::Value;

/// What bounds an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The bytes of a value that a step records, as JSON: its output, its input, a tool's answer. A larger one
    /// fails the step. 1 MiB.
    pub output_bytes: usize,
    /// How deep such a value's lists and objects may be nested. 160, a little more than a request's body may be;
    /// values are walked recursively, so this bounds the stack.
    pub output_depth: usize,
    /// The steps that one run may take, those of every item and pass included. 100,000.
    pub run_steps: usize,
    /// The items that one `each` may go through. 50,000.
    pub loop_items: usize,
    /// The passes that one `while` may take. A new document that asks for more is refused; a loop of a stored one that
    /// would take more ends there. 2,000.
    pub loop_passes: u64,
    /// How deep the steps of a new document may stand inside of loops and branches. 64 is the most that counts, since
    /// documents are walked recursively. 16.
    pub nesting_depth: usize,
    /// The branches that one `parallel` of a new document may have. 1,000.
    pub parallel_branches: usize,
    /// The bytes of the inputs, outputs and errors that the steps in all loops and branches of one run record, as
    /// JSON. 64 MiB.
    pub collected_bytes: usize,
    /// The bytes of a file whose `text` or `base64` an expression reads. A larger one fails the step. 8 MiB.
    pub file_bytes: usize,
    /// How deep runs may start each other by `run-flow`. 16.
    pub subflow_depth: u16,
    /// The runs that this process drives at a time, those that wait or back off not counted. Past it new runs are
    /// queued; those that go on after an answer, a timer or a cancel are driven all the same. 1,000.
    pub concurrent_runs: usize,
    /// The runs that may be queued in the store, for want of room or of a place in their flow's `concurrency`. Past it
    /// calls for new ones are refused. 10,000.
    pub queued_runs: usize,
    /// After how many events a run's state is kept in the store when it rests, and again each time that its events
    /// have doubled. 1,000.
    pub snapshot_events: u64,
    /// The bytes of compiled definitions that are kept. 64 MiB.
    pub definition_cache_bytes: u64,
    /// How long this process's runs stay its own after its last sign of life. 15 s.
    pub lease: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output_bytes: 1024 * 1024,
            output_depth: 160,
            run_steps: 100_000,
            loop_items: 50_000,
            loop_passes: 2_000,
            nesting_depth: 16,
            parallel_branches: 1_000,
            collected_bytes: 64 * 1024 * 1024,
            file_bytes: 8 * 1024 * 1024,
            subflow_depth: 16,
            concurrent_runs: 1_000,
            queued_runs: 10_000,
            snapshot_events: 1_000,
            definition_cache_bytes: 64 * 1024 * 1024,
            lease: Duration::from_secs(15),
        }
    }
}

/// Why a value can't be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueRefused {
    #[error("the value has more than {0} bytes; use less of it, or store it elsewhere")]
    TooLarge(usize),
    #[error("the value is nested more than {0} levels deep; flatten it")]
    TooDeep(usize),
}

impl ValueRefused {
    /// The code of the failure.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::TooLarge(_) => "output_too_large",
            Self::TooDeep(_) => "output_too_deep",
        }
    }
}

impl Limits {
    /// Whether a step may record the value.
    pub(crate) fn check(&self, value: &Value) -> Result<(), ValueRefused> {
        self.check_depth(value)?;
        if json_size(value) > self.output_bytes {
            return Err(ValueRefused::TooLarge(self.output_bytes));
        }
        Ok(())
    }

    /// Whether a step may record the text.
    pub(crate) const fn check_text(&self, text: &str) -> Result<(), ValueRefused> {
        if text.len() > self.output_bytes { Err(ValueRefused::TooLarge(self.output_bytes)) } else { Ok(()) }
    }

    /// Whether the value can be stored and read back at all.
    pub(crate) fn check_depth(&self, value: &Value) -> Result<(), ValueRefused> {
        if is_deeper(value, self.output_depth) {
            return Err(ValueRefused::TooDeep(self.output_depth));
        }
        Ok(())
    }
}

/// Whether the lists and objects of a value are nested more than so many levels deep. Looks no deeper.
pub(crate) fn is_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(items) => items.iter().any(|item| is_deeper(item, levels - 1)),
        Value::Object(map) => map.values().any(|member| is_deeper(member, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
