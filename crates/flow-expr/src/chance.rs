//! Chance that can be met again.
//!
//! What a run draws depends on its seed, the path of the step's visit and the place of the expression among those of
//! the step, so an evaluation that a crash undid draws the same when it is done again.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};

use crate::script::ChanceSource;

/// The chance of one expression: a stream of ChaCha with 8 rounds, whose key is a hash of where it comes from.
#[derive(Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of the expression number `index` of a step.
    pub fn new(source: &ChanceSource, index: u64) -> Self {
        let mut key = Sha256::new();
        key.update(source.seed.to_le_bytes());
        key.update(index.to_le_bytes());
        key.update(source.place.as_bytes());
        Self(ChaCha8Rng::from_seed(key.finalize().into()))
    }

    /// A number from 0 up to but not including 1, in steps of 2⁻⁵³: what `Math.random()` returns.
    pub fn number(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << f64::MANTISSA_DIGITS) as f64;
        (self.0.next_u64() >> (u64::BITS - f64::MANTISSA_DIGITS)) as f64 * STEP
    }

    /// A random UUID (version 4), as text.
    pub fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;
    use crate::script::ChanceSource;

    fn chance(seed: u64, place: &str, index: u64) -> Chance {
        Chance::new(&ChanceSource { seed, place: place.to_owned() }, index)
    }

    /// What a released version drew, a later one draws too.
    #[test]
    fn the_same_source_gives_the_same_chance_in_all_versions() {
        let mut chance = chance(7, "orders[3]/call", 0);
        assert_eq!(chance.number(), 0.8579605753568178);
        assert_eq!(chance.uuid(), "c7d503b6-061e-4222-937f-c7c360993ac6");
        assert_eq!(chance.number(), 0.2137746518175352);
    }

    #[test]
    fn another_seed_place_or_expression_gives_another_chance() {
        let others = [chance(1, "a", 0), chance(2, "a", 0), chance(1, "b", 0), chance(1, "a", 1)];
        let drawn = others.map(|mut chance| chance.uuid());
        let distinct = drawn.iter().collect::<std::collections::HashSet<_>>();
        assert_eq!(distinct.len(), drawn.len(), "{drawn:?}");
    }
}
