//! What only a real connection shows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::task::yield_now;
use actix_web::{App, HttpServer, web};
use flow_http::configure;
use futures_util::future::{Either, select};

use crate::server::Server;

/// Sends bytes over a connection of its own and reads until the server closes it.
async fn exchange(address: SocketAddr, request: Vec<u8>) -> String {
    let exchanged = web::block(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&request).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    });
    exchanged.await.unwrap()
}

/// Serves on a port that the system picks.
fn listen(server: &Server) -> (SocketAddr, ServerHandle) {
    let api = server.api.clone();
    let http = HttpServer::new(move || App::new().configure(configure(api.clone())));
    let http = http.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = http.addrs()[0];
    let running = http.run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    (address, handle)
}

#[actix_web::test]
async fn a_body_that_doesnt_come_is_waited_for_only_so_long() {
    let server = Server::start().await;
    let (address, handle) = listen(&server);
    let head = format!(
        "POST /v1/flow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 10\r\n\r\n{{",
        server.token
    );
    let mut exchange = pin!(exchange(address, head.into_bytes()));
    let reply = loop {
        server.clock.advance(Duration::from_secs(1));
        match select(exchange, Box::pin(yield_now())).await {
            Either::Left((reply, _)) => break reply,
            Either::Right(((), going_on)) => exchange = going_on,
        }
    };
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    assert!(reply.contains("body_timeout"), "{reply}");
    handle.stop(false).await;
}

#[actix_web::test]
async fn a_client_that_sends_too_much_gets_to_read_why() {
    let server = Server::start().await;
    let (address, handle) = listen(&server);

    let head = |length: usize| {
        format!(
            "POST /v1/flow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            server.token
        )
    };
    for length in [5 << 20, 15 << 20] {
        let mut request = head(length).into_bytes();
        request.resize(request.len() + length, b' ');
        let reply = exchange(address, request).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
        assert!(reply.contains("body_too_large"), "{reply}");
    }
    let reply = exchange(address, head(1 << 40).into_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");

    let refused =
        b"POST /v1/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20971520\r\n\r\n";
    let mut request = refused.to_vec();
    request.resize(request.len() + (20 << 20), b' ');
    let reply = exchange(address, request).await;
    assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");

    let request = "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let reply = exchange(address, request.into()).await;
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\n"), "{reply}");
    handle.stop(false).await;
}
