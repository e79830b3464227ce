//! What a script may do, what it may not, and what becomes of those that try.

mod agreement;
mod chance;
mod console;
mod escape;
mod failures;
mod functions;
mod hostile;
mod names;
mod processes;
mod support;
mod syntax;
mod threads;
mod time;
mod values;
