//! A flow as the generator thinks of it: structured, so that every plan is a valid document, and so that what it
//! should do can be worked out without the engine.

use serde_json::Value;

use super::expression::{Expr, Test};

/// A flow with what it is started with, and the flows that it runs.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The inputs of the run: a number `n` and a list of numbers `list`. Every flow has such.
    pub(super) inputs: Value,
    pub(super) main: Flow,
    /// Those that others run. Each runs only such as stand before it.
    pub(super) others: Vec<Flow>,
}

#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) body: Block,
    /// The flow's own handler of failures.
    pub(super) handler: Option<Block>,
    /// How long the run may be active.
    pub(super) timeout_ms: Option<u64>,
}

/// Steps one after the other. Where the last one ends, whatever holds the block goes on.
pub(super) type Block = Vec<Step>;

#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) id: String,
    /// The variable that receives the result, if it isn't the one named like the step.
    pub(super) output: Option<String>,
    pub(super) kind: Kind,
    pub(super) when: Option<Test>,
    pub(super) disabled: bool,
    pub(super) on_error: OnError,
}

#[derive(Debug, Clone)]
pub(super) enum OnError {
    Fail,
    Continue,
    /// Those steps, and then what follows the failed one.
    GoTo(Block),
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Set(Vec<(String, Expr)>),
    Transform(Expr),
    Log(Expr),
    Condition { branches: Vec<(String, Test, Block)>, otherwise: Block },
    Switch { value: Expr, cases: Vec<(i64, Block)>, otherwise: Block },
    Fail(String),
    Final(Vec<(String, Expr)>),
    Work(Work),
    Ask(Ask),
    Pause(Pause),
    Event(Event),
    Call(Call),
    Each(Each),
    While(While),
    Parallel(Parallel),
}

/// A step that touches the world.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) input: Vec<(String, Expr)>,
    pub(super) does: Does,
    pub(super) latency_ms: u64,
    pub(super) retry: Option<Retry>,
    pub(super) timeout_ms: Option<u64>,
}

/// What the world does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    Return,
    /// It fails with that code, always.
    Fail(&'static str),
    /// It fails so many times, and then returns.
    Flaky(u32),
    /// It never returns.
    Hang,
}

#[derive(Debug, Clone)]
pub(super) struct Retry {
    pub(super) max_attempts: u32,
    pub(super) delay_ms: u64,
    pub(super) exponential: bool,
    pub(super) jitter: bool,
}

/// A step that asks someone.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) whom: Whom,
    /// What is said, so that a mix-up of two questions shows.
    pub(super) about: Expr,
    pub(super) expiry: Expiry,
    /// Where a rejected approval leads, if not where an approved one does.
    pub(super) reject: Option<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    Approval,
    Tool,
    Form,
}

#[derive(Debug, Clone)]
pub(super) enum Expiry {
    Never,
    /// In a time that no simulation reaches: it is always answered.
    Far,
    /// Soon, and nobody answers.
    Soon {
        ms: u64,
        then: OnExpire,
    },
}

/// What an approval does when nobody answers. The other questions fail.
#[derive(Debug, Clone)]
pub(super) enum OnExpire {
    Fail,
    Reject,
    GoTo(Block),
}

/// A `wait`.
#[derive(Debug, Clone)]
pub(super) enum Pause {
    For(u64),
    /// Until a moment that is long over.
    UntilThePast,
}

/// A `wait` for an event. What expires soon has a name of its own, by which nobody sends anything.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) key: Option<Expr>,
    pub(super) expiry: Expiry,
}

/// A `run-flow`.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The number of the other flow.
    pub(super) flow: usize,
    /// Its input `n`; it gets this flow's list.
    pub(super) n: Expr,
    pub(super) waits: bool,
    pub(super) retry: Option<Retry>,
}

#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) concurrency: u32,
    pub(super) stops: bool,
    pub(super) body: Block,
}

#[derive(Debug, Clone)]
pub(super) struct While {
    /// Goes on while that variable is less.
    pub(super) counter: String,
    pub(super) below: i64,
    pub(super) max_iterations: u64,
    /// The last step raises the counter.
    pub(super) body: Block,
}

#[derive(Debug, Clone)]
pub(super) struct Parallel {
    pub(super) join: Join,
    pub(super) branches: Vec<(String, Block)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    All,
    Any,
    Settled,
}

/// The codes of failures after which a step that retries is tried again.
pub(super) const RETRIED: [&str; 6] =
    ["network", "broken", "timeout", "code_1", "tool_failed", "wait_expired"];

impl Step {
    pub(super) fn variable(&self) -> &str {
        self.output.as_deref().unwrap_or(&self.id)
    }
}
