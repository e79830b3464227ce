//! The model from outside: properties of what random authors, clients and logs may bring.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod events;
mod inputs;
mod interface;
mod log;
mod names;
mod retry;
mod strategies;
mod validation;
