//! Publishes drafts.

use flow_model::{FlowId, Severity, UserId, WorkspaceId};

use super::label::label;
use super::{Flows, Publish, VersionView};
use crate::ports::PublishDraft;
use crate::{EngineError, MadeHook, hooks};

/// How often to look again when the draft changes under us.
const TRIES: usize = 3;

pub(super) async fn publish(
    flows: &Flows,
    workspace: WorkspaceId,
    user: Option<UserId>,
    flow: FlowId,
    publish: Publish,
) -> Result<VersionView, EngineError> {
    for _ in 0..TRIES {
        let record = flows.record(workspace, flow).await?;
        if publish.revisions.as_ref().is_some_and(|seen| !seen.contains(&record.revision)) {
            return Err(EngineError::RevisionStale { current: record.revision });
        }
        let draft = record.draft.ok_or(EngineError::NothingToPublish(flow))?;
        let document = flows.document(record.definition).await?;
        let faults = flows.check(workspace, flow, &document).await?;
        if faults.iter().any(|fault| fault.severity == Severity::Error) {
            return Err(EngineError::InvalidDefinition(faults));
        }
        let versions = flows.catalog.version_list(flow).await?;
        let latest = versions.iter().find(|version| version.is_latest);
        let latest = match latest {
            Some(latest) => Some(flows.document(latest.definition).await?),
            None => None,
        };
        // Which of them are new is known before: hooks come and go with publishes, and a publish ends this draft.
        let known = flows.catalog.hook_list(flow).await?;
        let mut hooks = hooks::of_document(&document, &*flows.shared.entropy);
        let published = flows.catalog.draft_publish(PublishDraft {
            flow,
            draft,
            hash: record.definition,
            label: label(&document, latest.as_deref(), &versions, publish.bump)?,
            hooks: hooks.iter().map(MadeHook::stored).collect(),
            summary: publish.summary.clone(),
            published_by: user,
            now: flows.shared.clock.now(),
        });
        if let Some(version) = published.await? {
            hooks.retain(|hook| !known.contains(&hook.webhook));
            return Ok(VersionView { record: version, document, visibility: record.visibility, hooks });
        }
    }
    Err(EngineError::DraftChanged(flow))
}
