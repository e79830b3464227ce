//! The built-in steps against local servers. All traffic stays on the loopback.

mod bodies;
mod http_request;
mod outbound;
mod redirects;
mod settings;
mod support;
