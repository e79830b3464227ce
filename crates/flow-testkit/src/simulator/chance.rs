//! The draws that a seed decides.

use crate::SeededEntropy;

/// A stream of draws. The same seed gives the same stream.
#[derive(Debug)]
pub(super) struct Chance(SeededEntropy);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub(super) fn below(&self, bound: usize) -> usize {
        // The bias of the remainder is far below anything that a simulation could notice.
        usize::try_from(self.0.next_u64() % (bound as u64)).unwrap_or(0)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&self, least: usize, most: usize) -> usize {
        least + self.below(most + 1 - least)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(super) fn pick<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// The seed of a stream of its own.
    pub(super) fn seed(&self) -> u64 {
        self.0.next_u64()
    }
}

/// A number that a seed and a text decide, whatever was drawn before: FNV-1a, mixed by one SplitMix64 step.
pub(super) fn hash(seed: u64, text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    SeededEntropy::new(seed ^ hash).next_u64()
}
