//! How a backend says that it couldn't.

/// A failure of the backend. An outcome that a caller is meant to meet, such as a lost race, is no error
/// but a variant of that call's reply.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached or refused for now (away, full, locked). Whether the call took
    /// effect is unknown; it may be repeated as it is.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the database said, for the log.
        reason: String,
    },
    /// A row that can't be what it claims: damage, or a newer server's writing.
    #[error("{what} can't be read: {reason}")]
    Corrupt {
        /// The row.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database refused a statement for a reason that a repeat won't change: a fault in the backend.
    #[error("the database refused: {reason}")]
    Rejected {
        /// What the database said, for the log.
        reason: String,
    },
}
