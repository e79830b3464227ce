//! Functions about numbers, and `toFixed`.

pub(super) mod parse;

use super::{Call, Outcome};
use crate::value::{Fault, Val, View, number_to_text, to_integer};

pub(super) fn number<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Number(if call.args.is_empty() { 0.0 } else { call.number(0)? }))
}

pub(super) fn is_nan<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Bool(call.number(0)?.is_nan()))
}

pub(super) fn is_finite<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Bool(call.number(0)?.is_finite()))
}

pub(super) fn is_nan_number<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    number_that(&call, f64::is_nan)
}

pub(super) fn is_finite_number<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    number_that(&call, f64::is_finite)
}

pub(super) fn is_integer<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    number_that(&call, |number| number.is_finite() && number.fract() == 0.0)
}

pub(super) fn is_safe_integer<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    number_that(&call, |number| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0)
}

/// Whether the argument is a number, without conversion, and passes a test.
fn number_that<'a>(call: &Call<'a, '_>, test: fn(f64) -> bool) -> Outcome<'a> {
    Ok(Val::Bool(matches!(call.arg(0).view(), View::Number(number) if test(number))))
}

/// `toFixed`: of two texts that are as near to the number, it takes that which is further from zero.
pub(super) fn to_fixed<'a>(number: f64, call: Call<'a, '_>) -> Outcome<'a> {
    let digits = to_integer(call.number(0)?);
    if !(0.0..=100.0).contains(&digits) {
        return Err(Fault::range("the number of digits must be from 0 to 100"));
    }
    if number.is_nan() || number.abs() >= 1e21 {
        return Ok(Val::Text(number_to_text(number)));
    }
    let text = rounded(number.abs(), digits as usize);
    Ok(Val::Text(if number < 0.0 { format!("-{text}") } else { text }.into()))
}

fn rounded(number: f64, digits: usize) -> String {
    let nearest = format!("{number:.digits$}");
    // Rust rounds what is exactly between two to the even one. Such a number ends, with a 5, one digit further on.
    if !is_exact(number, digits + 1) {
        return nearest;
    }
    let longer = format!("{number:.0$}", digits + 1);
    if !longer.ends_with('5') {
        return nearest;
    }
    let mut up = longer.into_bytes();
    up.pop();
    if up.last() == Some(&b'.') {
        up.pop();
    }
    for digit in up.iter_mut().rev().filter(|digit| **digit != b'.') {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return String::from_utf8(up).unwrap_or(nearest);
        }
    }
    up.insert(0, b'1');
    String::from_utf8(up).unwrap_or(nearest)
}

/// Whether so many decimal digits behind the point are all that a number has: it has as many of them as binary ones.
fn is_exact(number: f64, digits: usize) -> bool {
    (number * (digits as f64).exp2()).fract() == 0.0
}
