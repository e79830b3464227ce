//! The port of flows and versions, carried out by the tables.

mod flows;

use async_trait::async_trait;
use flow_model::{FlowId, VersionNumber, WebhookId, WorkspaceId};

use super::MemoryStore;
use crate::{
    Catalog, FlowRecord, HookRecord, NewDraft, NewFlow, NewHook, PublishDraft, StoreError, TokenHash,
    VersionRecord,
};
pub(super) use flows::Flows;

#[async_trait]
impl Catalog for MemoryStore {
    async fn flow_create(&self, flow: NewFlow) -> Result<FlowRecord, StoreError> {
        let mut tables = self.tables();
        let (hash, definition) = (flow.hash, flow.definition.clone());
        let record = tables.flows.create(flow)?;
        tables.definitions.entry(hash).or_insert(definition);
        Ok(record)
    }

    async fn flow_get(&self, workspace: WorkspaceId, flow: FlowId) -> Result<Option<FlowRecord>, StoreError> {
        Ok(self.tables().flows.get(workspace, flow))
    }

    async fn flow_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRecord>, StoreError> {
        Ok(self.tables().flows.named(workspace, name))
    }

    async fn draft_store(&self, draft: NewDraft) -> Result<Option<FlowRecord>, StoreError> {
        let mut tables = self.tables();
        let (hash, definition) = (draft.hash, draft.definition.clone());
        let record = tables.flows.draft_store(draft);
        if record.is_some() {
            tables.definitions.entry(hash).or_insert(definition);
        }
        Ok(record)
    }

    async fn draft_publish(&self, publish: PublishDraft) -> Result<Option<VersionRecord>, StoreError> {
        let tables = &mut *self.tables();
        Ok(tables.flows.publish(publish, &tables.people))
    }

    async fn version_list(&self, flow: FlowId) -> Result<Vec<VersionRecord>, StoreError> {
        let tables = self.tables();
        Ok(tables.flows.versions(flow).rev().map(|version| version.record(flow, &tables.people)).collect())
    }

    async fn version_latest(&self, flow: FlowId) -> Result<Option<VersionRecord>, StoreError> {
        let tables = self.tables();
        let latest = tables.flows.versions(flow).rev().find(|version| version.is_latest);
        Ok(latest.map(|version| version.record(flow, &tables.people)))
    }

    async fn version_get(
        &self,
        flow: FlowId,
        number: VersionNumber,
    ) -> Result<Option<VersionRecord>, StoreError> {
        let tables = self.tables();
        let found = tables.flows.versions(flow).find(|version| version.number == number);
        Ok(found.map(|version| version.record(flow, &tables.people)))
    }

    async fn hook_list(&self, flow: FlowId) -> Result<Vec<WebhookId>, StoreError> {
        Ok(self.tables().flows.hooks(flow))
    }

    async fn hook_get(&self, token: TokenHash) -> Result<Option<HookRecord>, StoreError> {
        Ok(self.tables().flows.hook(token))
    }

    async fn hook_rotate(&self, flow: FlowId, hook: NewHook) -> Result<bool, StoreError> {
        Ok(self.tables().flows.rotate(flow, hook))
    }
}
