//! What an engine does by itself: renew its lease, take up orphans, fire timers, and stop.

use std::sync::Arc;
use std::time::Duration;

use flow_model::{Resolution, Timestamp};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::StoreError;
use crate::drive::{take_up_some, wake};
use crate::ports::{Claimable, Resolve, ResolveOutcome, Timer, TimerKind};

/// How many orphans are taken at a time.
const ORPHANS: usize = 64;
/// How many timers are fired at a time.
const TIMERS: usize = 100;
/// Timers of a server that died are found this late at the most.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// Expired rows change no answer, so they are deleted at leisure.
const BETWEEN_PURGES: Duration = Duration::from_secs(10 * 60);
/// How long to wait after the store failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the engine's own tasks. They end when it stops.
pub(super) fn start(shared: &Arc<Shared>) {
    spawn(shared, &shared.leaving, heartbeat(shared.clone()));
    spawn(shared, &shared.stopping, orphans(shared.clone()));
    spawn(shared, &shared.stopping, timers(shared.clone()));
    spawn(shared, &shared.stopping, purges(shared.clone()));
}

fn spawn(shared: &Shared, end: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    let end = end.clone();
    shared.runtime.spawn(async move { end.run_until_cancelled(work).await });
}

async fn heartbeat(shared: Arc<Shared>) {
    let clock = &*shared.clock;
    loop {
        clock.sleep_until(clock.now().after(shared.node.beat())).await;
        while let Err(error) = shared.node.renew(&*shared.store, clock).await {
            tracing::warn!(%error, "the lease couldn't be renewed; no new step starts until it is");
            clock.sleep_until(clock.now().after(PAUSE)).await;
        }
    }
}

/// Takes up runs that nobody drives: with every beat those that others left behind, and at once those whose turn has
/// come.
async fn orphans(shared: Arc<Shared>) {
    let clock = &*shared.clock;
    let mut look_at = clock.now();
    loop {
        let is_due = shared.turns.take_due() || clock.now() >= look_at;
        let looked = async {
            take_up_in_line(&shared).await?;
            if is_due { take_up_any(&shared).await } else { Ok(()) }
        };
        match looked.await {
            Ok(()) if is_due => look_at = clock.now().after(shared.node.beat()),
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, "runs that nobody drives couldn't be looked for");
                look_at = clock.now().after(PAUSE);
            }
        }
        tokio::select! {
            biased;
            () = shared.turns.changed() => {}
            () = clock.sleep_until(look_at) => {}
        }
    }
}

/// Takes up the next runs of the slots in which a place became free.
async fn take_up_in_line(shared: &Arc<Shared>) -> Result<(), StoreError> {
    for slot in shared.turns.take_freed() {
        loop {
            let room = shared.turns.room().min(ORPHANS);
            if room == 0 {
                // The look for any run finds it when there is.
                shared.turns.postpone();
                break;
            }
            if take_up_some(shared, Claimable::Slot(slot.clone()), room).await? < room {
                break;
            }
        }
    }
    Ok(())
}

/// Takes up whatever runs nobody drives, as many as there is room for.
async fn take_up_any(shared: &Arc<Shared>) -> Result<(), StoreError> {
    loop {
        let room = shared.turns.room().min(ORPHANS);
        if room == 0 {
            shared.turns.postpone();
            return Ok(());
        }
        match take_up_some(shared, Claimable::Any, room).await? {
            0 => {
                shared.turns.all_served();
                return Ok(());
            }
            runs => tracing::info!(runs, "taking up runs that nobody drives"),
        }
    }
}

async fn timers(shared: Arc<Shared>) {
    let clock = &*shared.clock;
    loop {
        let wake_at = match fire_due(&shared).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "due timers couldn't be fired");
                clock.now().after(PAUSE)
            }
        };
        tokio::select! {
            // First, or one that came just now would let them be looked for twice.
            biased;
            () = shared.timers.notified() => {}
            () = clock.sleep_until(wake_at) => {}
        }
    }
}

/// Deletes what has expired, such as idempotency keys.
async fn purges(shared: Arc<Shared>) {
    let clock = &*shared.clock;
    loop {
        clock.sleep_until(clock.now().after(BETWEEN_PURGES)).await;
        match shared.store.expired_purge(clock.now()).await {
            Ok(rows) => tracing::debug!(rows, "purged what has expired"),
            Err(error) => {
                tracing::warn!(%error, "what has expired couldn't be purged; it is tried again later")
            }
        }
    }
}

/// Fires what is due and says when to look again.
async fn fire_due(shared: &Arc<Shared>) -> Result<Timestamp, StoreError> {
    let now = shared.clock.now();
    let due = shared.store.timer_due(now, TIMERS).await?;
    let fired_all = due.len() < TIMERS;
    for timer in due {
        fire(shared, timer).await?;
    }
    if !fired_all {
        return Ok(now);
    }
    let latest = now.after(LONGEST_SLEEP);
    Ok(shared.store.timer_next().await?.map_or(latest, |next| next.min(latest)))
}

async fn fire(shared: &Arc<Shared>, timer: Timer) -> Result<(), StoreError> {
    let (run, now) = (timer.run, shared.clock.now());
    let fired = match timer.kind {
        TimerKind::WaitExpiry => {
            let resolve = Resolve { run, visit: timer.visit, resolution: Resolution::Expired, now };
            shared.store.wait_resolve(resolve).await? == ResolveOutcome::Won
        }
        TimerKind::Retry => shared.store.timer_fire(timer, now).await?,
    };
    if fired {
        wake(shared, run);
    }
    Ok(())
}

/// Stops the engine as [`super::Engine::stop`] says.
pub(super) async fn stop(shared: &Shared, patience: Duration) {
    shared.stopping.cancel();
    shared.tracker.close();
    if tokio::time::timeout(patience, shared.tracker.wait()).await.is_err() {
        let runs = shared.tracker.len();
        shared.abandoning.cancel();
        tracing::warn!(runs, "runs are left to the next start");
    }
    shared.leaving.cancel();
    if let Err(error) = shared.node.leave(&*shared.store).await {
        tracing::warn!(%error, "the lease couldn't be given back; it ends by itself");
    }
}
