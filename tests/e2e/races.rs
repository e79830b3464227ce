//! Of two who want different things at once, one wins.

use std::process::Stdio;

use serde_json::json;

use crate::server::{Home, Server, TOKEN};
use crate::world::approval;

const ROUNDS: usize = 100;

#[test]
fn servers_that_start_for_the_first_time_together_all_serve() {
    for home in Home::each().filter(Home::is_shared) {
        let spawn = || {
            let mut command = home.command();
            command.env("FLOW_ADMIN_TOKEN", TOKEN).args(["--listen", "127.0.0.1:0"]);
            command.stdout(Stdio::piped()).spawn().unwrap()
        };
        let starting: Vec<_> = std::iter::repeat_with(spawn).take(4).collect();
        // Panics at one that doesn't serve.
        starting.into_iter().map(Server::wait_for).for_each(drop);
    }
}

#[tokio::test]
async fn of_two_answers_at_once_exactly_one_counts() {
    for home in Home::each() {
        let server = home.start();
        let client = server.client();
        let flow = client.publish(approval()).await;
        for _ in 0..ROUNDS {
            let waiting = client.execute(&flow, json!({})).await;
            let run = waiting.body["appRunId"].as_str().unwrap();
            let (one, other) = tokio::join!(client.approve(run), client.approve(run));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409], "{} {}", one.body, other.body);
            let winner = if one.status == 200 { one } else { other };
            assert_eq!(winner.body["output"], json!({ "decision": "approve" }));
        }
    }
}

#[tokio::test]
async fn an_answer_and_a_cancel_at_once_have_one_winner() {
    for home in Home::each() {
        let server = home.start();
        let client = server.client();
        let flow = client.publish(approval()).await;
        for _ in 0..ROUNDS {
            let waiting = client.execute(&flow, json!({})).await;
            let run = waiting.body["appRunId"].as_str().unwrap();
            let (answer, cancel) = tokio::join!(client.approve(run), client.cancel(run));
            let end = client.until_ended(run).await;
            match (answer.status, cancel.status) {
                (200, 409) => assert_eq!(end["status"], "completed"),
                (409, 200) => assert_eq!(end["status"], "cancelled"),
                _ => panic!("{} {}", answer.body, cancel.body),
            }
        }
    }
}
