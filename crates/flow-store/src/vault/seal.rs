//! Encryption of a secret's value.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use flow_engine::{Entropy, ExposeSecret, OsEntropy, SecretString, StoreError};
use flow_model::{SecretName, WorkspaceId};
use sha2::{Digest, Sha256};

/// The bytes of a nonce: so many that one drawn by chance is never drawn again.
const NONCE: usize = 24;

/// A value under a key.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) ciphertext: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    /// Which key, so that a value under another one is told from a damaged one.
    pub(super) key_id: String,
}

/// Encrypts under one key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl Sealer {
    pub(super) fn new(key: [u8; 32]) -> Self {
        // The server's key has other uses too: each has a key of its own, made of it.
        let derived = |purpose: &[u8]| -> [u8; 32] {
            Sha256::new().chain_update(purpose).chain_update(key).finalize().into()
        };
        let id = derived(b"flow-server/secrets/key-id\0");
        let key_id = id[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { cipher: XChaCha20Poly1305::new(&Key::from(derived(b"flow-server/secrets/key\0"))), key_id }
    }

    pub(super) fn seal(
        &self,
        workspace: WorkspaceId,
        name: &SecretName,
        value: &SecretString,
    ) -> Result<Sealed, StoreError> {
        let mut nonce = [0; NONCE];
        OsEntropy.fill(&mut nonce);
        let place = place(workspace, name);
        let payload = Payload { msg: value.expose_secret().as_bytes(), aad: &place };
        let ciphertext = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let ciphertext = ciphertext.map_err(|_| StoreError::Rejected {
            reason: "the secret is too long to be encrypted".to_owned(),
        })?;
        Ok(Sealed { ciphertext, nonce: nonce.to_vec(), key_id: self.key_id.clone() })
    }

    /// The value; or, in words, why it can't be had.
    pub(super) fn open(
        &self,
        workspace: WorkspaceId,
        name: &SecretName,
        sealed: &Sealed,
    ) -> Result<SecretString, String> {
        if sealed.key_id != self.key_id {
            return Err(format!(
                "the secret `{name}` is encrypted under another key (`{}`) than this server's (`{}`): give the \
                 server the key that it was stored under, or store the secret again",
                sealed.key_id, self.key_id
            ));
        }
        let damaged = || format!("the stored secret `{name}` is damaged; store it again");
        let nonce: [u8; NONCE] = sealed.nonce.as_slice().try_into().map_err(|_| damaged())?;
        let place = place(workspace, name);
        let payload = Payload { msg: &sealed.ciphertext, aad: &place };
        let value = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| damaged())?;
        String::from_utf8(value).map(SecretString::from).map_err(|_| damaged())
    }
}

/// Where the value belongs: one that is moved to another row can't be opened.
fn place(workspace: WorkspaceId, name: &SecretName) -> Vec<u8> {
    [workspace.as_bytes().as_slice(), name.as_str().as_bytes()].concat()
}
