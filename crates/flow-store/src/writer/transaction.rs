//! One transaction of many jobs.

use super::batch::Batch;
use crate::connection::AnyConnection;
use crate::failure::Failure;
use crate::postgres;

/// Why a transaction was stopped, and at which job if it was one.
pub(super) struct Stopped {
    pub(super) at: Option<usize>,
    pub(super) failure: Failure,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self { at: None, failure }
    }
}

/// Runs jobs and commits them, or leaves nothing of them. Whether a commit that failed was carried out can't be
/// known: that is an outage.
pub(super) fn transact(connection: &mut AnyConnection, batch: &mut Batch) -> Result<(), Stopped> {
    connection.begin().map_err(Failure::from)?;
    let locked = lock_latches(connection, batch);
    let mut jobs = batch.iter_mut().enumerate();
    let done = locked.and_then(|()| {
        jobs.try_for_each(|(at, job)| {
            job.run(connection).map_err(|failure| Stopped { at: Some(at), failure })
        })
    });
    let done = done.and_then(|()| {
        let committed = connection.commit();
        committed.map_err(|error| Failure::Connection(format!("the commit failed: {error}")).into())
    });
    let Err(stopped) = done else { return Ok(()) };
    match connection.rollback() {
        Err(error) if !stopped.failure.is_outage() => {
            Err(Failure::Connection(format!("{}; and undoing it failed: {error}", stopped.failure)).into())
        }
        _ => Err(stopped),
    }
}

/// Locks the latches of all jobs, lowest first, where others write to the same tables.
fn lock_latches(connection: &mut AnyConnection, batch: &Batch) -> Result<(), Stopped> {
    let AnyConnection::Postgres(postgres) = connection else { return Ok(()) };
    let jobs = batch.iter().enumerate();
    let mut latches: Vec<_> =
        jobs.flat_map(|(at, job)| job.latches().iter().map(move |latch| (*latch, at))).collect();
    latches.sort_unstable();
    latches.dedup_by_key(|(latch, _)| *latch);
    latches.into_iter().try_for_each(|(latch, at)| {
        postgres::lock_latch(postgres, latch).map_err(|error| Stopped { at: Some(at), failure: error.into() })
    })
}
