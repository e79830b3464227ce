//! The engine from outside, on the store in memory, with a clock, chance and a world that the tests drive.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bindings;
mod commits;
mod complaints;
mod control;
mod crash;
mod expiry;
mod flows;
mod idempotency;
mod inputs;
mod outage;
mod pause;
mod poison;
mod publish_faults;
mod races;
mod scenario;
mod stall;
mod stop;
mod world;
