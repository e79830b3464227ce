//! Events and states as bytes: JSON, packed when it is long enough to be worth it.

use std::cell::RefCell;
use std::io::Read as _;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The JSON itself.
const PLAIN: i32 = 0;
/// zstd of it.
const ZSTD: i32 = 1;

/// Shorter JSON gains less by packing than packing costs.
const WORTH_PACKING: usize = 512;
/// The fastest of zstd's ordinary levels: JSON shrinks to a fifth with it, and little more with others.
const LEVEL: i32 = 1;
/// More than any commit can hold: what claims to unpack to more is damage.
const LONGEST: u64 = 1 << 30;

/// Encoded events, or an encoded state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) codec: i32,
    pub(crate) payload: Vec<u8>,
}

thread_local! {
    /// zstd's working memory is larger than most of what it packs, so it is kept.
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Encoded, serde_json::Error> {
    let plain = serde_json::to_vec(value)?;
    if plain.len() >= WORTH_PACKING
        && let Some(packed) = pack(&plain).filter(|packed| packed.len() < plain.len())
    {
        return Ok(Encoded { codec: ZSTD, payload: packed });
    }
    Ok(Encoded { codec: PLAIN, payload: plain })
}

/// None when zstd can't, which leaves the bytes as they are.
fn pack(plain: &[u8]) -> Option<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        if packer.is_none() {
            *packer = zstd::bulk::Compressor::new(LEVEL).ok();
        }
        packer.as_mut()?.compress(plain).ok()
    })
}

pub(crate) fn decode<T: DeserializeOwned>(codec: i32, payload: &[u8]) -> Result<T, String> {
    match codec {
        PLAIN => parse(payload),
        ZSTD => parse(&unpack(payload).map_err(|error| error.to_string())?),
        other => Err(format!("codec {other} isn't known to this version of the server")),
    }
}

fn unpack(payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    zstd::Decoder::with_buffer(payload)?.take(LONGEST).read_to_end(&mut plain)?;
    Ok(plain)
}

fn parse<T: DeserializeOwned>(plain: &[u8]) -> Result<T, String> {
    crate::json::read(plain).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use flow_model::{Binding, EventKind, RunEvent, Timestamp, VisitPath};
    use serde_json::Value;

    use super::*;

    fn events(text: &str) -> Vec<RunEvent> {
        let kind = EventKind::StepCompleted {
            visit: VisitPath::from_stored("a"),
            output: Arc::new(Value::from(text)),
            binding: Binding::None,
            next: None,
        };
        vec![RunEvent { seq: 7, time: Timestamp::from_millis(1), kind }]
    }

    #[test]
    fn short_stays_and_long_is_packed() {
        for (text, codec) in [("short".to_owned(), PLAIN), ("long ".repeat(1_000), ZSTD)] {
            let encoded = encode(&*events(&text)).unwrap();
            assert_eq!(encoded.codec, codec);
            assert_eq!(decode::<Vec<RunEvent>>(codec, &encoded.payload).unwrap(), events(&text));
        }
    }

    #[test]
    fn damage_is_named() {
        let encoded = encode(&*events(&"long ".repeat(1_000))).unwrap();
        for (codec, payload) in [
            (ZSTD, &encoded.payload[..encoded.payload.len() / 2]),
            (ZSTD, b"nonsense"),
            (PLAIN, b"[{"),
            (9, b"[]"),
        ] {
            assert!(decode::<Vec<RunEvent>>(codec, payload).is_err());
        }
    }
}
