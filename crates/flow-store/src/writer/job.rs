//! One job: what is to be done, and who waits for it.

use flow_engine::StoreError;
use tokio::sync::oneshot;

use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::latch::Latch;
use crate::order::Order;

/// A job of any kind.
pub(crate) trait Job: Send {
    /// Its place among the jobs of one transaction.
    fn order(&self) -> &Order;

    /// What it needs locked from the beginning of its transaction.
    fn latches(&self) -> &[Latch];

    /// Does it, in a transaction that is open. Again if that one is rolled back.
    fn run(&mut self, connection: &mut AnyConnection) -> Outcome<()>;

    /// Tells the caller: what the last run came to if that was committed, else why it wasn't.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A job by its closure.
pub(crate) struct Task<W, T> {
    order: Order,
    latches: Vec<Latch>,
    work: W,
    done: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Task<W, T> {
    pub(crate) const fn new(
        order: Order,
        latches: Vec<Latch>,
        work: W,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        Self { order, latches, work, done: None, reply }
    }
}

impl<W, T> Job for Task<W, T>
where
    W: FnMut(&mut AnyConnection) -> Outcome<T> + Send,
    T: Send,
{
    fn order(&self) -> &Order {
        &self.order
    }

    fn latches(&self) -> &[Latch] {
        &self.latches
    }

    fn run(&mut self, connection: &mut AnyConnection) -> Outcome<()> {
        self.done = None;
        self.done = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { done, reply, .. } = *self;
        let never_ran = || StoreError::Unavailable { reason: "the write wasn't begun".to_owned() };
        // Whoever asked may have gone since.
        let _ = reply.send(committed.and_then(|()| done.ok_or_else(never_ran)));
    }
}
