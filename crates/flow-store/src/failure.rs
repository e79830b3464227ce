//! What can go wrong inside the crate, and what of it callers are told.

use diesel::result::{DatabaseErrorKind, Error};
use flow_engine::StoreError;

use crate::{postgres, sqlite};

/// What a statement, a job or a read came to.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Why it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The database refused a statement.
    #[error(transparent)]
    Statement(#[from] Error),
    /// There is no connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// A row that can't be what it claims.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The request contradicts what is stored.
    #[error("{0}")]
    Rejected(String),
}

/// A row that can't be what it claims: damage, or a newer server's writing.
#[derive(Debug, thiserror::Error)]
#[error("{what} can't be read: {reason}")]
pub(crate) struct Corrupt {
    /// The row.
    pub(crate) what: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The database is away, busy or full: whatever comes next would fail too.
    Outage,
    /// Two transactions met: the same again may succeed.
    Collision,
    /// The file is damaged.
    Damage,
    /// This one statement is wrong.
    Fault,
}

impl Failure {
    pub(crate) fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected(reason.into())
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Connection(_) => Class::Outage,
            Self::Corrupt(_) | Self::Rejected(_) => Class::Fault,
            Self::Statement(error) => statement_class(error),
        }
    }

    pub(crate) fn is_outage(&self) -> bool {
        self.class() == Class::Outage
    }

    /// Whether the connection died, so that the same on another one may succeed at once.
    pub(crate) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Statement(Error::DatabaseError(kind, said)) => match kind {
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => true,
                _ => postgres::is_lost_connection(said.message()),
            },
            _ => false,
        }
    }
}

/// Diesel tells few kinds apart, and the rest only by what the database said.
fn statement_class(error: &Error) -> Class {
    match error {
        Error::DatabaseError(kind, said) => match kind {
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction => Class::Outage,
            DatabaseErrorKind::SerializationFailure => Class::Collision,
            DatabaseErrorKind::Unknown => {
                let said = said.message();
                sqlite::class_of(said).or_else(|| postgres::class_of(said)).unwrap_or(Class::Fault)
            }
            _ => Class::Fault,
        },
        Error::BrokenTransactionManager => Class::Outage,
        _ => Class::Fault,
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let class = failure.class();
        match failure {
            Failure::Corrupt(Corrupt { what, reason }) => Self::Corrupt { what, reason },
            // A value that diesel can't read is a column of the wrong type.
            Failure::Statement(Error::DeserializationError(reason)) => {
                Self::Corrupt { what: "a row".to_owned(), reason: reason.to_string() }
            }
            other => {
                let reason = other.to_string();
                match class {
                    Class::Outage | Class::Collision => Self::Unavailable { reason },
                    Class::Damage => Self::Corrupt { what: "the database file".to_owned(), reason },
                    Class::Fault => Self::Rejected { reason },
                }
            }
        }
    }
}
