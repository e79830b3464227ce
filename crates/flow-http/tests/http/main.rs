//! The HTTP API against an engine in memory: no port, no database, no sleeping.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod auth;
mod branches;
mod cancel;
mod clock_wait;
mod create;
mod event;
mod execute;
mod execute_async;
mod execute_failing;
mod files;
mod flow_logs;
mod form;
mod handling;
mod hook;
mod hook_calls;
mod hook_signed;
mod idempotency;
mod inspect;
mod logs;
mod path;
mod preferences;
mod problems;
mod publish;
mod resume;
mod resume_link;
mod resume_refused;
mod run_flow;
mod secret;
mod server;
mod table;
mod triggers;
mod wire;
