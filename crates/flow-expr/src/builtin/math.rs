//! Functions of `Math` for which ECMA-262 leaves no choice, and `pow` and `cbrt`, which are the C library's: QuickJS,
//! which runs the scripts, calls the same.

use super::{Call, Outcome};
use crate::value::{Fault, Val, power};

fn of<'a>(call: &Call<'a, '_>, function: fn(f64) -> f64) -> Outcome<'a> {
    Ok(Val::Number(function(call.number(0)?)))
}

pub(super) fn abs<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::abs)
}

pub(super) fn cbrt<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::cbrt)
}

pub(super) fn ceil<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::ceil)
}

pub(super) fn floor<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::floor)
}

pub(super) fn sqrt<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::sqrt)
}

pub(super) fn trunc<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, f64::trunc)
}

/// Halves are rounded up, also below zero.
pub(super) fn round<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, |number| {
        let below = number.floor();
        // Adding 0.5 first would round 0.49999999999999994 up. What is rounded up to zero keeps its sign.
        if number - below >= 0.5 { (below + 1.0).copysign(number) } else { below }
    })
}

pub(super) fn sign<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    of(&call, |number| if number == 0.0 || number.is_nan() { number } else { number.signum() })
}

pub(super) fn pow<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    Ok(Val::Number(power(call.number(0)?, call.number(1)?)))
}

pub(super) fn max<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    fold(&call, f64::NEG_INFINITY, |most, number| {
        number > most || (number == 0.0 && most == 0.0 && number.is_sign_positive())
    })
}

pub(super) fn min<'a>(call: Call<'a, '_>) -> Outcome<'a> {
    fold(&call, f64::INFINITY, |least, number| {
        number < least || (number == 0.0 && least == 0.0 && number.is_sign_negative())
    })
}

/// The argument that is before all others, or NaN if one is. All are converted, whatever comes of it.
fn fold<'a>(call: &Call<'a, '_>, none: f64, is_before: fn(f64, f64) -> bool) -> Outcome<'a> {
    let result = (0..call.args.len()).try_fold(none, |so_far, at| {
        let number = call.number(at)?;
        Ok::<_, Fault>(if number.is_nan() || is_before(so_far, number) { number } else { so_far })
    });
    Ok(Val::Number(result?))
}
