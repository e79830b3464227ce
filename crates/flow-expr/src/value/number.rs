//! Numbers as text and text as numbers.
//!
//! ECMA-262, Number::toString and StringToNumber.

use std::borrow::Cow;

use dragonbox_ecma::Buffer;

/// The text of a number in JavaScript: `1`, `1.5`, `1e+21`, `NaN`.
pub(crate) fn number_to_text(number: f64) -> Cow<'static, str> {
    if number.is_nan() {
        Cow::Borrowed("NaN")
    } else if number.is_infinite() {
        Cow::Borrowed(if number > 0.0 { "Infinity" } else { "-Infinity" })
    } else if number == 0.0 {
        // Also for -0.
        Cow::Borrowed("0")
    } else {
        Cow::Owned(Buffer::new().format_finite(number).to_owned())
    }
}

/// The number that a text stands for, or NaN.
pub(super) fn text_to_number(text: &str) -> f64 {
    let text = text.trim_matches(is_white_space);
    match text.as_bytes() {
        [] => 0.0,
        [b'0', b'x' | b'X', ..] => radix_to_number(&text[2..], 4),
        [b'0', b'o' | b'O', ..] => radix_to_number(&text[2..], 3),
        [b'0', b'b' | b'B', ..] => radix_to_number(&text[2..], 1),
        _ => decimal_to_number(text),
    }
}

/// Whether a character is WhiteSpace or LineTerminator.
///
/// JavaScript counts the byte order mark as white space and the next-line control not.
pub(crate) fn is_white_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

fn decimal_to_number(text: &str) -> f64 {
    match text {
        "Infinity" | "+Infinity" => return f64::INFINITY,
        "-Infinity" => return f64::NEG_INFINITY,
        _ => {}
    }
    // Rust reads all that JavaScript does, and words such as `inf` besides.
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        text.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    }
}

/// Reads digits of `bits` bits each, rounded once to the nearest double.
pub(crate) fn radix_to_number(digits: &str, bits: u32) -> f64 {
    if digits.is_empty() {
        return f64::NAN;
    }
    let mut head: u128 = 0;
    let mut dropped: i32 = 0;
    for c in digits.chars() {
        let Some(digit) = c.to_digit(1 << bits) else { return f64::NAN };
        if head >> (128 - bits) == 0 {
            head = (head << bits) | u128::from(digit);
        } else {
            // The head's last bit then only says whether anything follows, which is all that rounding needs.
            head |= u128::from(digit != 0);
            dropped = dropped.saturating_add(bits.cast_signed());
        }
    }
    head as f64 * f64::from(dropped).exp2()
}

/// The operator `**`, and `Math.pow`.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    // Unlike C's pow, JavaScript knows no answer to these.
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        f64::NAN
    } else {
        base.powf(exponent)
    }
}

/// The array index that a property key is, if it is one in its canonical form: `7`, not `07`.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let bytes = key.as_bytes();
    if bytes.is_empty()
        || bytes.len() > 10
        || (bytes[0] == b'0' && bytes.len() > 1)
        || !bytes[0].is_ascii_digit()
    {
        return None;
    }
    key.parse().ok().filter(|&index| index != u32::MAX)
}
