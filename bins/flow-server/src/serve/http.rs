//! The HTTP server and its guards against slow clients.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};
use anyhow::Context;
use flow_http::Api;
use tokio::net::TcpSocket;

use crate::config::Config;

/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How many seconds after the end of a stop's patience callers may still be read their answers.
const LAST_ANSWERS: u64 = 2;

/// How many connections may wait to be accepted, as many as actix itself allows.
const BACKLOG: u32 = 2048;

/// Listens on the address of the configuration, where nobody is answered yet.
pub(super) fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.listen;
    let listen = || {
        let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().with_context(|| {
        format!("{address} can't be listened on; is another server there? choose another with --listen")
    })
}

/// A server on that address.
pub(super) fn server(config: &Config, listener: TcpListener, api: Api) -> anyhow::Result<Server> {
    let configure = flow_http::configure(api);
    let mut server = HttpServer::new(move || App::new().configure(configure.clone()))
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(config.shutdown_seconds.saturating_add(LAST_ANSWERS))
        .disable_signals();
    if config.workers > 0 {
        server = server.workers(config.workers);
    }
    Ok(server.listen(listener)?.run())
}
