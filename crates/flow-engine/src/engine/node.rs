//! This process as an owner of runs.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use flow_model::{NodeId, Timestamp};
use tokio::sync::Notify;

use crate::StoreError;
use crate::ports::{Clock, Store};

/// The node and its lease.
pub(crate) struct Node {
    id: NodeId,
    lease: Duration,
    /// Until when effects may be started: two thirds of the lease after the last renewal that succeeded. The
    /// rest is room for a step that is about to start when another node takes over.
    fresh_until: AtomicI64,
    renewed: Notify,
}

impl Node {
    pub(super) fn new(id: NodeId, lease: Duration) -> Self {
        Self { id, lease, fresh_until: AtomicI64::new(0), renewed: Notify::new() }
    }

    pub(crate) fn id(&self) -> NodeId {
        self.id
    }

    /// How often the lease is renewed.
    pub(super) fn beat(&self) -> Duration {
        self.lease / 3
    }

    /// Renews the lease.
    pub(super) async fn renew(&self, store: &dyn Store, clock: &dyn Clock) -> Result<(), StoreError> {
        // Counted from before the call: the database's lease can only end later.
        let asked_at = clock.now();
        store.node_renew(self.id, asked_at, self.lease).await?;
        self.fresh_until.store(asked_at.after(self.lease * 2 / 3).millis(), Ordering::Release);
        self.renewed.notify_waiters();
        Ok(())
    }

    /// Renews the lease if it isn't sure any more.
    pub(crate) async fn refresh(&self, store: &dyn Store, clock: &dyn Clock) -> Result<(), StoreError> {
        if self.is_fresh(clock.now()) { Ok(()) } else { self.renew(store, clock).await }
    }

    /// Gives every run up.
    pub(super) async fn leave(&self, store: &dyn Store) -> Result<(), StoreError> {
        store.node_leave(self.id).await
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        now.millis() < self.fresh_until.load(Ordering::Acquire)
    }

    /// Waits until the lease is sure enough to start an effect.
    pub(crate) async fn until_fresh(&self, clock: &dyn Clock) {
        loop {
            let renewed = self.renewed.notified();
            if self.is_fresh(clock.now()) {
                return;
            }
            renewed.await;
        }
    }
}
