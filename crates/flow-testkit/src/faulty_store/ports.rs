//! The ports, each method passed through.

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{
    Append, AppendRefused, Appended, CancelOutcome, Catalog, Claim, ClaimedRun, Commit, Create, Created,
    FlowLog, FlowRecord, HookRecord, LeaseDuration, LogQuery, NewDraft, NewFlow, NewHook, PublishDraft,
    PublishEvent, Published, Resolve, ResolveOutcome, RunRecord, Signals, Store, StoreError,
    StoredDefinition, StoredRun, StoredWait, Timer, TokenHash, VersionRecord,
};
use flow_model::{
    DefinitionHash, FlowId, NodeId, RunEvent, RunId, RunState, Timestamp, VersionNumber, WebhookId,
    WorkspaceId,
};

use super::{Committed, FaultyStore};

impl<S> FaultyStore<S> {
    fn record(&self, run: RunId, commit: &Commit) {
        let committed = Committed { run, batch: commit.batch, events: commit.events.clone() };
        self.log().commits.push(committed);
    }
}

#[async_trait]
impl<S: Store> Store for FaultyStore<S> {
    async fn definition_store(
        &self,
        hash: DefinitionHash,
        definition: StoredDefinition,
    ) -> Result<(), StoreError> {
        self.through("definition_store", self.inner.definition_store(hash, definition)).await
    }

    async fn definition_load(&self, hash: DefinitionHash) -> Result<Option<StoredDefinition>, StoreError> {
        self.through("definition_load", self.inner.definition_load(hash)).await
    }

    async fn run_create(&self, create: Create) -> Result<Created, StoreError> {
        self.record(create.record.id, &create.commit);
        self.through("run_create", self.inner.run_create(create)).await
    }

    async fn run_append(&self, append: Append) -> Result<Result<Appended, AppendRefused>, StoreError> {
        self.record(append.run, &append.commit);
        self.through("run_append", self.inner.run_append(append)).await
    }

    async fn run_load(&self, run: RunId) -> Result<Option<StoredRun>, StoreError> {
        self.through("run_load", self.inner.run_load(run)).await
    }

    async fn run_snapshot(&self, run: RunId, state: Arc<RunState>) -> Result<(), StoreError> {
        self.through("run_snapshot", self.inner.run_snapshot(run, state)).await
    }

    async fn run_record(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.through("run_record", self.inner.run_record(run)).await
    }

    async fn run_queued(&self, most: usize) -> Result<usize, StoreError> {
        self.through("run_queued", self.inner.run_queued(most)).await
    }

    async fn run_signals(&self, run: RunId) -> Result<Option<Signals>, StoreError> {
        self.through("run_signals", self.inner.run_signals(run)).await
    }

    async fn run_children(&self, run: RunId) -> Result<Vec<RunRecord>, StoreError> {
        self.through("run_children", self.inner.run_children(run)).await
    }

    async fn run_events(&self, run: RunId, after: u64) -> Result<Vec<RunEvent>, StoreError> {
        self.through("run_events", self.inner.run_events(run, after)).await
    }

    async fn run_claim(&self, claim: Claim) -> Result<Vec<ClaimedRun>, StoreError> {
        self.through("run_claim", self.inner.run_claim(claim)).await
    }

    async fn run_cancel(&self, run: RunId, now: Timestamp, force: bool) -> Result<CancelOutcome, StoreError> {
        self.through("run_cancel", self.inner.run_cancel(run, now, force)).await
    }

    async fn wait_resolve(&self, resolve: Resolve) -> Result<ResolveOutcome, StoreError> {
        self.through("wait_resolve", self.inner.wait_resolve(resolve)).await
    }

    async fn wait_list(&self, run: RunId) -> Result<Vec<StoredWait>, StoreError> {
        self.through("wait_list", self.inner.wait_list(run)).await
    }

    async fn event_publish(&self, event: PublishEvent) -> Result<Published, StoreError> {
        self.through("event_publish", self.inner.event_publish(event)).await
    }

    async fn log_list(&self, query: LogQuery) -> Result<Vec<FlowLog>, StoreError> {
        self.through("log_list", self.inner.log_list(query)).await
    }

    async fn log_count(&self, query: LogQuery) -> Result<u64, StoreError> {
        self.through("log_count", self.inner.log_count(query)).await
    }

    async fn timer_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.through("timer_due", self.inner.timer_due(now, limit)).await
    }

    async fn timer_next(&self) -> Result<Option<Timestamp>, StoreError> {
        self.through("timer_next", self.inner.timer_next()).await
    }

    async fn node_renew(&self, node: NodeId, now: Timestamp, lease: LeaseDuration) -> Result<(), StoreError> {
        self.through("node_renew", self.inner.node_renew(node, now, lease)).await
    }

    async fn timer_fire(&self, timer: Timer, now: Timestamp) -> Result<bool, StoreError> {
        self.through("timer_fire", self.inner.timer_fire(timer, now)).await
    }

    async fn node_leave(&self, node: NodeId) -> Result<(), StoreError> {
        self.through("node_leave", self.inner.node_leave(node)).await
    }

    async fn expired_purge(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.through("expired_purge", self.inner.expired_purge(now)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.through("ping", self.inner.ping()).await
    }
}

#[async_trait]
impl<S: Catalog> Catalog for FaultyStore<S> {
    async fn flow_create(&self, flow: NewFlow) -> Result<FlowRecord, StoreError> {
        self.through("flow_create", self.inner.flow_create(flow)).await
    }

    async fn flow_get(&self, workspace: WorkspaceId, flow: FlowId) -> Result<Option<FlowRecord>, StoreError> {
        self.through("flow_get", self.inner.flow_get(workspace, flow)).await
    }

    async fn flow_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<FlowRecord>, StoreError> {
        self.through("flow_named", self.inner.flow_named(workspace, name)).await
    }

    async fn draft_store(&self, draft: NewDraft) -> Result<Option<FlowRecord>, StoreError> {
        self.through("draft_store", self.inner.draft_store(draft)).await
    }

    async fn draft_publish(&self, publish: PublishDraft) -> Result<Option<VersionRecord>, StoreError> {
        self.through("draft_publish", self.inner.draft_publish(publish)).await
    }

    async fn version_list(&self, flow: FlowId) -> Result<Vec<VersionRecord>, StoreError> {
        self.through("version_list", self.inner.version_list(flow)).await
    }

    async fn version_latest(&self, flow: FlowId) -> Result<Option<VersionRecord>, StoreError> {
        self.through("version_latest", self.inner.version_latest(flow)).await
    }

    async fn version_get(
        &self,
        flow: FlowId,
        number: VersionNumber,
    ) -> Result<Option<VersionRecord>, StoreError> {
        self.through("version_get", self.inner.version_get(flow, number)).await
    }

    async fn hook_list(&self, flow: FlowId) -> Result<Vec<WebhookId>, StoreError> {
        self.through("hook_list", self.inner.hook_list(flow)).await
    }

    async fn hook_get(&self, token: TokenHash) -> Result<Option<HookRecord>, StoreError> {
        self.through("hook_get", self.inner.hook_get(token)).await
    }

    async fn hook_rotate(&self, flow: FlowId, hook: NewHook) -> Result<bool, StoreError> {
        self.through("hook_rotate", self.inner.hook_rotate(flow, hook)).await
    }
}
