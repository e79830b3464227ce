//! What an evaluation knows of time and chance.

use std::cell::Cell;

use crate::{chance::Chance, script::ChanceSource};

/// The moment and the chance that functions go by. The same ambient gives the same values.
#[derive(Debug)]
pub struct Ambient {
    now_ms: i64,
    now_text: Box<str>,
    chance: ChanceSource,
    streams: Cell<u64>,
}

impl Ambient {
    /// The moment, in milliseconds since the Unix epoch and as RFC 3339 text, and where chance comes from.
    pub fn new(now_ms: i64, now_text: impl Into<Box<str>>, chance: ChanceSource) -> Self {
        Self { now_ms, now_text: now_text.into(), chance, streams: Cell::new(0) }
    }

    /// The moment in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The moment as RFC 3339 text.
    pub fn now_text(&self) -> &str {
        &self.now_text
    }

    /// Where chance comes from.
    pub fn chance(&self) -> &ChanceSource {
        &self.chance
    }

    /// The number of the next stream of chance. Each expression that draws at all takes one, so that none depends on how
    /// often another draws.
    pub(crate) fn next_stream(&self) -> u64 {
        self.streams.replace(self.streams.get() + 1)
    }

    /// The chance of an expression that draws.
    #[expect(dead_code, reason = "the functions that draw come with the native calls")]
    pub(crate) fn draw(&self) -> Chance {
        Chance::new(&self.chance, self.next_stream())
    }
}
