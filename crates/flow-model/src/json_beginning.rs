//! The beginning of a value's JSON, for where a whole value would be too much.

use std::io::{Error, ErrorKind, Write};

use serde_json::Value;

/// The first bytes of a value's JSON, at most `limit` and not ending within a character; none when all of it fits.
/// Reads no more of the value than that.
pub fn json_beginning(value: &Value, limit: usize) -> Option<String> {
    let mut begun = Capped { bytes: Vec::new(), limit };
    serde_json::to_writer(&mut begun, value).is_err().then(|| begun.into_text())
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
