//! What every store must do, as cases that a backend runs on itself.
//!
//! The ports' doc comments are the contract; a case takes a fresh store and checks sentences of it, the
//! races among them. A backend's test instantiates every case with [`conformance_tests!`](crate::conformance_tests).
//! All times are invented and far from the machine's, but leases: a backend that measures those by its own
//! clock (PostgreSQL) leaves the group [`leases`] out. What a caller must not do (gaps between event
//! numbers, an empty commit) is not asked of a store.

pub mod accounts;
pub mod catalog;
pub mod children;
pub mod definitions;
pub mod events;
pub mod files;
pub mod hooks;
pub mod idempotency;
pub mod leases;
pub mod logs;
mod macros;
pub mod nodes;
pub mod resting;
pub mod runs_append;
pub mod runs_cancel;
pub mod runs_claim;
pub mod runs_close;
pub mod runs_create;
pub mod runs_release;
pub mod signals;
pub mod slots;
pub mod snapshots;
pub mod timers;
pub mod tokens;
pub mod versions;
pub mod waits;
pub mod waits_expiry;
mod world;

use flow_engine::{Accounts, Catalog, FileRecords, Store};

/// A store that serves flows, not only runs them.
pub trait Backend: Store + Catalog + Accounts + FileRecords {}

impl<T: Store + Catalog + Accounts + FileRecords> Backend for T {}
