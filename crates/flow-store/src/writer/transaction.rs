//! One transaction of many jobs.

use super::batch::Batch;
use crate::connection::AnyConnection;
use crate::failure::Failure;

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
    let mut jobs = batch.iter_mut().enumerate();
    let done = jobs
        .try_for_each(|(at, job)| job.run(connection).map_err(|failure| Stopped { at: Some(at), failure }));
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
