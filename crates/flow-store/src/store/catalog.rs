//! The port of flows and versions.

use async_trait::async_trait;
use flow_engine::{
    Catalog, FlowRecord, HookRecord, NewDraft, NewFlow, NewHook, PublishDraft, StoreError, TokenHash,
    VersionRecord,
};
use flow_model::{FlowId, VersionNumber, WebhookId, WorkspaceId};

use super::SqlStore;
use crate::catalog::{draft, flow, hook, publish, version};
use crate::definition;
use crate::order::Order;

#[async_trait]
impl Catalog for SqlStore {
    async fn flow_create(&self, new: NewFlow) -> Result<FlowRecord, StoreError> {
        let text = definition::text(&new.definition);
        self.write(Order::flow(new.id), move |connection| flow::create(connection, &new, &text)).await
    }

    async fn flow_get(&self, workspace: WorkspaceId, flow: FlowId) -> Result<Option<FlowRecord>, StoreError> {
        self.read(move |connection| flow::get(connection, workspace, flow)).await
    }

    async fn flow_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRecord>, StoreError> {
        let name = name.to_owned();
        self.read(move |connection| flow::named(connection, workspace, &name)).await
    }

    async fn draft_store(&self, new: NewDraft) -> Result<Option<FlowRecord>, StoreError> {
        let text = definition::text(&new.definition);
        self.write(Order::flow(new.flow), move |connection| draft::store(connection, &new, &text)).await
    }

    async fn draft_publish(&self, new: PublishDraft) -> Result<Option<VersionRecord>, StoreError> {
        self.write(Order::flow(new.flow), move |connection| publish::publish(connection, &new)).await
    }

    async fn version_list(&self, flow: FlowId) -> Result<Vec<VersionRecord>, StoreError> {
        self.read(move |connection| version::list(connection, flow)).await
    }

    async fn version_latest(&self, flow: FlowId) -> Result<Option<VersionRecord>, StoreError> {
        self.read(move |connection| version::latest(connection, flow)).await
    }

    async fn version_get(
        &self,
        flow: FlowId,
        number: VersionNumber,
    ) -> Result<Option<VersionRecord>, StoreError> {
        self.read(move |connection| version::get(connection, flow, number)).await
    }

    async fn hook_list(&self, flow: FlowId) -> Result<Vec<WebhookId>, StoreError> {
        self.read(move |connection| hook::list(connection, flow)).await
    }

    async fn hook_get(&self, token: TokenHash) -> Result<Option<HookRecord>, StoreError> {
        self.read(move |connection| hook::get(connection, token)).await
    }

    async fn hook_rotate(&self, flow: FlowId, hook: NewHook) -> Result<bool, StoreError> {
        self.write(Order::flow(flow), move |connection| hook::rotate(connection, flow, &hook)).await
    }
}
