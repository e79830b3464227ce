//! A value cut to what an overview can show.

use std::io::{Error, ErrorKind, Write};

use serde::Serialize;
use serde_json::Value;

/// The value itself when its JSON is short enough, else the beginning of that JSON as a string.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Preview<'a> {
    /// All of it.
    Whole(&'a Value),
    /// The beginning of its JSON.
    Cut(String),
}

impl<'a> Preview<'a> {
    /// The preview of a value, in at most `limit` bytes of JSON. Reads no more of it than that.
    pub(crate) fn of(value: &'a Value, limit: usize) -> Self {
        let mut begun = Capped { bytes: Vec::new(), limit };
        match serde_json::to_writer(&mut begun, value) {
            Ok(()) => Self::Whole(value),
            Err(_) => Self::Cut(begun.into_text()),
        }
    }

    /// Whether something is missing.
    pub(crate) const fn is_cut(&self) -> bool {
        matches!(self, Self::Cut(_))
    }
}

/// Takes bytes up to the limit and fails past it.
struct Capped {
    bytes: Vec<u8>,
    limit: usize,
}

impl Capped {
    /// Without the character that the limit cut in two.
    fn into_text(mut self) -> String {
        let whole = std::str::from_utf8(&self.bytes).map_or_else(|error| error.valid_up_to(), str::len);
        self.bytes.truncate(whole);
        String::from_utf8(self.bytes).unwrap_or_default()
    }
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let fits = bytes.len().min(self.limit - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(ErrorKind::WriteZero.into()) } else { Ok(fits) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Preview;

    #[test]
    fn cuts_at_the_limit_between_characters() {
        let shown = |value, limit| serde_json::to_string(&Preview::of(&value, limit)).unwrap();
        assert_eq!(shown(json!({"a": 1}), 7), r#"{"a":1}"#);
        assert_eq!(shown(json!({"a": 1}), 6), r#""{\"a\":1""#);
        assert_eq!(shown(json!("ééé"), 4), r#""\"é""#);
    }
}
