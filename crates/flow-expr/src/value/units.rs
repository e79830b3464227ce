//! Positions in a text, counted in UTF-16 units as JavaScript counts them.
//!
//! A position may be in the middle of a character beyond U+FFFF, which has two units. What is cut there has U+FFFD
//! in the place of the half, which a Rust string can't hold.

use std::{borrow::Cow, ops::Range};

use super::Fault;
use crate::budget::Budget;

/// What stands for half of a surrogate pair.
pub(crate) const HALF_PAIR: &str = "\u{fffd}";

/// The bytes of a character of two units.
const PAIR: usize = 4;

/// A position between two units of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// Where the character begins that the position is before, or in the middle of.
    pub(crate) byte: usize,
    /// Whether it is in the middle.
    pub(crate) half: bool,
}

impl Spot {
    pub(crate) fn at(byte: usize) -> Self {
        Self { byte, half: false }
    }

    /// Where the next whole character begins.
    pub(crate) fn next_whole(self) -> usize {
        if self.half { self.byte + PAIR } else { self.byte }
    }
}

/// The length of a text in units.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The position after so many units, or the end of the text.
pub(crate) fn spot(text: &str, units: usize) -> Spot {
    if text.is_ascii() {
        return Spot::at(units.min(text.len()));
    }
    let mut left = units;
    for (byte, c) in text.char_indices() {
        if left < c.len_utf16() {
            return Spot { byte, half: left > 0 };
        }
        left -= c.len_utf16();
    }
    Spot::at(text.len())
}

/// The units from one position to another that isn't before it.
pub(crate) fn between<'a>(
    text: Cow<'a, str>,
    from: Spot,
    to: Spot,
    budget: &Budget,
) -> Result<Cow<'a, str>, Fault> {
    if from == to {
        return Ok(Cow::Borrowed(""));
    }
    if !from.half && !to.half {
        return Ok(part(text, from.byte..to.byte));
    }
    let whole = &text[from.next_whole()..to.byte];
    budget.spend(whole.len() + 2 * HALF_PAIR.len())?;
    let halves = |half| if half { HALF_PAIR } else { "" };
    Ok(Cow::Owned([halves(from.half), whole, halves(to.half)].concat()))
}

/// Part of a text, without a copy.
pub(crate) fn part(text: Cow<'_, str>, range: Range<usize>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
        Cow::Owned(mut text) => {
            text.truncate(range.end);
            text.drain(..range.start);
            Cow::Owned(text)
        }
    }
}

/// The units of a text, one by one.
pub(crate) fn each<'u>(text: &str) -> impl Iterator<Item = Cow<'u, str>> {
    text.chars().flat_map(|c| {
        let unit = if c.len_utf16() > 1 { Cow::Borrowed(HALF_PAIR) } else { Cow::Owned(c.to_string()) };
        std::iter::repeat_n(unit, c.len_utf16())
    })
}
