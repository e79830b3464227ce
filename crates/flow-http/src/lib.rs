//! The HTTP API over an engine: routes, bearer tokens, and one shape for every error.
//!
//! Mount [`configure`] in an actix-web `App`, at its root or under a prefix. Everything it knows of the
//! world comes through [`Api`]: the engine, and the accounts that tokens are looked up in. Sockets, TLS,
//! timeouts of slow clients and shutdown belong to whoever runs the server; storage to the engine's ports.

mod api;
mod error;
mod extract;
mod observe;
mod options;
mod routes;
pub mod token;
mod view;

pub use api::{Api, configure};
pub use error::{ApiError, Code};
pub use options::{InvalidOptions, Options};
