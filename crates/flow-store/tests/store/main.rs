//! The store on real databases: the engine's conformance suite on both, and what only a database can get
//! wrong. Each test has a file or a database of its own.
#![expect(clippy::unwrap_used, reason = "a test ends at the first failure")]

mod backend;
mod conformance;
mod corruption;
mod durability;
mod events;
mod files;
mod group_commit;
mod migrations;
mod opening;
mod outage;
mod plans;
mod prepared;
mod runs;
mod servers;
mod vault;
