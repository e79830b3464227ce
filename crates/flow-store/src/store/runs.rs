//! The port of runs.

use std::sync::Arc;

use async_trait::async_trait;
use flow_engine::{
    Append, AppendRefused, Appended, CancelOutcome, Claim, ClaimedRun, Create, Created, FlowLog,
    LeaseDuration, LogQuery, PublishEvent, Published, Resolve, ResolveOutcome, RunRecord, Signals, Store,
    StoreError, StoredDefinition, StoredRun, StoredWait, Timer,
};
use flow_model::{DefinitionHash, NodeId, RunEvent, RunId, RunState, Timestamp};

use super::SqlStore;
use crate::event::publish::NewEvent;
use crate::order::Order;
use crate::run::append::NewCommit;
use crate::run::claim::{Claimed, Contended};
use crate::run::create::NewRun;
use crate::run::snapshot::NewSnapshot;
use crate::run::{cancel, claim, load, slot, told};
use crate::{definition, log, node, purge, timer, wait};

#[async_trait]
impl Store for SqlStore {
    async fn definition_store(
        &self,
        hash: DefinitionHash,
        definition: StoredDefinition,
    ) -> Result<(), StoreError> {
        let text = definition::text(&definition);
        self.write(Order::Alone, move |connection| definition::store(connection, hash, &text)).await
    }

    async fn definition_load(&self, hash: DefinitionHash) -> Result<Option<StoredDefinition>, StoreError> {
        self.read(move |connection| definition::load(connection, hash)).await
    }

    async fn run_create(&self, create: Create) -> Result<Created, StoreError> {
        let new = NewRun::new(create)?;
        self.write_with(new.order(), new.latches(), move |connection| new.store(connection)).await
    }

    async fn run_append(&self, append: Append) -> Result<Result<Appended, AppendRefused>, StoreError> {
        let new = NewCommit::new(append)?;
        self.write_with(new.order(), new.latches(), move |connection| new.store(connection)).await
    }

    async fn run_load(&self, run: RunId) -> Result<Option<StoredRun>, StoreError> {
        self.read(move |connection| load::whole(connection, run)).await
    }

    async fn run_snapshot(&self, run: RunId, state: Arc<RunState>) -> Result<(), StoreError> {
        let new = NewSnapshot::new(run, &state)?;
        self.write(Order::run(run), move |connection| new.store(connection)).await
    }

    async fn run_record(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.read(move |connection| load::record(connection, run)).await
    }

    async fn run_queued(&self, most: usize) -> Result<usize, StoreError> {
        self.read(move |connection| slot::count_queued(connection, most)).await
    }

    async fn run_signals(&self, run: RunId) -> Result<Option<Signals>, StoreError> {
        self.read(move |connection| told::signals(connection, run)).await
    }

    async fn run_children(&self, run: RunId) -> Result<Vec<RunRecord>, StoreError> {
        self.read(move |connection| load::children(connection, run)).await
    }

    async fn run_events(&self, run: RunId, after: u64) -> Result<Vec<RunEvent>, StoreError> {
        self.read(move |connection| load::events(connection, run, after)).await
    }

    async fn run_claim(&self, claim: Claim) -> Result<Vec<ClaimedRun>, StoreError> {
        let (order, claim) = (claim::order(&claim), Arc::new(claim));
        let first = match Contended::of(&claim) {
            Some(contended) => Claimed { taken: Vec::new(), contended: Some(contended) },
            None => {
                let claim = claim.clone();
                self.write(order.clone(), move |connection| claim::claim(connection, &claim)).await?
            }
        };
        let Claimed { mut taken, contended } = first;
        if let Some(contended) = contended {
            let latches = contended.latches();
            let more = move |connection: &mut _| claim::claim_contended(connection, &claim, &contended);
            taken.extend(self.write_with(order, latches, more).await?);
        }
        Ok(taken)
    }

    async fn run_cancel(&self, run: RunId, now: Timestamp, force: bool) -> Result<CancelOutcome, StoreError> {
        self.write(Order::run(run), move |connection| cancel::cancel(connection, run, now, force)).await
    }

    async fn wait_resolve(&self, resolve: Resolve) -> Result<ResolveOutcome, StoreError> {
        self.write(Order::run(resolve.run), move |connection| wait::resolve(connection, &resolve)).await
    }

    async fn wait_list(&self, run: RunId) -> Result<Vec<StoredWait>, StoreError> {
        self.read(move |connection| wait::list(connection, run)).await
    }

    async fn event_publish(&self, event: PublishEvent) -> Result<Published, StoreError> {
        let new = NewEvent::new(event)?;
        let latches = vec![new.latch()];
        self.write_with(Order::Many, latches, move |connection| new.store(connection)).await
    }

    async fn log_list(&self, query: LogQuery) -> Result<Vec<FlowLog>, StoreError> {
        self.read(move |connection| log::list(connection, &query)).await
    }

    async fn log_count(&self, query: LogQuery) -> Result<u64, StoreError> {
        self.read(move |connection| log::count(connection, &query)).await
    }

    async fn timer_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, StoreError> {
        self.read(move |connection| timer::due(connection, now, limit)).await
    }

    async fn timer_next(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(timer::next).await
    }

    async fn node_renew(&self, node: NodeId, now: Timestamp, lease: LeaseDuration) -> Result<(), StoreError> {
        self.write(Order::Alone, move |connection| node::renew(connection, node, now, lease)).await
    }

    async fn timer_fire(&self, timer: Timer, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Order::run(timer.run), move |connection| timer::fire(connection, &timer, now)).await
    }

    async fn node_leave(&self, node: NodeId) -> Result<(), StoreError> {
        self.write(Order::Last, move |connection| node::leave(connection, node)).await
    }

    async fn expired_purge(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut gone = self.write(Order::Last, move |connection| purge::nodes(connection, now)).await?;
        for portion in [purge::keys, purge::events] {
            let mut went = purge::PORTION;
            while went >= purge::PORTION {
                went = self.write(Order::Last, move |connection| portion(connection, now)).await?;
                gone += went;
            }
        }
        Ok(gone)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        use diesel::r2d2::R2D2Connection as _;
        self.read(|connection| Ok(connection.ping()?)).await
    }
}
