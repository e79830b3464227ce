//! Committing what is queued, and what to do when that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flow_engine::StoreError;
use tokio::sync::mpsc;

use super::Counters;
use super::job::Job;
use super::transaction::{Stopped, transact};
use crate::connection::{AnyConnection, Role};
use crate::failure::{Class, Failure, Outcome};
use crate::options::Target;

/// Jobs that are to be committed together.
pub(super) type Batch = Vec<Box<dyn Job>>;

/// How often a job that meets another server's is tried alone.
const TRIES: u32 = 3;

/// How many jobs of one batch may fail before the others stop waiting for each other.
const FAULTS: usize = 8;

/// How long to leave a database alone that couldn't be reached.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The thread's own side.
pub(super) struct Committer {
    target: Target,
    /// None after it was lost, until the next job.
    connection: Option<AnyConnection>,
    pause: Duration,
    counters: Arc<Counters>,
}

impl Committer {
    pub(super) const fn new(target: Target, connection: AnyConnection, counters: Arc<Counters>) -> Self {
        Self { target, connection: Some(connection), pause: FIRST_PAUSE, counters }
    }

    /// Until every handle is gone and nothing is queued.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>, most: usize) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < most
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            match self.connect() {
                Ok(connection) => {
                    let mut apart = Batch::new();
                    if connection.is_shared() {
                        batch.sort_by(|a, b| a.order().cmp(b.order()));
                        apart = batch.split_off(batch.partition_point(|job| !job.order().is_apart()));
                    }
                    // A panic drops the jobs of this batch, which tells their callers; it mustn't end the
                    // writing of everyone else.
                    if catch_unwind(AssertUnwindSafe(|| self.commit_all(batch, apart))).is_err() {
                        tracing::error!("a write panicked");
                        self.connection = None;
                    }
                }
                Err(failure) => {
                    tracing::warn!(error = %failure, "the database is away");
                    // Nobody waits longer than for this one attempt, however many are queued.
                    while let Ok(next) = queue.try_recv() {
                        batch.push(next);
                    }
                    refuse(batch, &failure);
                    std::thread::sleep(self.pause);
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn connect(&mut self) -> Outcome<&mut AnyConnection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => AnyConnection::open(&self.target, Role::Writer)?,
        };
        self.pause = FIRST_PAUSE;
        Ok(self.connection.insert(connection))
    }

    /// Stores jobs together, and then each of the others in a transaction of its own.
    fn commit_all(&mut self, together: Batch, apart: Batch) {
        if !together.is_empty() {
            self.commit(together);
        }
        apart.into_iter().for_each(|job| self.commit(vec![job]));
    }

    /// Stores the jobs together. One that fails is taken out, so that it fails alone and the others still
    /// share a commit; where many fail, each goes alone.
    fn commit(&mut self, mut batch: Batch) {
        for _ in 0..FAULTS {
            let Err(Stopped { at, failure }) = self.attempt_anew(&mut batch) else {
                batch.into_iter().for_each(|job| job.answer(Ok(())));
                return;
            };
            let Some(at) = at.filter(|_| !failure.is_outage()) else {
                tracing::warn!(error = %failure, jobs = batch.len(), "a commit failed");
                return refuse(batch, &failure);
            };
            let job = batch.remove(at);
            if batch.is_empty() && failure.class() != Class::Collision {
                return answer(job, Err(failure));
            }
            tracing::debug!(error = %failure, jobs = batch.len(), "a job failed and is tried alone");
            if let Err(failure) = self.commit_alone(job) {
                return refuse(batch, &failure);
            }
            if batch.is_empty() {
                return;
            }
        }
        let mut batch = batch.into_iter();
        while let Some(job) = batch.next() {
            if let Err(failure) = self.commit_alone(job) {
                return refuse(batch.collect(), &failure);
            }
        }
    }

    /// Stores one job and answers it. An error is an outage, which the next job would meet too.
    fn commit_alone(&mut self, job: Box<dyn Job>) -> Outcome<()> {
        let mut alone = vec![job];
        let mut tries = 1;
        let outcome = loop {
            match self.attempt_anew(&mut alone) {
                Err(stopped) if stopped.failure.class() == Class::Collision && tries < TRIES => tries += 1,
                outcome => break outcome.map_err(|stopped| stopped.failure),
            }
        };
        let outage = match &outcome {
            Err(failure) if failure.is_outage() => Err(Failure::Connection(failure.to_string())),
            _ => Ok(()),
        };
        if let Some(job) = alone.pop() {
            answer(job, outcome);
        }
        outage
    }

    /// Once more on a new connection, if the one at hand turns out to be dead before the commit was sent: it
    /// died while nobody used it, and nothing is stored.
    fn attempt_anew(&mut self, batch: &mut Batch) -> Result<(), Stopped> {
        match self.attempt(batch) {
            Err(stopped) if stopped.failure.is_lost_connection() => {
                tracing::info!(error = %stopped.failure, "the connection was lost; trying a new one");
                self.attempt(batch)
            }
            outcome => outcome,
        }
    }

    /// Runs the jobs in one transaction. After a failure nothing of them is stored, or, if it was the commit
    /// that failed, that can't be known and is reported as an outage.
    fn attempt(&mut self, batch: &mut Batch) -> Result<(), Stopped> {
        let done = self.connect().map_err(Stopped::from).and_then(|connection| transact(connection, batch));
        match &done {
            Ok(()) => {
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                self.counters.jobs.fetch_add(batch.len() as u64, Ordering::Relaxed);
            }
            // Away, read-only after a change of servers, or in a state that nobody knows: the next job begins
            // on a new one.
            Err(stopped) if stopped.failure.is_outage() => self.connection = None,
            Err(_) => {}
        }
        done
    }
}

fn answer(job: Box<dyn Job>, outcome: Outcome<()>) {
    if let Err(failure) = &outcome {
        tracing::warn!(error = %failure, "a write failed");
    }
    job.answer(outcome.map_err(StoreError::from));
}

fn refuse(batch: Batch, failure: &Failure) {
    let reason = failure.to_string();
    batch.into_iter().for_each(|job| job.answer(Err(StoreError::Unavailable { reason: reason.clone() })));
}
