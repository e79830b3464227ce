//! Who a link lets in.

use flow_model::{ExecutionId, WorkspaceId};

use super::Shared;
use crate::{EngineError, LinkAllows};

/// The workspace of the wait that a link is for, and what it lets its holder answer.
pub(super) async fn owner(
    shared: &Shared,
    execution: &ExecutionId,
    token: &str,
) -> Result<(WorkspaceId, LinkAllows), EngineError> {
    let links = shared.links.as_ref();
    let allows = links.and_then(|links| links.accept(execution.run, &execution.visit, token));
    let allows = allows.ok_or(EngineError::LinkInvalid)?;
    let record = shared.store.run_record(execution.run).await?;
    record.map(|record| (record.workspace, allows)).ok_or(EngineError::LinkInvalid)
}
