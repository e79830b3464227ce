//! Numbers as integers: ECMA-262's ToIntegerOrInfinity, ToInt32 and ToUint32, and positions that may count from the
//! end.

const TWO_TO_32: f64 = 4_294_967_296.0;

/// ToIntegerOrInfinity.
pub(crate) fn to_integer(number: f64) -> f64 {
    // Adding 0 makes 0 of -0.
    if number.is_nan() { 0.0 } else { number.trunc() + 0.0 }
}

/// ToUint32.
pub(crate) fn to_uint32(number: f64) -> u32 {
    if number.is_finite() { number.trunc().rem_euclid(TWO_TO_32) as u32 } else { 0 }
}

/// ToInt32.
pub(crate) fn to_int32(number: f64) -> i32 {
    to_uint32(number).cast_signed()
}

/// An integer as a position from 0 to `length`.
pub(crate) fn clamped(integer: f64, length: usize) -> usize {
    // A cast of a negative number gives 0, and no length is beyond what a double holds exactly.
    (integer as usize).min(length)
}

/// An integer as a position from 0 to `length`, which counts from the end if it is negative.
pub(crate) fn relative(integer: f64, length: usize) -> usize {
    clamped(if integer < 0.0 { length as f64 + integer } else { integer }, length)
}

/// The position of an element, which counts from the end if it is negative; none when there is no such element.
pub(crate) fn element(integer: f64, length: usize) -> Option<usize> {
    let at = if integer < 0.0 { length as f64 + integer } else { integer };
    (at >= 0.0 && at < length as f64).then_some(at as usize)
}
