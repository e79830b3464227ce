//! Rows as they are stored, and their way into the domain.
//!
//! Each becomes a domain value by `TryFrom`, which names what can't be: a status that isn't one, an end
//! without a time. The tables have the same rules as constraints, so what is named here is damage, or the
//! writing of a newer server.

pub(crate) mod account;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod flow;
pub(crate) mod log;
pub(crate) mod run;
pub(crate) mod version;
pub(crate) mod wait;

use std::fmt::Write as _;

use flow_model::Timestamp;

use crate::failure::Corrupt;

/// Reads a row, naming it if it can't be read.
pub(crate) fn read<T>(
    table: &str,
    key: &[u8],
    read: impl FnOnce() -> Result<T, String>,
) -> Result<T, Corrupt> {
    read().map_err(|reason| Corrupt { what: format!("{table} {}", hex(key)), reason })
}

/// An id or a hash of a fixed length.
pub(crate) fn bytes<const N: usize>(column: &str, bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("`{column}` has {} bytes and not {N}", bytes.len()))
}

/// The value among `all` that is spelled like that.
pub(crate) fn named<T: Copy>(
    column: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    text: &str,
) -> Result<T, String> {
    let found = all.iter().find(|value| name(**value) == text);
    found.copied().ok_or_else(|| format!("`{column}` is `{text}`, which this version doesn't know"))
}

/// A count or number that is never negative.
pub(crate) fn number(column: &str, value: i64) -> Result<u64, String> {
    u64::try_from(value).map_err(|_| format!("`{column}` is {value}"))
}

/// A number of an event for its column. A run of more events than that would take longer than the sun lasts.
pub(crate) fn stored_number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// JSON text.
pub(crate) fn json<T: serde::de::DeserializeOwned>(column: &str, text: &str) -> Result<T, String> {
    crate::json::read(text.as_bytes()).map_err(|error| format!("`{column}`: {error}"))
}

pub(crate) fn moment(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

fn hex(bytes: &[u8]) -> String {
    if let Ok(id) = <[u8; 16]>::try_from(bytes) {
        return flow_model::RunId::from_bytes(id).to_string();
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
