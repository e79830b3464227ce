//! The executor of durable flows, as a library.
#![warn(missing_docs)]

mod ports;

pub use ports::*;
