//! A run as it stands, folded from its committed events.

use std::sync::Arc;

use flow_model::{RunId, RunState, WorkspaceId, apply};

use super::{Shared, family};
use crate::drive::Settled;
use crate::{EngineError, RunView, StoreError};

/// Loads and folds a run. With a workspace, a run of another one is a missing run.
pub(super) async fn inspect(
    shared: &Arc<Shared>,
    workspace: Option<WorkspaceId>,
    run: RunId,
) -> Result<RunView, EngineError> {
    let stored = match shared.store.run_load(run).await {
        Ok(stored) => stored.ok_or(EngineError::RunNotFound(run))?,
        Err(error @ StoreError::Corrupt { .. }) => {
            return unreadable(shared, workspace, run, error).await;
        }
        Err(error) => return Err(error.into()),
    };
    let record = stored.record;
    if workspace.is_some_and(|workspace| workspace != record.workspace) {
        return Err(EngineError::RunNotFound(run));
    }
    let mut state = stored.snapshot.map_or_else(RunState::new, Arc::unwrap_or_clone);
    let mut damage = None;
    for event in &stored.events {
        if let Err(illegal) = apply(&mut state, event) {
            damage = Some(illegal.to_string());
            break;
        }
    }
    let flow = shared.flow(record.definition).await.ok();
    let children = family::views(shared, &state).await;
    Ok(RunView { record, state, flow, damage, children })
}

/// What can be said of a run whose events can't be read.
async fn unreadable(
    shared: &Arc<Shared>,
    workspace: Option<WorkspaceId>,
    run: RunId,
    error: StoreError,
) -> Result<RunView, EngineError> {
    let record = shared.store.run_record(run).await?.ok_or(EngineError::RunNotFound(run))?;
    if workspace.is_some_and(|workspace| workspace != record.workspace) {
        return Err(EngineError::RunNotFound(run));
    }
    let flow = shared.flow(record.definition).await.ok();
    let damage = Some(error.to_string());
    Ok(RunView { record, state: RunState::new(), flow, damage, children: Vec::new() })
}

/// A run as its driver left it.
pub(super) async fn settled(shared: &Arc<Shared>, settled: Settled) -> RunView {
    let Settled { record, state, flow } = settled;
    let children = family::views(shared, &state).await;
    RunView { record, state, flow: Some(flow), damage: None, children }
}
