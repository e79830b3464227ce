//! Tokens: texts that open something, made by chance and stored as hashes alone.

use sha2::{Digest, Sha256};

use crate::{Entropy, TokenHash};

/// 32 characters, five bits each: a token is unbiased without drawing again, and none of them is mistaken
/// for another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new token: a prefix that says what it is for, and 40 characters, 200 bits of chance.
pub fn new_token(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut random = [0; 40];
    entropy.fill(&mut random);
    let characters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    prefix.chars().chain(characters).collect()
}

/// What is stored of a token and looked up when it is used: how long that takes says nothing of the token.
pub fn token_hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}
