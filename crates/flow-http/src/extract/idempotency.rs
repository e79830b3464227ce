//! `Idempotency-Key`: a repeat of a call is the same run.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use flow_engine::IdempotencyKey;
use flow_model::FlowId;
use sha2::{Digest, Sha256};

use super::Query;
use crate::error::Result;
use crate::{Api, ApiError};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Which family of execute routes was called: bodies of the two mean different runs though they look alike.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// Bare inputs, a published version.
    Client,
    /// Inputs in an envelope, the draft by default.
    Dashboard,
}

/// The caller's key, if it sent one, with the hash of everything that makes the call another one.
pub(crate) fn idempotency_key(
    api: &Api,
    request: &HttpRequest,
    mode: Mode,
    flow: FlowId,
    body: &[u8],
) -> Result<Option<IdempotencyKey>> {
    let Some(header) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = header.to_str().unwrap_or_default().trim();
    if !(1..=255).contains(&key.len()) {
        let message = "the `Idempotency-Key` must be 1 to 255 visible ASCII characters";
        return Err(ApiError::fault("Idempotency-Key", "invalid_header", message));
    }
    let query = Query::of(request);
    let body_hash = hash(mode, flow, query.get("version").unwrap_or_default(), body);
    let expires_at = api.now().after(api.options.idempotency_time());
    Ok(Some(IdempotencyKey { key: key.to_owned(), body_hash, expires_at }))
}

/// Each part but the last has its length before it, so that no two calls run together into one text.
fn hash(mode: Mode, flow: FlowId, version: &str, body: &[u8]) -> [u8; 32] {
    let mode: &[u8] = match mode {
        Mode::Client => b"client",
        Mode::Dashboard => b"dashboard",
    };
    let mut hash = Sha256::new();
    for part in [mode, flow.as_bytes(), version.as_bytes()] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.update(body);
    hash.finalize().into()
}
