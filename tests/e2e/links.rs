//! Links that answer waits: who has one needs no account.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::server::{Home, Server};

/// Asks with its own link as the message.
fn document() -> Value {
    json!({ "name": "Link", "definition": { "steps": [
        { "id": "start", "type": "api", "data": {}, "nextStepId": "tell" },
        { "id": "tell", "type": "set-variables", "nextStepId": "ask",
          "data": { "variables": [{ "name": "url", "value": "{{resumeUrl('ask')}}" }] } },
        { "id": "ask", "type": "user-approval", "data": { "message": "{{url}}" }, "nextStepId": "end" },
        { "id": "end", "type": "final",
          "data": { "outputs": [{ "name": "said", "output": "{{approval.decision}}" }] } },
    ] } })
}

/// Starts a run of the flow; its id and the link that it tells.
async fn started(server: &Server) -> (String, String) {
    let client = server.client();
    let flow = client.publish(document()).await;
    let waiting = client.execute(&flow, json!({})).await;
    assert_eq!(waiting.body["status"], "waiting", "{}", waiting.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&waiting.body["appRunId"]), text(&waiting.body["pendingAction"]["message"]))
}

#[tokio::test]
async fn a_link_is_good_after_a_restart_and_its_key_is_its_owners_alone() {
    let home = Home::sqlite();
    let server = home.start();
    let (run, url) = started(&server).await;
    assert!(url.starts_with(&format!("http://{}/v1/flowrun/resume/{run}?", server.address)), "{url}");
    let key = home.dir.path().join("flow-data/secret.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    server.kill();

    let server = home.start();
    let path = url.splitn(4, '/').nth(3).unwrap();
    let stranger = reqwest::Client::new();
    let page = stranger.get(format!("http://{}/{path}", server.address)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Approve"));
    let answer =
        stranger.post(format!("http://{}/{path}", server.address)).json(&json!({ "decision": "approve" }));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.client().until_ended(&run).await["output"], json!({ "said": "approve" }));
}

#[tokio::test]
async fn servers_that_share_a_database_share_the_key_and_people_reach_them_by_one_name() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for home in Home::each() {
        let home = home.set("FLOW_SECRETS__KEY", KEY).set("FLOW_PUBLIC_URL", "https://flows.example/base/");
        let first = home.start();
        let (run, url) = started(&first).await;
        let path = url.strip_prefix("https://flows.example/base").unwrap_or_else(|| panic!("{url}"));
        // A second server where two can share the database, else the next one.
        let second = if home.is_shared() {
            home.start()
        } else {
            first.kill();
            home.start()
        };
        let answer = reqwest::Client::new().post(format!("http://{}{path}", second.address));
        let answer = answer.json(&json!({ "decision": "reject" })).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        assert_eq!(second.client().until_ended(&run).await["output"], json!({ "said": "reject" }));
    }
}

#[tokio::test]
async fn without_a_key_a_shared_database_has_no_links_and_says_so() {
    for home in Home::each().filter(Home::is_shared) {
        let server = home.start();
        let client = server.client();
        let flow = client.publish(document()).await;
        let failed = client.execute(&flow, json!({})).await;
        assert_eq!(failed.status, 500, "{}", failed.body);
        let text = failed.body.to_string();
        assert!(text.contains("no_such_wait") && text.contains("a key to make links with"), "{text}");
    }
}

#[test]
fn a_key_that_is_none_ends_the_start() {
    for (key, message) in
        [("c2hvcnQ=", "it has 5 bytes and must have 32"), ("?", "must be 32 bytes in base64")]
    {
        let output =
            Home::sqlite().set("FLOW_SECRETS__KEY", key).command().args(["--listen", "127.0.0.1:0"]).output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && text.contains("FLOW_SECRETS__KEY") && text.contains(message),
            "{text}"
        );
    }
}
