//! The flow language's own functions, as far as they need nothing but what they are given.
//!
//! An expression that is evaluated natively and a script both call these, so that they agree.

use std::fmt::Write as _;

use ::base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A function of the flow language, as people are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FunctionAbout {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives.
    pub description: &'static str,
}

/// Those that flows have beside JavaScript's own.
pub static ALL: [FunctionAbout; 9] = [
    about("str", "str(value)", "its JSON text"),
    about("parseJson", "parseJson(text)", "the value of a JSON text"),
    about("base64", "base64(text)", "the text in base64"),
    about("unbase64", "unbase64(text)", "the text that a base64 text holds"),
    about("sha256", "sha256(text)", "a hash of the text, in hex"),
    about("hmacSha256", "hmacSha256(key, text)", "a hash of the text under a key, in hex"),
    about(
        "getDate",
        "getDate()",
        "the moment at which the evaluation of the step's settings began, by RFC 3339",
    ),
    about("uuid", "uuid()", "a random id"),
    about(
        "resumeUrl",
        "resumeUrl(stepId, decision?)",
        "a link that answers the approval, form or client tool of a step",
    ),
];

const fn about(name: &'static str, signature: &'static str, description: &'static str) -> FunctionAbout {
    FunctionAbout { name, signature, description }
}

/// Why a function has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// A name for programs; it doesn't change.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl FunctionError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

pub(crate) fn no_such_wait(step: &str) -> FunctionError {
    let step: String = step.chars().take(60).collect();
    let message = format!(
        "there is no link for `{step}`: name an approval, a form or a client tool of this flow; and the server needs a \
         key to make links with"
    );
    FunctionError::new("no_such_wait", message)
}

/// The base64 text (with padding) of a text's UTF-8 bytes.
pub fn base64(text: &str) -> String {
    general_purpose::STANDARD.encode(text)
}

/// The text whose UTF-8 bytes a base64 text holds. Both alphabets are read (`+/` and `-_`), with padding or without.
///
/// # Errors
/// It is no base64, or its bytes are no UTF-8.
pub fn unbase64(text: &str) -> Result<String, FunctionError> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    let bytes = GeneralPurpose::new(&alphabet, config)
        .decode(text)
        .map_err(|error| FunctionError::new("invalid_base64", format!("the text is no base64 ({error})")))?;
    String::from_utf8(bytes)
        .map_err(|_| FunctionError::new("invalid_base64", "the bytes in the base64 are no UTF-8 text"))
}

/// The SHA-256 hash of a text's UTF-8 bytes, in lower-case hex.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The HMAC with SHA-256 of a text under a key, both as UTF-8 bytes, in lower-case hex.
pub fn hmac_sha256(key: &str, text: &str) -> String {
    // A key of any length is accepted; the error is one of other algorithms.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a string doesn't fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The value that a JSON text stands for. An integer keeps all its digits.
///
/// # Errors
/// It is no JSON, is nested more than 127 levels deep, or has a number that no double can hold.
pub fn parse_json(text: &str) -> Result<Value, FunctionError> {
    serde_json::from_str(text)
        .map_err(|error| FunctionError::new("invalid_json", format!("the text is no JSON: {error}")))
}

/// A resume URL for one decision, which is `approve` or `reject`. The token in it becomes one for that decision alone:
/// whoever has it can't make the other of it, nor that of the wait.
///
/// # Errors
/// The decision is another one.
pub fn with_decision(url: &str, decision: &str) -> Result<String, FunctionError> {
    if !matches!(decision, "approve" | "reject") {
        let message = "the decision must be `approve` or `reject`";
        return Err(FunctionError::new("invalid_decision", message));
    }
    let url = bound(url, decision);
    let joint = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{joint}decision={decision}"))
}

/// What the token of a wait becomes in a URL for one decision: SHA-256, in hex.
pub fn decision_token(token: &str, decision: &str) -> String {
    sha256(&format!("flow resume link for {decision}\0{token}"))
}

/// The URL with its `token`, if it has one, bound to a decision.
fn bound(url: &str, decision: &str) -> String {
    const PARAMETER: &str = "token=";
    let begins = |at: &usize| url[..*at].ends_with(['?', '&']);
    let Some(at) = url.match_indices(PARAMETER).map(|(at, _)| at).find(begins) else { return url.to_owned() };
    let (before, rest) = url.split_at(at + PARAMETER.len());
    let (token, after) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
    format!("{before}{}{after}", decision_token(token, decision))
}
