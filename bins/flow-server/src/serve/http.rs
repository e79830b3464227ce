//! The HTTP server and its guards against slow clients.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};
use anyhow::Context;
use flow_http::Api;

use crate::config::Config;

/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many seconds after the end of a stop's patience callers may still be read their answers.
const LAST_ANSWERS: u64 = 2;

/// An address that is ours, where nobody is answered yet.
pub(super) struct Bound {
    pub(super) address: SocketAddr,
    /// Begins to answer.
    pub(super) start: Box<dyn FnOnce() -> Server>,
}

/// Binds the address of the configuration.
pub(super) fn bind(config: &Config, api: Api) -> anyhow::Result<Bound> {
    let configure = flow_http::configure(api);
    let mut server = HttpServer::new(move || App::new().configure(configure.clone()))
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(config.shutdown_seconds.saturating_add(LAST_ANSWERS))
        .disable_signals();
    if config.workers > 0 {
        server = server.workers(config.workers);
    }
    let listen = config.listen;
    let server = server.bind(listen).with_context(|| {
        format!("{listen} can't be listened on; is another server there? choose another with --listen")
    })?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok(Bound { address, start: Box::new(move || server.run()) })
}
