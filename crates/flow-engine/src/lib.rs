//! The executor of durable flows, as a library.
