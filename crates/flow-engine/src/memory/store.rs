//! The port of runs, carried out by the tables.

use std::sync::Arc;

use async_trait::async_trait;
use flow_model::{DefinitionHash, NodeId, RunEvent, RunId, RunState, Timestamp};

use super::run::Run;
use super::{MemoryStore, logs};
use crate::{
    Append, AppendRefused, Appended, CancelOutcome, Claim, ClaimedRun, Create, Created, FlowLog,
    LeaseDuration, LogQuery, PublishEvent, Published, Resolve, ResolveOutcome, RunRecord, Signals, Store,
    StoreError, StoredDefinition, StoredRun, StoredWait, Timer,
};

#[async_trait]
impl Store for MemoryStore {
    async fn definition_store(
        &self,
        hash: DefinitionHash,
        definition: StoredDefinition,
    ) -> Result<(), StoreError> {
        self.tables().definitions.entry(hash).or_insert(definition);
        Ok(())
    }

    async fn definition_load(&self, hash: DefinitionHash) -> Result<Option<StoredDefinition>, StoreError> {
        Ok(self.tables().definitions.get(&hash).cloned())
    }

    async fn run_create(&self, create: Create) -> Result<Created, StoreError> {
        let mut tables = self.tables();
        tables.check_definitions(std::iter::once(&create.record))?;
        tables.check_definitions(create.commit.children.iter().map(|child| &child.record))?;
        tables.runs.create(create)
    }

    async fn run_append(&self, append: Append) -> Result<Result<Appended, AppendRefused>, StoreError> {
        let mut tables = self.tables();
        tables.check_definitions(append.commit.children.iter().map(|child| &child.record))?;
        tables.runs.append(append)
    }

    async fn run_load(&self, run: RunId) -> Result<Option<StoredRun>, StoreError> {
        let tables = self.tables();
        let Some(run) = tables.runs.get(run) else { return Ok(None) };
        let snapshot = run.snapshot.clone();
        let log = run.log_after(snapshot.as_ref().map_or(0, |state| state.seq()));
        let (record, waits) = (run.record.clone(), run.waits.pending());
        drop(tables);
        Ok(Some(StoredRun { record, snapshot, events: log.copy(), waits }))
    }

    async fn run_snapshot(&self, run: RunId, state: Arc<RunState>) -> Result<(), StoreError> {
        self.tables().runs.change(run, |run, _| run.keep(state));
        Ok(())
    }

    async fn run_record(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.tables().runs.get(run).map(|run| run.record.clone()))
    }

    async fn run_queued(&self, most: usize) -> Result<usize, StoreError> {
        Ok(self.tables().runs.queued(most))
    }

    async fn run_signals(&self, run: RunId) -> Result<Option<Signals>, StoreError> {
        Ok(self.tables().runs.get(run).map(Run::signals))
    }

    async fn run_children(&self, run: RunId) -> Result<Vec<RunRecord>, StoreError> {
        Ok(self.tables().runs.children(run).map(|child| child.record.clone()).collect())
    }

    async fn run_events(&self, run: RunId, after: u64) -> Result<Vec<RunEvent>, StoreError> {
        let log = self.tables().runs.get(run).map(|run| run.log_after(after));
        Ok(log.map(|log| log.copy()).unwrap_or_default())
    }

    async fn run_claim(&self, claim: Claim) -> Result<Vec<ClaimedRun>, StoreError> {
        Ok(self.tables().runs.claim(&claim))
    }

    async fn run_cancel(&self, run: RunId, now: Timestamp, force: bool) -> Result<CancelOutcome, StoreError> {
        Ok(self.tables().runs.cancel(run, now, force))
    }

    async fn wait_resolve(&self, resolve: Resolve) -> Result<ResolveOutcome, StoreError> {
        Ok(self.tables().runs.resolve(resolve))
    }

    async fn wait_list(&self, run: RunId) -> Result<Vec<StoredWait>, StoreError> {
        Ok(self.tables().runs.get(run).map(|run| run.waits.list()).unwrap_or_default())
    }

    async fn event_publish(&self, event: PublishEvent) -> Result<Published, StoreError> {
        Ok(self.tables().runs.publish(event))
    }

    async fn log_list(&self, query: LogQuery) -> Result<Vec<FlowLog>, StoreError> {
        Ok(logs::list(&self.tables().runs, &query))
    }

    async fn log_count(&self, query: LogQuery) -> Result<u64, StoreError> {
        Ok(logs::count(&self.tables().runs, &query))
    }

    async fn timer_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, StoreError> {
        Ok(self.tables().runs.due(now, limit))
    }

    async fn timer_next(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.tables().runs.next_due())
    }

    async fn node_renew(&self, node: NodeId, now: Timestamp, lease: LeaseDuration) -> Result<(), StoreError> {
        self.tables().runs.renew(node, now, lease);
        Ok(())
    }

    async fn timer_fire(&self, timer: Timer, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.tables().runs.fire(&timer, now))
    }

    async fn node_leave(&self, node: NodeId) -> Result<(), StoreError> {
        self.tables().runs.leave(node);
        Ok(())
    }

    async fn expired_purge(&self, now: Timestamp) -> Result<usize, StoreError> {
        Ok(self.tables().runs.purge(now))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
