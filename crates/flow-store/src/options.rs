//! What a store can be told when it is opened.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The settings of a [`SqlStore`](crate::SqlStore).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where the database is: the path of an SQLite file, bare or after `sqlite:`, or a
    /// `postgres://user:password@host/database` URL. Folders on the way to a file are made.
    pub url: String,
    /// The connections that read; reads beyond that number wait for one. Writing has one of its own.
    pub readers: u32,
    /// Whether to bring the tables up to date. If not, tables that aren't are an error.
    pub migrate: bool,
    /// Whether this process is the one that runs flows on an SQLite file: a second one is refused, and
    /// leases that an earlier one left end at once. Off for a command that looks in beside a server; without
    /// meaning on PostgreSQL, which any number of servers share.
    pub exclusive: bool,
    /// The writes that may be queued; callers beyond that number wait for room.
    pub queue: usize,
    /// The most writes that are committed at once.
    pub batch: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "flow-data/flow.db".to_owned(),
            readers: 4,
            migrate: true,
            exclusive: true,
            queue: 4096,
            batch: 512,
        }
    }
}

impl Options {
    /// The defaults with another database.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// Which database a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

impl Target {
    /// Reads a URL; none for one that names no database that could be kept.
    pub(crate) fn of(url: &str) -> Option<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        // SQLite reads the first two as its own syntax, and a memory database would be another one for each
        // connection.
        if path.is_empty() || path.starts_with("file:") || path == ":memory:" || path.contains("://") {
            return None;
        }
        Some(Self::Sqlite(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, path) in [
            ("flow.db", "flow.db"),
            ("/var/lib/flow.db", "/var/lib/flow.db"),
            ("sqlite:flow.db", "flow.db"),
            ("sqlite:///var/lib/flow.db", "/var/lib/flow.db"),
        ] {
            assert_eq!(Target::of(url), Some(Target::Sqlite(path.into())), "{url}");
        }
        let postgres = "postgres://flow@localhost/flow";
        assert_eq!(Target::of(postgres), Some(Target::Postgres(postgres.to_owned())));
        for url in
            ["", "sqlite:", ":memory:", "sqlite::memory:", "file:x?mode=memory", "mysql://localhost/flow"]
        {
            assert_eq!(Target::of(url), None, "{url}");
        }
    }
}
