//! Who a link lets in.

use flow_model::{ExecutionId, WorkspaceId};

use super::Shared;
use crate::EngineError;

/// The workspace of the wait that a link is for.
pub(super) async fn owner(
    shared: &Shared,
    execution: &ExecutionId,
    token: &str,
) -> Result<WorkspaceId, EngineError> {
    let links = shared.links.as_ref();
    if !links.is_some_and(|links| links.accept(execution.run, &execution.visit, token)) {
        return Err(EngineError::LinkInvalid);
    }
    let record = shared.store.run_record(execution.run).await?;
    record.map(|record| record.workspace).ok_or(EngineError::LinkInvalid)
}
