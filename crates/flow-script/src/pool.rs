//! Workers that take one script at a time, and those who wait for one.
//!
//! What a worker is, a thread or a process, is not known here. What counts is that dropping one stops whatever it is
//! doing: so a script that outlasts its time, and one whose caller goes away, takes its worker along.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use flow_expr::{Script, ScriptFailure, ScriptFailureKind as Kind, ScriptOutcome, ScriptOwner};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    Error, Limits,
    task::{Answer, Task, failure},
    turns::Turns,
};

/// Makes workers.
pub(crate) trait Hire: Send + Sync + 'static {
    type Worker: Work;

    /// A new worker; otherwise why scripts can't be run now.
    fn hire(&self) -> impl Future<Output = Result<Self::Worker, ScriptFailure>> + Send;
}

/// A worker. Dropping it ends it, in the middle of a script too.
pub(crate) trait Work: Send + 'static {
    /// Whether it can still take a task.
    fn is_fit(&mut self) -> bool;

    /// Carries a task out; otherwise how the worker came to its end.
    fn work(&mut self, task: Task) -> impl Future<Output = Result<Answer, String>> + Send;
}

/// How many work, and how many may wait.
pub(crate) struct Size {
    pub(crate) workers: usize,
    pub(crate) queue: usize,
    /// How much longer than its limit a script may take until its worker is given up.
    pub(crate) grace: Duration,
}

impl Size {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.workers {
            1..=1_024 => Ok(()),
            _ => Err(Error::Setting { setting: "workers", wanted: "1 to 1024" }),
        }
    }
}

/// A pool of workers of one kind.
pub(crate) struct Pool<H: Hire> {
    inner: Arc<Inner<H>>,
    /// Taken by the end alone.
    runtime: Option<Runtime>,
}

struct Inner<H: Hire> {
    hire: H,
    size: Size,
    limits: Limits,
    /// A permit for each script that waits or is worked on.
    admitted: Semaphore,
    /// A turn for each worker.
    turns: Arc<Turns>,
    /// Those who have nothing to do. The last to come is the first to go, so that few are warm and the others rest.
    idle: Mutex<Vec<H::Worker>>,
}

impl<H: Hire> Pool<H> {
    pub(crate) fn start(hire: H, size: Size, limits: Limits) -> Result<Self, Error> {
        size.check()?;
        limits.check()?;
        // Of its own, so that workers outlive the runtime of whoever happened to need one first.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("scripts")
            .enable_all()
            .build()
            .map_err(Error::Threads)?;
        let inner = Inner {
            hire,
            admitted: Semaphore::new(size.workers.saturating_add(size.queue).min(Semaphore::MAX_PERMITS)),
            turns: Turns::new(size.workers),
            size,
            limits,
            idle: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner), runtime: Some(runtime) })
    }

    pub(crate) async fn evaluate(&self, script: &Script) -> ScriptOutcome {
        let Some(runtime) = &self.runtime else { return stopped() };
        let inner = Arc::clone(&self.inner);
        let (task, owner) = (Task::from(script), script.owner.clone());
        let job = runtime.spawn(async move { inner.evaluate(task, &owner).await });
        AbortOnDropHandle::new(job).await.map_or_else(|_| stopped(), ScriptOutcome::from)
    }
}

impl<H: Hire> Drop for Pool<H> {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The default waits, which a runtime that drops the pool doesn't allow.
            runtime.shutdown_background();
        }
        self.inner.idle().clear();
    }
}

impl<H: Hire> Inner<H> {
    async fn evaluate(&self, task: Task, owner: &ScriptOwner) -> Answer {
        let Ok(_place) = self.admitted.try_acquire() else { return Answer::failed(self.busy()) };
        let _turn = self.turns.next(owner).await;
        let mut worker = match self.fit_worker() {
            Some(worker) => worker,
            None => match self.hire.hire().await {
                Ok(worker) => worker,
                Err(failure) => return Answer::failed(failure),
            },
        };
        let limit = self.limits.time(task.time_limit_ms);
        match timeout(limit + self.size.grace, worker.work(task)).await {
            Ok(Ok(answer)) => {
                if !answer.retires {
                    self.idle().push(worker);
                }
                answer
            }
            Ok(Err(end)) => {
                tracing::warn!(%end, "a script worker came to its end in the middle of a script");
                let message = format!(
                    "the worker of the script came to its end: {end}; does the script need a lot of memory?"
                );
                Answer::failed(failure(Kind::Crashed, message))
            }
            Err(_) => {
                tracing::info!(?limit, "a script didn't stop in time, and its worker is given up");
                Answer::failed(timed_out(limit))
            }
        }
    }

    fn fit_worker(&self) -> Option<H::Worker> {
        let mut idle = self.idle();
        std::iter::from_fn(|| idle.pop()).find_map(|mut worker| worker.is_fit().then_some(worker))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<H::Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self) -> ScriptFailure {
        let Size { workers, queue, .. } = self.size;
        failure(
            Kind::Busy,
            format!(
                "{workers} scripts are running and {queue} wait, and no more may; try again, or allow more workers"
            ),
        )
    }
}

pub(crate) fn timed_out(limit: Duration) -> ScriptFailure {
    let message = format!("the script took longer than the {} ms that it may take", limit.as_millis());
    failure(Kind::TimedOut, message)
}

fn stopped() -> ScriptOutcome {
    Answer::failed(failure(Kind::Unavailable, "the script engine has been stopped")).into()
}
