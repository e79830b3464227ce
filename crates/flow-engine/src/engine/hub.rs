//! Who drives and who watches which run in this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use flow_model::RunId;
use tokio::sync::{Notify, watch};

/// The runs that something in this process is about.
#[derive(Default)]
pub(crate) struct Hub {
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    driven: HashMap<RunId, Weak<ActiveRun>>,
    watched: HashMap<RunId, watch::Sender<()>>,
}

/// A run that is being driven in this process.
pub(crate) struct ActiveRun {
    run: RunId,
    entries: Arc<Mutex<Entries>>,
    poke: Notify,
    was_poked: AtomicBool,
    stored: AtomicBool,
    troubled: AtomicBool,
    changed: Notify,
}

impl Hub {
    /// Enters a run's driver, until its `ActiveRun` is dropped.
    pub(crate) fn activate(&self, run: RunId, stored: bool) -> Arc<ActiveRun> {
        let active = Arc::new(ActiveRun {
            run,
            entries: self.entries.clone(),
            poke: Notify::new(),
            was_poked: AtomicBool::new(false),
            stored: AtomicBool::new(stored),
            troubled: AtomicBool::new(false),
            changed: Notify::new(),
        });
        lock(&self.entries).driven.insert(run, Arc::downgrade(&active));
        active
    }

    /// Tells a run's driver to look into the store, before it gives the run up or right after; false when this
    /// process doesn't drive it.
    pub(crate) fn poke(&self, run: RunId) -> bool {
        let entries = lock(&self.entries);
        let active = entries.driven.get(&run).and_then(Weak::upgrade);
        if let Some(active) = &active {
            active.was_poked.store(true, Ordering::Relaxed);
        }
        // Before `active` is dropped, which may take the lock.
        drop(entries);
        active.inspect(|active| active.poke.notify_one()).is_some()
    }

    /// Tells everyone who watches a run that something was committed.
    pub(crate) fn publish(&self, run: RunId) {
        let mut entries = lock(&self.entries);
        if let Some(sender) = entries.watched.get(&run)
            && sender.send(()).is_err()
        {
            entries.watched.remove(&run);
        }
    }

    /// Watches a run's commits from now on. Another server's commits can't be seen here.
    pub(super) fn watch(&self, run: RunId) -> Watch {
        let mut entries = lock(&self.entries);
        let receiver = entries.watched.entry(run).or_insert_with(|| watch::Sender::new(())).subscribe();
        Watch { run, entries: self.entries.clone(), receiver }
    }
}

fn lock(entries: &Mutex<Entries>) -> MutexGuard<'_, Entries> {
    // The maps are whole between any two statements, so a panic elsewhere leaves them usable.
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ActiveRun {
    /// Returns when somebody has poked the run.
    pub(crate) async fn poked(&self) {
        self.poke.notified().await;
    }

    /// Ends the driver's answering for the run: nobody pokes it any more. Whether somebody has.
    pub(crate) fn retire(&self) -> bool {
        let mut entries = lock(&self.entries);
        // A newer driver may have taken the place.
        if entries.driven.get(&self.run).is_some_and(|entry| std::ptr::eq(entry.as_ptr(), self)) {
            entries.driven.remove(&self.run);
        }
        self.was_poked.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stored(&self) {
        if !self.stored.swap(true, Ordering::AcqRel) {
            self.changed.notify_waiters();
        }
    }

    /// The store doesn't answer.
    pub(crate) fn set_troubled(&self) {
        if !self.troubled.swap(true, Ordering::AcqRel) {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn is_stored(&self) -> bool {
        self.stored.load(Ordering::Acquire)
    }

    /// Returns once the run is stored (true) or the store failed to do so at least once (false).
    pub(super) async fn first_outcome(&self) -> bool {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.is_stored() {
                return true;
            }
            if self.troubled.load(Ordering::Acquire) {
                return false;
            }
            changed.await;
        }
    }
}

impl Drop for ActiveRun {
    fn drop(&mut self) {
        self.retire();
    }
}

/// A watch of one run.
pub(super) struct Watch {
    run: RunId,
    entries: Arc<Mutex<Entries>>,
    receiver: watch::Receiver<()>,
}

impl Watch {
    /// Returns when something was committed since the last call.
    pub(super) async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut entries = lock(&self.entries);
        // This watch still counts as one.
        if entries.watched.get(&self.run).is_some_and(|sender| sender.receiver_count() <= 1) {
            entries.watched.remove(&self.run);
        }
    }
}
