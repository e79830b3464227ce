//! The key that this server's secrets hang on: from the configuration, or from a file of its own.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flow_engine::{Entropy, OsEntropy};

use crate::config::Config;

/// 32 random bytes. Who has them can forge the links that answer waits.
pub(crate) type Key = [u8; 32];

const FILE: &str = "secret.key";

/// The key, made if it has to be: a server on SQLite keeps it beside the database. Servers that share a database must
/// share the key too, so there it is given or there is none.
pub(crate) fn load(config: &Config) -> anyhow::Result<Option<Key>> {
    if !config.secrets.key.is_empty() {
        return parse(&config.secrets.key).context("`secrets.key` (FLOW_SECRETS__KEY)").map(Some);
    }
    if !config.is_sqlite() {
        return Ok(None);
    }
    let path = config.data_dir.join(FILE);
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("making {}", config.data_dir.display()))?;
    from_file(&path).with_context(|| format!("the key file {}", path.display())).map(Some)
}

fn from_file(path: &Path) -> anyhow::Result<Key> {
    loop {
        match OpenOptions::new().read(true).open(path) {
            Ok(mut file) => {
                let mode = file.metadata()?.permissions().mode();
                if mode & 0o077 != 0 {
                    tracing::warn!(path = %path.display(), "others may read the key file; allow it to its owner alone: chmod 600");
                }
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return parse(text.trim());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => make(path)?,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes a new key whole or not at all: another server on the same folder, or a crash, never sees half of it.
fn make(path: &Path) -> anyhow::Result<()> {
    let mut key = Key::default();
    OsEntropy.fill(&mut key);
    let mut suffix = [0; 8];
    OsEntropy.fill(&mut suffix);
    let draft = path.with_extension(format!("{:x}.new", u64::from_le_bytes(suffix)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()?;
    // Linking fails where renaming would replace the key of a server that was quicker.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn parse(text: &str) -> anyhow::Result<Key> {
    let bytes = STANDARD
        .decode(text)
        .context("it must be 32 bytes in base64; make one with: openssl rand -base64 32")?;
    let length = bytes.len();
    match bytes.try_into() {
        Ok(key) => Ok(key),
        Err(_) => bail!("it has {length} bytes and must have 32; make one with: openssl rand -base64 32"),
    }
}
