//! Bearer tokens: how they are made, and the hash that is stored instead of them.

use flow_engine::{Entropy, TokenHash, new_token, token_hash};

/// A new token: `pat_` and 40 characters, 200 bits of chance.
pub fn generate(entropy: &dyn Entropy) -> String {
    new_token("pat_", entropy)
}

/// What is stored of a token and looked up when it is used.
pub fn hash(token: &str) -> TokenHash {
    token_hash(token)
}

/// The beginning of a token, shown in lists to tell it from others: `pat_` and 8 characters, and less of a
/// token that somebody chose themselves and that is shorter.
pub fn prefix(token: &str) -> &str {
    let shown = (token.chars().count() / 3).min(12);
    token.char_indices().nth(shown).map_or(token, |(end, _)| &token[..end])
}
