//! The one thread that writes.
//!
//! It takes everything that is queued, runs it in one transaction, commits once, and then answers each
//! caller: under load many jobs share the wait for the disk, and without load nobody waits for company. A job
//! that refuses (a stale owner, a lost race) writes nothing and leaves the others unharmed; one that fails
//! makes the transaction roll back, and then runs in a transaction of its own, so that it fails alone.
//! What a job does is its caller's; a caller that has gone doesn't stop its job.

mod batch;
mod job;
mod transaction;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use flow_engine::StoreError;
use tokio::sync::{mpsc, oneshot};

use crate::OpenError;
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::options::{Options, Target};
use crate::order::Order;
use batch::Committer;
use job::{Job, Task};

/// What the writer has done since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Transactions that were committed.
    pub commits: u64,
    /// Jobs in them: the mean batch is `jobs / commits`.
    pub jobs: u64,
}

#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
}

/// The way to the writer. Dropping it ends the thread once it has done what is queued.
#[derive(Debug)]
pub(crate) struct Writer {
    /// None only while it is dropped.
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread on an open connection.
    pub(crate) fn start(
        target: Target,
        connection: AnyConnection,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let (sender, receiver) = mpsc::channel(options.queue.max(1));
        let counters = Arc::new(Counters::default());
        let committer = Committer::new(target, connection, counters.clone());
        let most = options.batch.max(1);
        let thread = std::thread::Builder::new()
            .name("flow-store-writer".to_owned())
            .spawn(move || committer.run(receiver, most))
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(sender), thread: Some(thread), counters })
    }

    /// Runs a job and returns what it came to once that is committed. The job may run more than once; only
    /// the last time counts. `latches` are locked before.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        order: Order,
        latches: Vec<Latch>,
        work: impl FnMut(&mut AnyConnection) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Unavailable { reason: "the writer has stopped".to_owned() };
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Task::new(order, latches, work, reply));
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(task).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            commits: self.counters.commits.load(Ordering::Relaxed),
            jobs: self.counters.jobs.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer's thread panicked");
        }
    }
}
