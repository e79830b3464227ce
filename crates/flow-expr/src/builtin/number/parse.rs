//! `parseInt` and `parseFloat`: the number that a text begins with.

use crate::{
    builtin::{Call, Outcome},
    value::{Val, is_white_space, radix_to_number, to_int32},
};

pub(crate) fn parse_int<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    let radix = to_int32(call.number(1)?);
    Ok(Val::Number(integer(&call.text(0)?, radix)))
}

pub(crate) fn parse_float<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Number(float(&call.text(0)?)))
}

fn integer(text: &str, radix: i32) -> f64 {
    let (sign, text) = signed(text.trim_start_matches(is_white_space));
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (radix, text) = match (radix, hex) {
        (0 | 16, Some(digits)) => (16, digits),
        (0, None) => (10, text),
        (2..=36, _) => (radix.unsigned_abs(), text),
        _ => return f64::NAN,
    };
    let digits = &text[..text.find(|c: char| !c.is_digit(radix)).unwrap_or(text.len())];
    if digits.is_empty() {
        return f64::NAN;
    }
    sign * match radix {
        10 => digits.parse().unwrap_or(f64::NAN),
        2 | 4 | 8 | 16 | 32 => radix_to_number(digits, radix.trailing_zeros()),
        _ => match u128::from_str_radix(digits, radix) {
            Ok(number) => number as f64,
            // Of more digits, ECMA-262 asks for no more than an approximation.
            Err(_) => digits
                .chars()
                .filter_map(|c| c.to_digit(radix))
                .fold(0.0, |number, digit| number * f64::from(radix) + f64::from(digit)),
        },
    }
}

fn float(text: &str) -> f64 {
    let (sign, text) = signed(text.trim_start_matches(is_white_space));
    if text.starts_with("Infinity") {
        return sign * f64::INFINITY;
    }
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix('.').map(digits);
    if whole == 0 && fraction.unwrap_or(0) == 0 {
        return f64::NAN;
    }
    let end = whole + fraction.map_or(0, |digits| 1 + digits);
    let exponent = text[end..].strip_prefix(['e', 'E']).map_or(0, |exponent| {
        let (_, unsigned) = signed(exponent);
        match digits(unsigned) {
            0 => 0,
            digits => 1 + exponent.len() - unsigned.len() + digits,
        }
    });
    sign * text[..end + exponent].parse().unwrap_or(f64::NAN)
}

/// How many digits a text begins with.
fn digits(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())
}

fn signed(text: &str) -> (f64, &str) {
    match text.strip_prefix('-') {
        Some(text) => (-1.0, text),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    }
}
