//! The engine's store on SQLite and PostgreSQL.
//!
//! [`SqlStore`] implements the ports [`Store`](flow_engine::Store), [`Catalog`](flow_engine::Catalog) and
//! [`Accounts`](flow_engine::Accounts). Every write goes to one thread that commits all that is queued at
//! once; reads go to a small pool. One code serves both databases; what only one of them speaks stands in
//! `sqlite` and `postgres`. Rows never leave this crate. It reads no clock, makes no id and decides nothing
//! about runs: that is the engine's.
#![warn(missing_docs)]

mod accounts;
mod catalog;
mod codec;
mod connection;
mod definition;
mod error;
mod event;
mod failure;
mod file;
mod folder;
mod json;
mod latch;
mod log;
mod migrations;
mod node;
mod options;
mod order;
mod postgres;
mod purge;
mod readers;
mod rows;
mod run;
mod schema;
mod sqlite;
mod statement;
mod store;
mod timer;
mod vault;
mod wait;
mod writer;

pub use error::OpenError;
pub use folder::FileFolder;
pub use options::Options;
pub use store::SqlStore;
pub use vault::SqlVault;
pub use writer::Stats;
