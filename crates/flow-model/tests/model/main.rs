//! The model from outside: properties of what random authors, clients and logs may bring.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apply;
mod events;
mod input_rules;
mod inputs;
mod interface;
mod log;
mod names;
mod retry;
mod schema_inputs;
mod strategies;
mod validation;
mod webhook;
