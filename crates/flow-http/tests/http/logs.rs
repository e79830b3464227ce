//! What the log tells of a request.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use flow_engine::{MemoryStore, StoreError};
use serde_json::json;

use crate::hook::{document, published};
use crate::server::{BrokenAccounts, NOBODY, Server};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps what is written, by every test alike: a subscriber of one test alone would miss the places that
/// another test's thread came by first.
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Begins to log; called before any test logs.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| tracing_subscriber::fmt().with_writer(|| Kept).with_ansi(false).init());
}

#[actix_web::test]
async fn an_internal_detail_is_logged_under_the_requests_id() {
    let accounts = BrokenAccounts(|| StoreError::Unavailable { reason: "host db17 is down".to_owned() });
    let server = Server::with_accounts(MemoryStore::new(), Arc::new(accounts)).await;
    let path = format!("/v1/flow/{NOBODY}");
    let answer = server.get(&format!("{path}?secret=s")).header("x-request-id", "r-17").send().await;
    answer.problem(503, "database_unavailable");

    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let log: Vec<_> = log.lines().filter(|line| line.contains("request_id=\"r-17\"")).collect();
    let line = |text: &str| *log.iter().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{log:?}"));
    for text in ["host db17 is down", "answered"] {
        let line = line(text);
        for part in ["method=GET", &format!("path=\"{path}\"")] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let answered = line("answered");
    assert!(answered.contains("status=503") && answered.contains("duration_ms=0"), "{answered}");
    assert!(log.iter().all(|line| !line.contains("secret=s")), "{log:?}");
}

#[actix_web::test]
async fn a_webhooks_token_is_in_no_log() {
    let server = Server::start().await;
    let path = published(&server, document("a", json!({}))).await;
    let token = path.rsplit('/').next().unwrap();
    for path in [path.clone(), format!("{path}/x"), format!("/elsewhere/{token}")] {
        server.post(&path).header("x-request-id", "r-18").send().await;
    }
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    assert!(log.lines().any(|line| line.contains("r-18") && line.contains("path=\"/v1/hooks/…\"")));
    assert!(!log.contains(token), "the token is in the log");
}
