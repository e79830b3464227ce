//! Logs that nobody reads any more.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::server::{Home, Server, TOKEN};
use crate::world::approval;

#[tokio::test]
async fn a_server_goes_on_when_the_reader_of_its_logs_has_gone() {
    let home = Home::sqlite();
    let mut command = home.command();
    command.env("FLOW_ADMIN_TOKEN", TOKEN).env("RUST_LOG", "info").args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut logs = BufReader::new(child.stderr.take().unwrap());
    logs.read_line(&mut String::new()).unwrap();
    drop(logs);
    let server = Server::wait_for(child);
    let client = server.client();
    let flow = client.publish(approval()).await;
    assert_eq!(client.execute(&flow, json!({})).await.body["status"], "waiting");
    server.terminate();
    assert!(server.ended_well());
}
