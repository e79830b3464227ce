//! The built-in steps against local servers. All traffic stays on the loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod bodies;
mod catalogue;
mod files;
mod http_request;
mod llm;
mod outbound;
mod redirects;
mod retry_after;
mod secrets;
mod settings;
mod support;
mod table;
