//! Ids of things that are stored: UUID v7, so that they sort by the time they were made and index
//! well; 16 bytes in a database, hyphenated text everywhere else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what} id; ids look like 0198c5a4-7c1e-7bb2-a4f0-3d1f6c2b9e10")]
pub struct ParseIdError {
    what: &'static str,
    text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// An id from the time it is made at and ten random bytes.
            pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The id that a database row holds.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes that a database row holds.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Only the hyphenated form in lower case, so that an id has one spelling.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let wrong = || ParseIdError { what: $what, text: text.chars().take(64).collect() };
                let is_upper = |byte: u8| byte.is_ascii_uppercase();
                if text.len() != uuid::fmt::Hyphenated::LENGTH || text.bytes().any(is_upper) {
                    return Err(wrong());
                }
                Uuid::try_parse(text).map(Self).map_err(|_| wrong())
            }
        }
    };
}

id!(
    /// One execution of a flow.
    RunId, "run");
id!(
    /// A flow, whatever its versions.
    FlowId, "flow");
id!(
    /// A tenant: flows, runs and tokens of one workspace are invisible to every other.
    WorkspaceId, "workspace");
id!(
    /// A person or service that tokens are made for.
    UserId, "user");
id!(
    /// A bearer token's public name; the token itself is never stored.
    TokenId, "token");
id!(
    /// One life of one server process: a new one at each start, so that a lease never outlives the
    /// process that held it.
    NodeId, "node");
id!(
    /// An event that was sent in from outside, for whichever runs wait for it.
    EventId, "event");
id!(
    /// One append to a run's log. An append whose answer was lost is settled by looking for its batch.
    BatchId, "batch");
id!(
    /// A file that somebody uploaded. It never changes.
    FileId, "file");
