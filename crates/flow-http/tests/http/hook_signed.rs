//! Webhooks whose calls are signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_engine::Clock;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::hook::{document, published};
use crate::server::{Answer, Server};

const KEY: &[u8] = b"a key of some length";
const BODY: &str = r#"{"n":1}"#;

fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Sends a body that was signed for `BODY`, so many seconds ago.
async fn send(server: &Server, path: &str, body: &'static str, ago: i64) -> Answer {
    let at = server.clock.now().millis() / 1000 - ago;
    let signature = format!("v1,{}", STANDARD.encode(mac(&format!("msg_1.{at}.{BODY}"))));
    let ask = server.post(path).header("content-type", "application/json").body(body);
    let ask = ask.header("webhook-id", "msg_1").header("webhook-timestamp", &at.to_string());
    ask.header("webhook-signature", &signature).send().await
}

#[actix_web::test]
async fn a_standard_signature_lets_in() {
    let server = Server::start().await;
    server.secrets.set("HOOK", &format!("whsec_{}", STANDARD.encode(KEY)));
    let path = published(&server, document("a", json!({ "secret": "HOOK" }))).await;
    let first = send(&server, &path, BODY, 0).await;
    assert_eq!(first.status, 202, "{}", first.text);
    assert_eq!(send(&server, &path, BODY, 299).await.run(), first.run(), "signed anew, the same delivery");
    send(&server, &path, BODY, 301).await.problem(401, "signature_invalid");
    send(&server, &path, BODY, -301).await.problem(401, "signature_invalid");
    send(&server, &path, "{}", 0).await.problem(401, "signature_invalid");
    server.post(&path).json(json!({ "n": 1 })).send().await.problem(401, "signature_invalid");
    server.post(&path).body("{").send().await.problem(401, "signature_invalid");
}

#[actix_web::test]
async fn a_hub_signature_lets_in() {
    let server = Server::start().await;
    server.secrets.set("HOOK", std::str::from_utf8(KEY).unwrap());
    let settings = json!({ "secret": "HOOK", "signature": "hub-sha256" });
    let path = published(&server, document("a", settings)).await;
    let hex: String = mac(BODY).iter().map(|byte| format!("{byte:02x}")).collect();
    let send = |body: &'static str, signature: String| {
        server.post(&path).header("x-hub-signature-256", &signature).body(body).send()
    };
    assert_eq!(send(BODY, format!("sha256={hex}")).await.status, 202);
    send("{}", format!("sha256={hex}")).await.problem(401, "signature_invalid");
    send(BODY, format!("sha1={hex}")).await.problem(401, "signature_invalid");
}

#[actix_web::test]
async fn without_the_secret_nobody_gets_in() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({ "secret": "HOOK" }))).await;
    send(&server, &path, BODY, 0).await.problem(503, "hook_secret_unavailable");
    server.secrets.set("HOOK", "");
    send(&server, &path, BODY, 0).await.problem(503, "hook_secret_unavailable");
    server.secrets.set("HOOK", std::str::from_utf8(KEY).unwrap());
    assert_eq!(
        send(&server, &path, BODY, 0).await.status,
        202,
        "a secret without a prefix is taken as it is too"
    );
    server.secrets.be_away(1);
    let away = send(&server, &path, BODY, 0).await;
    away.problem(503, "hook_secret_unavailable");
    assert!(!away.text.contains("HOOK"), "{}", away.text);
}
