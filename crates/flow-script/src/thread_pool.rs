//! Scripts on threads of this process.
//!
//! A thread can't be killed. One whose script is stuck in a built-in is written off: its caller is told, another
//! thread takes its place, and it ends by itself when the built-in does. And a fault of QuickJS is one of this process:
//! where an async function's memory ends at the moment when its promise is to be settled, QuickJS aborts. So threads
//! are for scripts of authors who are trusted not to try; for those of others there are processes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use async_trait::async_trait;
use flow_engine::ScriptEngine;
use flow_expr::{
    ChanceSource, Script, ScriptCode, ScriptExpression, ScriptFailure, ScriptFailureKind as Kind,
    ScriptOutcome,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    Error, Limits,
    pool::{Hire, Pool, Size, Work},
    sandbox,
    task::{Answer, Task, failure},
};

/// The settings of a [`ThreadPool`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThreadPoolOptions {
    /// The threads that run scripts; they are started when needed. By default as many as there are processors.
    pub workers: usize,
    /// The scripts that may wait for a thread; further ones fail.
    pub queue: usize,
    /// How much longer than its time a script may take until its thread is written off, in milliseconds.
    pub grace_ms: u64,
    /// The threads that may be written off at a time. While there are as many, and no other thread is free, scripts
    /// fail.
    pub written_off: usize,
    /// What a script may take.
    pub limits: Limits,
}

impl Default for ThreadPoolOptions {
    fn default() -> Self {
        Self {
            workers: processors(),
            queue: 1_000,
            grace_ms: 100,
            written_off: 16,
            limits: Limits::default(),
        }
    }
}

/// How many processors this process may use.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// A [`ScriptEngine`] on threads of this process, for scripts of authors who mean no harm: one that means it can use
/// up threads, and can make QuickJS abort the process. Dropping the pool stops its scripts.
pub struct ThreadPool(Pool<Threads>);

impl ThreadPool {
    /// Starts it. The process's local time must be UTC, since scripts would see it.
    pub fn start(options: ThreadPoolOptions) -> Result<Self, Error> {
        let ThreadPoolOptions { workers, queue, grace_ms, written_off, limits } = options;
        let size = Size { workers, queue, grace: Duration::from_millis(grace_ms) };
        size.check()?;
        limits.check()?;
        if !local_time_is_utc(&limits) {
            return Err(Error::NotUtc);
        }
        let threads = workers.saturating_add(written_off).min(Semaphore::MAX_PERMITS);
        let hire = Threads { limits: limits.clone(), alive: Arc::new(Semaphore::new(threads)) };
        Pool::start(hire, size, limits).map(Self)
    }
}

#[async_trait]
impl ScriptEngine for ThreadPool {
    async fn evaluate(&self, script: Script) -> ScriptOutcome {
        self.0.evaluate(&script).await
    }
}

struct Threads {
    limits: Limits,
    /// A permit for each thread that may live.
    alive: Arc<Semaphore>,
}

impl Hire for Threads {
    type Worker = Thread;

    async fn hire(&self) -> Result<Thread, ScriptFailure> {
        let Ok(permit) = Arc::clone(&self.alive).try_acquire_owned() else {
            let message = "too many scripts can't be stopped; run scripts in processes, or restart this one";
            return Err(failure(Kind::Unavailable, message));
        };
        Thread::start(self.limits.clone(), permit).map_err(|error| {
            failure(Kind::Unavailable, format!("no thread can be started for scripts: {error}"))
        })
    }
}

/// The handle of a thread.
struct Thread {
    tasks: mpsc::Sender<(Task, oneshot::Sender<Answer>)>,
    dismissed: Arc<AtomicBool>,
}

impl Thread {
    fn start(limits: Limits, alive: OwnedSemaphorePermit) -> std::io::Result<Self> {
        let (sender, tasks) = mpsc::channel::<(Task, oneshot::Sender<Answer>)>();
        let dismissed = Arc::<AtomicBool>::default();
        let seen = Arc::clone(&dismissed);
        thread::Builder::new().name("script".to_owned()).stack_size(limits.thread_stack()).spawn(
            move || {
                for (task, reply) in tasks {
                    // Nobody may be there any more to be told.
                    let _ = reply.send(sandbox::run(&task, &limits, &seen));
                }
                drop(alive);
            },
        )?;
        Ok(Self { tasks: sender, dismissed })
    }
}

impl Work for Thread {
    fn is_fit(&mut self) -> bool {
        true
    }

    async fn work(&mut self, task: Task) -> Result<Answer, String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "its thread panicked".to_owned();
        self.tasks.send((task, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.dismissed.store(true, Ordering::Relaxed);
    }
}

/// Whether JavaScript's local time is UTC here, in winter, in summer, and before there were time zones.
fn local_time_is_utc(limits: &Limits) -> bool {
    const SOURCE: &str = "[1e12, 1.015e12, -3e12].every(ms => new Date(ms).getTimezoneOffset() === 0)";
    let expression = ScriptExpression { source: SOURCE.into(), chance_index: 0, as_truth: true };
    let script = Script {
        code: ScriptCode::Expressions(vec![expression]),
        names: Vec::new(),
        undefined: Vec::new(),
        now_ms: 0,
        chance: ChanceSource { seed: 0, place: String::new() },
        resume_urls: Vec::new(),
        owner: flow_expr::ScriptOwner::default(),
        time_limit_ms: None,
    };
    sandbox::evaluate(&script, limits).values == [Value::Bool(true)]
}
