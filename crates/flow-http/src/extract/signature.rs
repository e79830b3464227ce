//! Signatures of the calls of webhooks: Standard Webhooks (github.com/standard-webhooks/standard-webhooks, §Signature
//! scheme), and the older `X-Hub-Signature-256`.

use actix_web::http::header::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_engine::{EngineError, ExposeSecret, SecretString};
use flow_model::{Signature, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ApiError;
use crate::error::Result;

/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: i64 = 5 * 60;

/// Whether a body was signed with that secret.
pub(crate) fn check(
    by: Signature,
    secret: &SecretString,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<()> {
    match by {
        Signature::Standard => standard(secret.expose_secret(), headers, body, now),
        Signature::HubSha256 => hub(secret.expose_secret(), headers, body),
    }
}

fn standard(secret: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<()> {
    let id = header(headers, "webhook-id", "it has no `webhook-id`; send the headers of Standard Webhooks")?;
    let at = header(headers, "webhook-timestamp", "it has no `webhook-timestamp`; send when it was sent")?;
    let signatures = header(headers, "webhook-signature", "it has no `webhook-signature`; sign it")?;
    let sent: i64 = at.parse().map_err(|_| {
        ApiError::SignatureInvalid("`webhook-timestamp` must be in seconds since 1970, as a whole number")
    })?;
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body];
    let given = signatures.split(' ').filter_map(|given| STANDARD.decode(given.strip_prefix("v1,")?).ok());
    let given: Vec<_> = given.collect();
    let keys = keys(secret)?;
    if !keys.iter().any(|key| given.iter().any(|given| mac(key, &signed).verify_slice(given).is_ok())) {
        return Err(ApiError::SignatureInvalid(
            "no signature in `webhook-signature` is right; look at the secret",
        ));
    }
    // Only now, so that nobody without the secret learns what the clock says.
    if now.millis().div_euclid(1000).abs_diff(sent) > TOLERANCE.unsigned_abs() {
        return Err(ApiError::SignatureInvalid(
            "`webhook-timestamp` is more than five minutes off; look at the clock, and sign anew when repeating",
        ));
    }
    Ok(())
}

/// The keys that a secret may stand for: behind `whsec_` it is base64; without that some senders take it for base64 and
/// some as it is.
fn keys(secret: &str) -> Result<Vec<Vec<u8>>> {
    let decoded = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok();
    let plain = (!secret.starts_with("whsec_")).then(|| secret.as_bytes().to_vec());
    let keys: Vec<_> = decoded.into_iter().chain(plain).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        tracing::warn!("the secret of a webhook is empty, or no base64 behind `whsec_`");
        return Err(EngineError::HookSecretUnavailable.into());
    }
    Ok(keys)
}

fn hub(secret: &str, headers: &HeaderMap, body: &[u8]) -> Result<()> {
    let given = header(headers, "x-hub-signature-256", "it has no `X-Hub-Signature-256`; sign it")?;
    let given = given.strip_prefix("sha256=").and_then(unhex);
    let wrong = || ApiError::SignatureInvalid("`X-Hub-Signature-256` isn't right; look at the secret");
    if secret.is_empty() {
        tracing::warn!("the secret of a webhook is empty");
        return Err(EngineError::HookSecretUnavailable.into());
    }
    mac(secret.as_bytes(), &[body]).verify_slice(&given.ok_or_else(wrong)?).map_err(|_| wrong())
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let key = Hmac::<Sha256>::new_from_slice(key);
    let mut mac = key.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    parts.iter().for_each(|part| mac.update(part));
    mac
}

fn header<'h>(headers: &'h HeaderMap, name: &str, missing: &'static str) -> Result<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or(ApiError::SignatureInvalid(missing))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
