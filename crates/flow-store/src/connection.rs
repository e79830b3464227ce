//! One connection to either database.

use diesel::connection::SimpleConnection;
use diesel::{PgConnection, QueryResult, SqliteConnection};

use crate::failure::{Failure, Outcome};
use crate::options::Target;
use crate::{postgres, sqlite};

pub(crate) use any::{AnyConnection, MultiBackend as AnyBackend};

mod any {
    use super::{PgConnection, SqliteConnection};

    /// A connection. Plain queries run on it as they stand; for an upsert, a `RETURNING` and whatever else
    /// diesel can't build for both at once see [`on_each!`](super::on_each).
    #[derive(diesel::MultiConnection)]
    pub(crate) enum AnyConnection {
        Sqlite(SqliteConnection),
        Postgres(PgConnection),
    }
}

/// Compiles one expression for each concrete connection and runs the one that fits.
macro_rules! on_each {
    ($connection:expr, |$concrete:ident| $body:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Sqlite($concrete) => $body,
            $crate::connection::AnyConnection::Postgres($concrete) => $body,
        }
    };
}
pub(crate) use on_each;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is the one that writes.
    Writer,
    /// It only reads.
    Reader,
}

impl AnyConnection {
    pub(crate) fn open(target: &Target, role: Role) -> Outcome<Self> {
        match target {
            Target::Sqlite(path) => sqlite::connect(path, role).map(Self::Sqlite),
            Target::Postgres(url) => postgres::connect(url, role).map(Self::Postgres),
        }
    }

    /// Whether other processes write to the same tables at the same time.
    pub(crate) const fn is_shared(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Begins a transaction that will write.
    pub(crate) fn begin(&mut self) -> QueryResult<()> {
        let begin = match self {
            Self::Sqlite(_) => sqlite::BEGIN,
            Self::Postgres(_) => postgres::BEGIN,
        };
        self.batch_execute(begin)
    }

    pub(crate) fn commit(&mut self) -> QueryResult<()> {
        self.batch_execute("COMMIT")
    }

    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        self.batch_execute("ROLLBACK")
    }

    /// Runs several reads on one state of the tables.
    pub(crate) fn snapshot<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let begin = match self {
            Self::Sqlite(_) => sqlite::BEGIN_SNAPSHOT,
            Self::Postgres(_) => postgres::BEGIN_SNAPSHOT,
        };
        self.batch_execute(begin)?;
        let found = read(self);
        // Nothing was written: how the transaction ends doesn't matter, only that it does.
        self.rollback().map_err(Failure::from).and(found)
    }
}
