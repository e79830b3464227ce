//! The order in which jobs of one transaction take their locks.
//!
//! On PostgreSQL several servers commit at the same time, each many jobs in one transaction. If all of them
//! take shared rows in one order, none ever waits for another that waits for it. Latches come before all other
//! rows: a transaction takes those of all its jobs as it begins.

use flow_model::{FlowId, RunId, WorkspaceId};

use flow_engine::IdempotencyKey;

/// A job's place in its transaction. Jobs of the same place keep the order they came in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Takes an idempotency key, then a run that nobody else knows.
    Key([u8; 16], [u8; 16], String),
    /// Takes one run's row.
    Run([u8; 16]),
    /// Takes one flow's row.
    Flow([u8; 16]),
    /// Takes rows that only repeats of the same call take.
    Alone,
    /// Takes rows in any order, passing over those that others hold.
    Last,
    /// Takes many runs' rows, lowest first: alone in its transaction, or it would take them after higher ones of
    /// other jobs.
    Many,
}

impl Order {
    /// Whether nothing else may be in its transaction, where others write to the same tables.
    pub(crate) fn is_apart(&self) -> bool {
        *self == Self::Many
    }

    pub(crate) fn run(run: RunId) -> Self {
        Self::Run(*run.as_bytes())
    }

    pub(crate) fn flow(flow: FlowId) -> Self {
        Self::Flow(*flow.as_bytes())
    }

    pub(crate) fn key(workspace: WorkspaceId, flow: [u8; 16], key: &IdempotencyKey) -> Self {
        Self::Key(*workspace.as_bytes(), flow, key.key.clone())
    }
}
