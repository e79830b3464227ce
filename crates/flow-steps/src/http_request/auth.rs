//! `auth`: who the request is from, as an `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_model::{Faults, Fields};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;

use super::settings::{is_template, one_of};

pub(super) const TYPES: [&str; 2] = ["bearer", "basic"];

/// Checks the setting as an author wrote it.
pub(super) fn check(data: &Fields<'_>) {
    let Some(written) = data.value("auth") else { return };
    if written.as_str().is_some_and(is_template) {
        return;
    }
    let Some(auth) = Fields::of(written, data.at("auth"), data.faults()) else { return };
    auth.required_string("type");
    one_of(&auth, "type", &TYPES);
    auth.required_string("secret");
    auth.warn_of_unknown();
}

/// Adds the header, unless it is there already: then it is not clear which one is meant.
pub(super) fn apply(written: Option<&Value>, headers: &mut HeaderMap, faults: &Faults) {
    let Some(auth) = written.and_then(|written| Fields::of(written, "/auth", faults)) else { return };
    let (Some(kind), Some(secret)) = (auth.required_string("type"), auth.required_string("secret")) else {
        return;
    };
    let value = match kind.to_ascii_lowercase().as_str() {
        "bearer" => format!("Bearer {secret}"),
        "basic" => format!("Basic {}", STANDARD.encode(secret)),
        _ => {
            let message = format!("`{kind}` is no type of auth; use one of {}", TYPES.join(", "));
            return faults.error("/auth/type", "value_unknown", message);
        }
    };
    if headers.contains_key(AUTHORIZATION) {
        let message =
            "`auth` sets the header `Authorization`, which is among the `headers` too; remove one of them";
        return faults.error("/auth", "value_unknown", message);
    }
    match HeaderValue::from_str(&value) {
        Ok(mut value) => {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Err(_) => {
            faults.error("/auth/secret", "value_unknown", "it has a character that no header may have");
        }
    }
}
