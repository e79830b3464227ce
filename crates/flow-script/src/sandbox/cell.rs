//! A runtime and a context for one expression or function.

use std::{cell::Cell as StdCell, rc::Rc, sync::Arc};

use flow_expr::{ScriptFailure, ScriptFailureKind as Kind};
use rquickjs::{Context, Ctx, Promise, Runtime, Value, context::intrinsic, promise::PromiseState};

use super::{
    Run,
    failure::{self, Stop},
};

/// What the language of flows has. Without these there is no clock (`performance`), no look at the garbage collector
/// (`WeakRef`), and no `atob`.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

pub(super) struct Cell<'r> {
    run: &'r Run<'r>,
    context: Context,
    /// Whether the interpreter was told to stop, after which what it throws means nothing.
    stopped: Rc<StdCell<bool>>,
}

impl<'r> Cell<'r> {
    pub(super) fn new(run: &'r Run<'r>) -> Result<Self, ScriptFailure> {
        if run.is_over() {
            return Err(failure::timed_out(run));
        }
        let open = || {
            let runtime = Runtime::new()?;
            runtime.set_memory_limit(run.limits.memory_bytes);
            runtime.set_max_stack_size(run.limits.stack_bytes);
            let stopped = Rc::default();
            runtime.set_interrupt_handler(Some(watch(run, Rc::clone(&stopped))));
            let context = Context::custom::<Intrinsics>(&runtime)?;
            Ok(Self { run, context, stopped })
        };
        open().map_err(|error: rquickjs::Error| {
            crate::task::failure(Kind::OutOfMemory, format!("there is no memory for a script: {error}"))
        })
    }

    /// Runs code whose text is `source`.
    pub(super) fn with(
        &self,
        source: &str,
        code: impl FnOnce(&Ctx<'_>) -> Result<String, Stop>,
    ) -> Result<String, ScriptFailure> {
        self.context.with(|ctx| {
            let value = code(&ctx).map_err(|stop| failure::of(&ctx, stop, source, self.run.limits));
            if self.stopped.get() { Err(failure::timed_out(self.run)) } else { value }
        })
    }

    /// Runs what promises wait for, until this one settles.
    pub(super) fn settle<'js>(&self, ctx: &Ctx<'js>, promise: &Promise<'js>) -> Result<Value<'js>, Stop> {
        while promise.state() == PromiseState::Pending && !self.stopped.get() {
            if !ctx.execute_pending_job() {
                return Err(Stop::new(
                    Kind::NeverSettles,
                    "the code waits for a promise that nothing settles; there are no timers and no I/O here",
                ));
            }
        }
        promise.result().unwrap_or_else(|| Ok(Value::new_undefined(ctx.clone()))).map_err(Stop::from)
    }
}

/// Looks at the clock, and whether anybody still waits for the script.
fn watch(run: &Run<'_>, stopped: Rc<StdCell<bool>>) -> Box<dyn FnMut() -> bool> {
    let (deadline, cancelled) = (run.deadline, Arc::clone(run.cancelled));
    Box::new(move || {
        let over = super::is_over(deadline, &cancelled);
        stopped.set(stopped.get() || over);
        over
    })
}
