//! Scripts in child processes.
//!
//! A child takes one script after the other and is killed with the one that outlasts its time. Nothing that a script
//! does to its process reaches this one: the child has no environment but its time zone, no descriptors but its pipes,
//! and bounds on its memory that the kernel keeps.

mod backoff;
mod child;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use async_trait::async_trait;
use flow_engine::ScriptEngine;
use flow_expr::{Script, ScriptFailure, ScriptFailureKind as Kind, ScriptOutcome};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Limits,
    pool::{Hire, Pool, Size},
    task::failure,
    thread_pool::processors,
    worker::Settings,
};
use backoff::Backoff;
use child::Child;

/// The settings of a [`ProcessPool`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessPoolOptions {
    /// The program of a worker, which calls [`worker::run`](crate::worker::run) before all else.
    pub program: PathBuf,
    /// What the program is told.
    pub args: Vec<OsString>,
    /// The processes that run scripts; they are started when needed. By default as many as there are processors.
    pub workers: usize,
    /// The scripts that may wait for a process; further ones fail.
    pub queue: usize,
    /// How much longer than its time a script may take until its process is killed, in milliseconds.
    pub grace_ms: u64,
    /// How long a process may take to start, in milliseconds.
    pub start_ms: u64,
    /// The scripts that a process runs until a fresh one takes its place.
    pub scripts_per_worker: u64,
    /// The memory that a process may keep between two scripts, in bytes; with more a fresh one takes its place.
    pub resident_bytes: u64,
    /// The most memory that a process can have, program included, in bytes of address space.
    pub address_space_bytes: u64,
    /// What a script may take.
    pub limits: Limits,
}

impl Default for ProcessPoolOptions {
    fn default() -> Self {
        Self {
            program: PathBuf::new(),
            args: Vec::new(),
            workers: processors(),
            queue: 1_000,
            grace_ms: 100,
            start_ms: 10_000,
            scripts_per_worker: 10_000,
            resident_bytes: 192 << 20,
            address_space_bytes: 512 << 20,
            limits: Limits::default(),
        }
    }
}

impl ProcessPoolOptions {
    /// The defaults, with workers that are started by this program and its arguments.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, ..Self::default() }
    }
}

/// A [`ScriptEngine`] on child processes. Dropping it ends them, and so does the end of this process, whatever its
/// cause.
pub struct ProcessPool(Pool<Processes>);

impl ProcessPool {
    /// Starts it; the processes are started when there are scripts.
    pub fn start(options: ProcessPoolOptions) -> Result<Self, Error> {
        let ProcessPoolOptions { workers, queue, grace_ms, limits, .. } = options.clone();
        if options.address_space_bytes < 4 * limits.memory_bytes as u64 {
            let wanted = "at least four times the memory of a script";
            return Err(Error::Setting { setting: "address_space_bytes", wanted });
        }
        let size = Size { workers, queue, grace: Duration::from_millis(grace_ms) };
        Pool::start(Processes { options, backoff: Backoff::default() }, size, limits).map(Self)
    }
}

#[async_trait]
impl ScriptEngine for ProcessPool {
    async fn evaluate(&self, script: Script) -> ScriptOutcome {
        self.0.evaluate(&script).await
    }
}

struct Processes {
    options: ProcessPoolOptions,
    backoff: Backoff,
}

impl Hire for Processes {
    type Worker = Child;

    async fn hire(&self) -> Result<Child, ScriptFailure> {
        let program = self.options.program.display();
        self.backoff.check().map_err(|last| unavailable(&last))?;
        let started = tokio::time::timeout(Duration::from_millis(self.options.start_ms), async {
            Child::start(&self.options, &Settings::from(&self.options)).await
        });
        let problem = match started.await {
            Ok(Ok(child)) => {
                self.backoff.succeeded();
                return Ok(child);
            }
            Ok(Err(problem)) => problem,
            Err(_) => format!("it wasn't ready within {} ms", self.options.start_ms),
        };
        let problem = format!("`{program}` can't be started: {problem}");
        tracing::error!(%problem, "no script worker");
        self.backoff.failed(problem.clone());
        Err(unavailable(&problem))
    }
}

fn unavailable(problem: &str) -> ScriptFailure {
    let message =
        format!("scripts can't be run, since their process {problem}; the server's log may say more");
    failure(Kind::Unavailable, message)
}
