//! Bearer tokens: how they are made, and the hash that is stored instead of them.

use flow_engine::{Entropy, TokenHash};
use sha2::{Digest, Sha256};

/// 32 characters, five bits each: a token is unbiased without drawing again, and none of them is mistaken
/// for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new token: `pat_` and 40 characters, 200 bits of chance.
pub fn generate(entropy: &dyn Entropy) -> String {
    let mut random = [0; 40];
    entropy.fill(&mut random);
    let characters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    "pat_".chars().chain(characters).collect()
}

/// What is stored of a token and looked up when it is used.
pub fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

/// The beginning of a token, shown in lists to tell it from others: `pat_` and 8 characters, and less of a
/// token that somebody chose themselves and that is shorter.
pub fn prefix(token: &str) -> &str {
    let shown = (token.chars().count() / 3).min(12);
    token.char_indices().nth(shown).map_or(token, |(end, _)| &token[..end])
}
