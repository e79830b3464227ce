//! The bounds of runs, as they are set.

use anyhow::bail;
use serde::{Deserialize, Serialize};

/// What runs may take, and how much may be under way. The names and the defaults are the engine's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The bytes of a value that a step records, as JSON.
    pub(crate) output_bytes: usize,
    /// How deep such a value may be nested.
    pub(crate) output_depth: usize,
    /// The steps that one run may take.
    pub(crate) run_steps: usize,
    /// The items that one `each` may go through.
    pub(crate) loop_items: usize,
    /// The passes that one `while` may take.
    pub(crate) loop_passes: u64,
    /// How deep steps may stand inside of loops and branches.
    pub(crate) nesting_depth: usize,
    /// The branches that one `parallel` may have.
    pub(crate) parallel_branches: usize,
    /// The bytes that the steps in all loops and branches of one run record.
    pub(crate) collected_bytes: usize,
    /// The bytes of a file that an expression reads.
    pub(crate) file_bytes: usize,
    /// How deep runs may start each other.
    pub(crate) subflow_depth: u16,
    /// The runs that this server drives at a time.
    pub(crate) concurrent_runs: usize,
    /// The runs that may be queued.
    pub(crate) queued_runs: usize,
    /// The bytes of compiled definitions that are kept.
    pub(crate) definition_cache_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let engine = flow_engine::Limits::default();
        Self {
            output_bytes: engine.output_bytes,
            output_depth: engine.output_depth,
            run_steps: engine.run_steps,
            loop_items: engine.loop_items,
            loop_passes: engine.loop_passes,
            nesting_depth: engine.nesting_depth,
            parallel_branches: engine.parallel_branches,
            collected_bytes: engine.collected_bytes,
            file_bytes: engine.file_bytes,
            subflow_depth: engine.subflow_depth,
            concurrent_runs: engine.concurrent_runs,
            queued_runs: engine.queued_runs,
            definition_cache_bytes: engine.definition_cache_bytes,
        }
    }
}

impl Limits {
    pub(super) fn validate(&self) -> anyhow::Result<()> {
        // Values are walked recursively.
        const DEEPEST: usize = 512;
        if !(1..=DEEPEST).contains(&self.output_depth) {
            bail!("`limits.output_depth` is {}; use 1 to {DEEPEST}", self.output_depth);
        }
        // Nothing could run at all.
        for (name, value) in [
            ("output_bytes", self.output_bytes),
            ("run_steps", self.run_steps),
            ("concurrent_runs", self.concurrent_runs),
        ] {
            if value == 0 {
                bail!("`limits.{name}` is 0, so nothing could run; use 1 or more");
            }
        }
        Ok(())
    }

    /// The same for the engine, which keeps its defaults for all else.
    pub(super) fn of_engine(&self) -> flow_engine::Limits {
        flow_engine::Limits {
            output_bytes: self.output_bytes,
            output_depth: self.output_depth,
            run_steps: self.run_steps,
            loop_items: self.loop_items,
            loop_passes: self.loop_passes,
            nesting_depth: self.nesting_depth,
            parallel_branches: self.parallel_branches,
            collected_bytes: self.collected_bytes,
            file_bytes: self.file_bytes,
            subflow_depth: self.subflow_depth,
            concurrent_runs: self.concurrent_runs,
            queued_runs: self.queued_runs,
            definition_cache_bytes: self.definition_cache_bytes,
            ..flow_engine::Limits::default()
        }
    }
}
