//! The functions of the flow language that depend on nothing but their arguments.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The length of a block of SHA-256, in bytes.
const BLOCK: usize = 64;

pub(crate) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// The text that `base64` was made of; none when it isn't base64, or not that of a text.
pub(crate) fn unbase64(encoded: &str) -> Option<String> {
    STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

pub(crate) fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// RFC 2104 with SHA-256.
pub(crate) fn hmac_sha256(key: &str, text: &str) -> String {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key.as_bytes());
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    hex(&Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second case of RFC 4231.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hmac_sha256("Jefe", "what do ya want for nothing?"), expected);
        // By Python's hmac: keys longer than a block are hashed first.
        let long = "a".repeat(131);
        assert_eq!(hmac_sha256(&long, "text"), LONG_KEY);
    }

    const LONG_KEY: &str = "f13cad014b0c8fcf7bff320b87cfd041d15aa63e0564ed58876c0acdd3660f08";
}
