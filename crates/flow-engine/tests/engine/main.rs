//! The engine from outside, on the store in memory, with a clock, chance and a world that the tests drive.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod bindings;
mod clock_wait;
mod commits;
mod complaints;
mod control;
mod crash;
mod event_stream;
mod event_wait;
mod expiry;
mod flows;
mod forms;
mod idempotency;
mod inputs;
mod loops;
mod on_error;
mod outage;
mod parallel;
mod pause;
mod poison;
mod publish_faults;
mod races;
mod resting;
mod retry;
mod retry_run;
mod run_flow;
mod run_flow_crash;
mod scenario;
mod setting_faults;
mod skip;
mod stall;
mod stop;
mod switch;
mod timeouts;
mod world;
