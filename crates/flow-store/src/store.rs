//! The handle of an open database.

mod accounts;
mod catalog;
mod files;
mod runs;

use std::fmt;
use std::sync::Arc;

use flow_engine::StoreError;

use crate::connection::{AnyConnection, Role};
use crate::failure::{Failure, Outcome};
use crate::latch::Latch;
use crate::migrations;
use crate::node;
use crate::options::Target;
use crate::order::Order;
use crate::readers::Readers;
use crate::sqlite::{self, FileLock};
use crate::writer::Writer;
use crate::{OpenError, Options, Stats};

/// A store on SQLite or PostgreSQL. Clones are handles of the same one; dropping the last finishes what is
/// queued and closes the database.
#[derive(Clone)]
pub struct SqlStore {
    open: Arc<Open>,
}

/// What is open. Closed in this order: an SQLite file is tidied by the last connection, and given free after.
struct Open {
    readers: Readers,
    writer: Writer,
    _lock: Option<FileLock>,
}

impl SqlStore {
    /// Opens a database, makes it if it is an SQLite file that isn't there, and brings its tables up to date.
    ///
    /// # Errors
    /// See [`OpenError`]; a second server on an SQLite file is [`OpenError::AlreadyInUse`].
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let opening = tokio::task::spawn_blocking(move || Open::new(&options));
        let open = opening.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => OpenError::Connect(error.to_string()),
        })??;
        Ok(Self { open: Arc::new(open) })
    }

    /// What the writer has done so far.
    pub fn stats(&self) -> Stats {
        self.open.writer.stats()
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl Fn(&mut AnyConnection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.open.readers.run(read).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        order: Order,
        work: impl FnMut(&mut AnyConnection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_with(order, Vec::new(), work).await
    }

    /// Writes what nothing about those events may come between.
    async fn write_with<T: Send + 'static>(
        &self,
        order: Order,
        latches: Vec<Latch>,
        work: impl FnMut(&mut AnyConnection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.open.writer.run(order, latches, work).await
    }
}

impl fmt::Debug for SqlStore {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Open {
    fn new(options: &Options) -> Result<Self, OpenError> {
        let target = Target::of(&options.url).ok_or_else(|| OpenError::Url(options.url.clone()))?;
        let mut lock = None;
        if let Target::Sqlite(path) = &target {
            sqlite::make_file(path)?;
            if options.exclusive {
                lock = Some(FileLock::take(path)?);
            }
        }
        migrations::run(&target, options.migrate)?;
        let unreachable = |failure: Failure| OpenError::Connect(failure.to_string());
        let mut connection = AnyConnection::open(&target, Role::Writer).map_err(unreachable)?;
        if lock.is_some() {
            node::forget_all(&mut connection).map_err(unreachable)?;
        }
        let readers = Readers::new(target.clone(), options.readers);
        let writer = Writer::start(target, connection, options)?;
        Ok(Self { readers, writer, _lock: lock })
    }
}
