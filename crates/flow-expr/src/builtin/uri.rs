//! `encodeURIComponent` and its kin: ECMA-262's Encode and Decode.

use super::{Call, Outcome};
use crate::{functions::FunctionError, value::Fault};

/// What is never encoded, beside letters and digits.
const MARKS: &str = "-_.!~*'()";

/// What has a meaning in a URI.
const RESERVED: &str = ";/?:@&=+$,#";

pub(super) fn encode_component<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(encode(&call.text(0)?, ""))
}

pub(super) fn encode_uri<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(encode(&call.text(0)?, RESERVED))
}

pub(super) fn decode_component<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(decode(&call.text(0)?, "")?)
}

pub(super) fn decode_uri<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    call.made(decode(&call.text(0)?, RESERVED)?)
}

fn encode(text: &str, kept: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || MARKS.contains(c) || kept.contains(c) {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let digit = |half: u8| char::from(HEX[usize::from(half)]);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out
}

fn decode(text: &str, kept: &str) -> Result<String, Fault> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let (c, length) = character(&rest[at..]).ok_or_else(malformed)?;
        let (escape, after) = rest[at..].split_at(length);
        if kept.contains(c) {
            out.push_str(escape)
        } else {
            out.push(c)
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The character that a text begins with in escapes, and how many bytes they take.
fn character(text: &str) -> Option<(char, usize)> {
    const ESCAPE: usize = "%00".len();
    let first = byte(text, 0)?;
    // A byte that no character begins with fails below.
    let length = first.leading_ones().clamp(1, 4) as usize;
    let mut bytes = [0; 4];
    for (at, slot) in bytes[..length].iter_mut().enumerate() {
        *slot = byte(text, at * ESCAPE)?;
    }
    let c = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    Some((c, length * ESCAPE))
}

/// The byte that is escaped at a position.
fn byte(text: &str, at: usize) -> Option<u8> {
    let [b'%', high, low] = *text.as_bytes().get(at..at + 3)? else { return None };
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

fn malformed() -> Fault {
    let message = "a `%` in the text isn't followed by two hex digits, or they are no UTF-8";
    Fault::Function(FunctionError::new("invalid_uri", message))
}
