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
        _ => long_integer(digits, radix),
    }
}

/// The number that digits of any base stand for, rounded once to the nearest double.
fn long_integer(digits: &str, radix: u32) -> f64 {
    // 3^646 is beyond all doubles, and bases of fewer digits than 3 don't come here.
    const MOST: usize = 646;
    let digits = digits.trim_start_matches('0');
    if digits.len() > MOST {
        return f64::INFINITY;
    }
    // Parts of 32 bits, the lowest first.
    let mut parts: Vec<u32> = vec![0];
    for digit in digits.chars().filter_map(|c| c.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for part in &mut parts {
            carry += u64::from(*part) * u64::from(radix);
            *part = carry as u32;
            carry >>= u32::BITS;
        }
        if carry > 0 {
            parts.push(carry as u32);
        }
    }
    let hex: String = parts.iter().rev().map(|part| format!("{part:08x}")).collect();
    radix_to_number(&hex, 4)
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
