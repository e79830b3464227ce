//! Whose turn it is: how many runs this process drives, and what lets others go on.
//!
//! A new run is driven at once while there is room. Otherwise it is stored without an owner, and so are those after
//! it until the engine's own look for runs has found no more of them: else newcomers would take all the room, and the
//! queue would stand still. Runs that exist already and are called up by an answer, a timer or a cancel don't wait for
//! room, so there may be more than the limit for a while.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What is driven, and who waits.
pub(crate) struct Turns {
    inner: Arc<Inner>,
}

struct Inner {
    most: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    driven: usize,
    /// Somebody may be waiting for room.
    queueing: bool,
    /// A look for those who wait is due.
    is_due: bool,
    /// Slots in which a place became free.
    freed: BTreeSet<String>,
}

/// The right to drive one run.
pub(crate) struct Turn {
    inner: Arc<Inner>,
}

impl Turns {
    /// Turns of at most that many at a time.
    pub(super) fn new(most: usize) -> Self {
        let inner = Inner { most: most.max(1), state: Mutex::default(), changed: Notify::new() };
        Self { inner: Arc::new(inner) }
    }

    /// A turn for a new run; none when it has to wait.
    pub(super) fn try_begin(&self) -> Option<Turn> {
        let mut state = self.inner.lock();
        if state.queueing || state.driven >= self.inner.most {
            state.queueing = true;
            return None;
        }
        state.driven += 1;
        Some(Turn { inner: self.inner.clone() })
    }

    /// A turn for a run that this node owns already.
    pub(crate) fn begin(&self) -> Turn {
        self.inner.lock().driven += 1;
        Turn { inner: self.inner.clone() }
    }

    /// How many more runs may be driven.
    pub(crate) fn room(&self) -> usize {
        self.inner.most.saturating_sub(self.inner.lock().driven)
    }

    /// A run is stored that nobody drives, and there may be room for it by now.
    pub(crate) fn queued(&self) {
        let mut state = self.inner.lock();
        (state.queueing, state.is_due) = (true, true);
        drop(state);
        self.inner.changed.notify_one();
    }

    /// A place in that slot became free.
    pub(crate) fn freed(&self, slot: &str) {
        self.inner.lock().freed.insert(slot.to_owned());
        self.inner.changed.notify_one();
    }

    /// The slots that became free since the last call.
    pub(super) fn take_freed(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.inner.lock().freed)
    }

    /// Whether a look for those who wait is due, which begins with this call.
    pub(super) fn take_due(&self) -> bool {
        std::mem::take(&mut self.inner.lock().is_due)
    }

    /// There was no room to look for those who wait.
    pub(super) fn postpone(&self) {
        let mut state = self.inner.lock();
        state.queueing = true;
        // There is room again by now, and nobody will say so.
        if state.driven < self.inner.most {
            state.is_due = true;
            self.inner.changed.notify_one();
        }
    }

    /// The look has found no more of them; who came to wait since its beginning has made another one due.
    pub(super) fn all_served(&self) {
        let mut state = self.inner.lock();
        state.queueing = state.is_due;
    }

    /// Returns when somebody may have a turn who had none.
    pub(super) async fn changed(&self) {
        self.inner.changed.notified().await;
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        state.driven -= 1;
        if state.queueing {
            state.is_due = true;
            self.inner.changed.notify_one();
        }
    }
}
