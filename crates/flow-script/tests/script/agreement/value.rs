//! Values for the variables of an expression.

use serde_json::{Map, Number, Value, json};

use super::{
    choices::Choices,
    samples::{KEYS, NUMBERS, TEXTS},
};

/// The names that have a value: a few letters, so that expressions stay short. What a letter is for is a likelihood.
pub(super) const NAMES: [&str; 9] = ["s", "t", "n", "m", "l", "k", "o", "v", "big"];

pub(super) fn variables(choices: &mut Choices<'_>) -> Value {
    let map = NAMES.iter().map(|name| {
        let value = match *name {
            "s" | "t" => Value::String(text(choices)),
            "n" | "m" => number(choices),
            "l" | "k" => array(choices, 2),
            "o" => object(choices, 2),
            "big" => json!(9_007_199_254_740_993_i64),
            _ => any(choices, 2),
        };
        ((*name).to_owned(), value)
    });
    Value::Object(map.collect())
}

pub(super) fn text(choices: &mut Choices<'_>) -> String {
    match choices.below(12) {
        0..=5 => TEXTS[choices.below(TEXTS.len())].to_owned(),
        6 => (0..choices.below(5)).map(|_| character(choices)).collect(),
        7 | 8 => numeral(choices),
        // Often the same, or one the start of another; the last ones are ordered by their units.
        9 | 10 => choices.one_of(&["", "a", "b", "aa", "ab", "9", "10", "\u{fffd}", "😀", "😀b"]).to_owned(),
        _ => format!("{}{}", choices.one_of(&TEXTS), choices.one_of(&TEXTS)),
    }
}

/// Something like a number, of few digits or many.
fn numeral(choices: &mut Choices<'_>) -> String {
    let digits =
        [b"0123456789".as_slice(), b"01", b"0123456789abcdefz", b"0123456789.e-+_ x"][choices.below(4)];
    let length = [4, 12, 24, 70][choices.below(4)];
    let start = choices.one_of(&["", "0.", "0x", "-", " ", "1e", "0b"]);
    // The digits come of one number, which leaves others for the rest.
    let mut state = u32::from(choices.number());
    let digit = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(digits[(state >> 16) as usize % digits.len()])
    };
    let text: String = (0..length).map(digit).collect();
    format!("{start}{text}")
}

fn character(choices: &mut Choices<'_>) -> char {
    let below = [0x80, 0x800, 0x1_0000, 0x11_0000][choices.below(4)];
    let code = (u32::from(choices.number()) << 8 | u32::from(choices.number())) % below;
    char::from_u32(code).unwrap_or('a')
}

fn number(choices: &mut Choices<'_>) -> Value {
    match choices.below(8) {
        0..=4 => json!(NUMBERS[choices.below(NUMBERS.len())]),
        5 => json!(choices.below(30)),
        6 => json!(f64::from(choices.number()) / 100.0 - 300.0),
        _ => {
            let bits = (0..4).fold(0, |bits, _| bits << 16 | u64::from(choices.number()));
            // No power of two: QuickJS writes some of them as no other engine does.
            Number::from_f64(f64::from_bits(bits | 1)).map_or(json!(7), Value::Number)
        }
    }
}

fn array(choices: &mut Choices<'_>, depth: usize) -> Value {
    (0..choices.below(5)).map(|_| any(choices, depth - 1)).collect()
}

fn object(choices: &mut Choices<'_>, depth: usize) -> Value {
    let members = (0..choices.below(4)).map(|_| {
        // The last keys make an object that has no text, so they are rare.
        let count = if choices.once_in(6) { KEYS.len() } else { KEYS.len() - 4 };
        (KEYS[choices.below(count)].to_owned(), any(choices, depth - 1))
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn any(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => json!(choices.once_in(2)),
        2..=4 => number(choices),
        5 | 6 => Value::String(text(choices)),
        7 | 8 => array(choices, depth),
        _ => object(choices, depth),
    }
}
