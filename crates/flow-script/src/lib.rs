//! Runs the JavaScript of flows that isn't evaluated natively.
//!
//! A [`Script`](flow_expr::Script) is evaluated by QuickJS in a context of its own, without I/O, without a clock or
//! chance but the run's, and within [`Limits`]. Some built-ins never look at the clock, so what runs scripts must be
//! something that can be given up: a process, or else a thread.
//!
//! * [`ProcessPool`] runs them in child processes. Each of them calls [`worker::run`], is confined, and is killed when
//!   a script outlasts its time.
//! * [`ThreadPool`] runs them on threads of this process, for embedders who can't have child processes. A thread that
//!   can't be stopped is written off.
//! * [`evaluate`] runs one here and now.
//!
//! Both pools are a [`ScriptEngine`](flow_engine::ScriptEngine). They keep a small runtime of their own, so it
//! doesn't matter which runtime calls them.
//!
//! # Where QuickJS is not ECMA-262
//! What `flow-expr` evaluates natively has the same value as a script, but for what is documented there, and for this,
//! in which QuickJS is wrong:
//! * A text that is spread into an object (`{...'ab'}`) adds nothing to it.
//! * An empty text can't be repeated 2^31 times or more.
//! * The texts of 54 powers of two, such as 2^-24 and 2^89, have a digit more than need be. They read back.
//! * A template literal evaluates all its parts before it makes a text of the first one, and an object a member's value
//!   before it makes a key of what was computed. It tells only where both fail.
//!
//! # What is left to others
//! Which expressions come here, and what their names mean, is the caller's business.
#![warn(missing_docs)]

mod error;
mod limits;
mod message;
mod pool;
mod result;
mod sandbox;
mod task;
mod thread_pool;
mod turns;

#[cfg(unix)]
mod process_pool;
#[cfg(unix)]
pub mod worker;

pub use error::Error;
pub use limits::Limits;
pub use sandbox::evaluate;
pub use thread_pool::{ThreadPool, ThreadPoolOptions};

#[cfg(unix)]
pub use process_pool::{ProcessPool, ProcessPoolOptions};
