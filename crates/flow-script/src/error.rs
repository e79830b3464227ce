//! Why scripts can't be run at all. What goes wrong with one script is a part of its outcome.

use std::io;

/// Why a pool can't be started, or a worker ends.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that makes no sense.
    #[error("`{setting}` of the script engine must be {wanted}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// The process's local time, which JavaScript would show, isn't UTC.
    #[error(
        "scripts see local time, and that of this process isn't UTC; start it with the environment TZ=UTC"
    )]
    NotUtc,
    /// The pool's threads can't be started.
    #[error("the threads of the script engine can't be started")]
    Threads(#[source] io::Error),
    /// A worker can't confine itself.
    #[error("the script worker can't give up {what}")]
    Confine {
        /// What it should have given up.
        what: &'static str,
        /// Why it can't.
        #[source]
        source: io::Error,
    },
    /// The pipe to the server broke.
    #[error("the script worker can't talk to the server")]
    Pipe(#[from] io::Error),
    /// The server and the worker aren't of one version.
    #[error("the script worker is of version {worker} and the server of {server}; restart the server")]
    Version {
        /// The worker's.
        worker: String,
        /// The server's.
        server: String,
    },
}
