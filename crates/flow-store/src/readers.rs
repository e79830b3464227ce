//! The connections that read.

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::R2D2Connection as _;
use flow_engine::StoreError;
use tokio::sync::Semaphore;

use crate::connection::{AnyConnection, Role};
use crate::failure::{Failure, Outcome};
use crate::options::Target;

/// A small pool. A read takes a permit before it takes a thread, so that reads which wait for a connection
/// hold no thread that others need.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    pool: r2d2::Pool<Manager>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Manager {
    target: Target,
}

/// A connection of the pool, and whether a read found it dead: then it doesn't go back.
struct Pooled {
    connection: AnyConnection,
    is_dead: bool,
}

/// How long a caller waits for a connection to be made. The pool goes on trying after that, so that a database
/// which comes back slowly is there for the next one.
const PATIENCE: Duration = Duration::from_secs(2);

impl Readers {
    /// The pool; connections are made when they are first needed.
    pub(crate) fn new(target: Target, connections: u32) -> Self {
        let connections = connections.max(1);
        let pool = r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(LogError))
            .build_unchecked(Manager { target });
        let permits = usize::try_from(connections).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        Self { pool, permits: Arc::new(Semaphore::new(permits)) }
    }

    /// Runs a read on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl Fn(&mut AnyConnection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = |reason: String| StoreError::Unavailable { reason };
        let permit =
            self.permits.clone().acquire_owned().await.map_err(|error| stopped(error.to_string()))?;
        let pool = self.pool.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_with(&pool, read)
        });
        match task.await {
            Ok(found) => found.map_err(StoreError::from),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(stopped(error.to_string())),
            },
        }
    }
}

/// A restart of the database leaves the pool full of dead connections. Each is found out by the read that
/// takes it, so a read is repeated until it meets a live one, at most as often as there can be dead ones.
fn read_with<T>(pool: &r2d2::Pool<Manager>, read: impl Fn(&mut AnyConnection) -> Outcome<T>) -> Outcome<T> {
    let mut dead = 0;
    loop {
        let mut pooled = pool.get().map_err(|error| Failure::Connection(error.to_string()))?;
        let found = read(&mut pooled.connection);
        if let Err(failure) = &found
            && failure.is_lost_connection()
        {
            pooled.is_dead = true;
            dead += 1;
            if dead <= pool.max_size() {
                continue;
            }
        }
        return found;
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = Failure;

    fn connect(&self) -> Result<Pooled, Failure> {
        let connection = AnyConnection::open(&self.target, Role::Reader)?;
        Ok(Pooled { connection, is_dead: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Failure> {
        Ok(pooled.connection.ping()?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_dead || std::thread::panicking() || pooled.connection.is_broken()
    }
}

#[derive(Debug)]
struct LogError;

impl r2d2::HandleError<Failure> for LogError {
    fn handle_error(&self, error: Failure) {
        tracing::warn!(%error, "a connection to read can't be made");
    }
}
