//! Built-in steps that touch the world.
//!
//! Apart from the engine, so that an embedder who doesn't need them builds no HTTP client and no TLS.
//! Whatever leaves the process goes through [`Outbound`], which keeps flows away from private addresses.
#![warn(missing_docs)]

mod http_request;
mod outbound;

pub use http_request::HttpRequest;
pub use outbound::{Allow, InvalidAllow, Outbound, OutboundError};
