//! `Idempotency-Key`: a repeat of a call is the same run.

use actix_web::HttpRequest;
use flow_engine::{Hook, IdempotencyKey};
use flow_model::{EventId, FlowId, WorkspaceId};
use sha2::{Digest, Sha256};

use super::Query;
use crate::error::Result;
use crate::{Api, ApiError};

/// What senders name the deliveries of webhooks by, which stays the same when they repeat one.
const DELIVERY: [&str; 3] = ["webhook-id", "Idempotency-Key", "X-GitHub-Delivery"];

/// Which family of execute routes was called: bodies of the two mean different runs though they look alike.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Bare inputs, a published version.
    Client,
    /// Inputs in an envelope, the draft by default.
    Dashboard,
    /// A webhook, whichever it is.
    Hook,
}

/// The caller's key, if it sent one, with the hash of everything that makes the call another one.
pub(crate) fn idempotency_key(
    api: &Api,
    request: &HttpRequest,
    mode: Mode,
    flow: FlowId,
    body: &[u8],
) -> Result<Option<IdempotencyKey>> {
    let Some(key) = given(request, "Idempotency-Key")? else { return Ok(None) };
    let query = Query::of(request);
    let body_hash = hash(mode, flow, query.get("version").unwrap_or_default(), body);
    let expires_at = api.now().after(api.options.idempotency_time());
    Ok(Some(IdempotencyKey { key: key.to_owned(), body_hash, expires_at }))
}

/// The key that makes a repeated delivery of a webhook the same run; apart from those of clients.
pub(crate) fn hook_key(
    api: &Api,
    request: &HttpRequest,
    hook: &Hook,
    body: &[u8],
) -> Result<Option<IdempotencyKey>> {
    for name in DELIVERY {
        if let Some(key) = given(request, name)? {
            let called = format!("{} {}?{}", hook.id, request.method(), request.query_string());
            let body_hash = hash(Mode::Hook, hook.flow, &called, body);
            let expires_at = api.now().after(api.options.idempotency_time());
            return Ok(Some(IdempotencyKey {
                key: format!("webhook {} {key}", hook.id),
                body_hash,
                expires_at,
            }));
        }
    }
    Ok(None)
}

/// The id of an event that is sent with a key: the same for the same key of the workspace.
pub(crate) fn event_id(request: &HttpRequest, workspace: WorkspaceId) -> Result<Option<EventId>> {
    let key = given(request, "Idempotency-Key")?;
    Ok(key.map(|key| {
        let hash = Sha256::new().chain_update(b"event").chain_update(workspace.as_bytes()).chain_update(key);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        EventId::from_bytes(uuid::Builder::from_custom_bytes(id).into_uuid().into_bytes())
    }))
}

/// The key in a header, if there is one.
fn given(request: &HttpRequest, name: &'static str) -> Result<Option<String>> {
    let Some(header) = request.headers().get(name) else { return Ok(None) };
    let key = header.to_str().unwrap_or_default().trim();
    if !(1..=255).contains(&key.len()) {
        let message = format!("the `{name}` must be 1 to 255 visible ASCII characters");
        return Err(ApiError::fault(name, "invalid_header", message));
    }
    Ok(Some(key.to_owned()))
}

/// Each part but the last has its length before it, so that no two calls run together into one text.
fn hash(mode: Mode, flow: FlowId, version: &str, body: &[u8]) -> [u8; 32] {
    let mode: &[u8] = match mode {
        Mode::Client => b"client",
        Mode::Dashboard => b"dashboard",
        Mode::Hook => b"hook",
    };
    let mut hash = Sha256::new();
    for part in [mode, flow.as_bytes(), version.as_bytes()] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(body);
    hash.finalize().into()
}
