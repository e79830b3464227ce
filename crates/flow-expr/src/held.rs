//! Parts that are held back: a text is evaluated as far as it may be, and filled in later.
//!
//! What is left is a template again, in which no part is an expression any more: each is either the name of one that
//! was held back, or a text in quotes. Whatever else was inserted stands for itself, so values that look like parts
//! are none:
//!
//! * `{{` of a text or of a value is written `\{{`;
//! * backslashes and opening braces right before a part, which would be read as part of its `{{`, are written as a part
//!   of their own, `{{"\\"}}`.

use serde_json::Value;

use crate::template::{CLOSE, OPEN};

/// Writes a text that may be followed by a part.
pub(crate) fn write_text(text: &str, out: &mut String) {
    let plain = text.trim_end_matches(['\\', '{']);
    out.push_str(&plain.replace(OPEN, "\\{{"));
    if plain.len() < text.len() {
        write_part(&Value::from(&text[plain.len()..]).to_string(), out);
    }
}

/// Writes a part.
pub(crate) fn write_part(part: &str, out: &mut String) {
    out.extend([OPEN, part, CLOSE]);
}

/// Fills in a text in which parts were held back; none when `value` has none for one of them, or the text is of
/// another kind.
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        if let Some(before) = before.strip_suffix('\\') {
            out.extend([before, OPEN]);
            rest = after;
            continue;
        }
        let (part, after) = after.split_once(CLOSE)?;
        out.push_str(before);
        match part.starts_with('"') {
            true => out.push_str(&serde_json::from_str::<String>(part).ok()?),
            false => out.push_str(value(part)?),
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
