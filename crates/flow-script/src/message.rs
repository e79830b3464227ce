//! Messages between the server and its workers.
//!
//! A message is a head, in JSON, and texts that are only passed on. Before it stands its length, before each of its
//! parts that part's, as four bytes each, the lowest first. Nothing else is on the pipe.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest message, in bytes: far more than what the server takes in.
const LONGEST: usize = 1 << 30;

/// A message of a head and texts.
pub(crate) fn encode<'t>(
    head: &impl Serialize,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> io::Result<Vec<u8>> {
    let head = serde_json::to_vec(head)?;
    let length = 4 + head.len() + texts.clone().map(|text| 4 + text.len()).sum::<usize>();
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the script's values are too large"));
    }
    let mut message = Vec::with_capacity(4 + length);
    let number = |message: &mut Vec<u8>, length: usize| {
        // Checked above.
        message.extend_from_slice(&(length as u32).to_le_bytes());
    };
    number(&mut message, length);
    number(&mut message, head.len());
    message.extend_from_slice(&head);
    for text in texts {
        number(&mut message, text.len());
        message.extend_from_slice(text.as_bytes());
    }
    Ok(message)
}

/// Takes the inside of a message apart.
fn decode<T: DeserializeOwned>(mut message: &[u8]) -> io::Result<(T, Vec<String>)> {
    let head = serde_json::from_slice(part(&mut message)?)?;
    let mut texts = Vec::new();
    while !message.is_empty() {
        let text = part(&mut message)?.to_vec();
        texts.push(String::from_utf8(text).map_err(|_| broken())?);
    }
    Ok((head, texts))
}

fn part<'m>(message: &mut &'m [u8]) -> io::Result<&'m [u8]> {
    let (length, rest) = message.split_first_chunk().ok_or_else(broken)?;
    let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(broken)?;
    *message = rest;
    Ok(part)
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what came through the pipe is no message")
}

fn room(length: [u8; 4], longest: usize) -> io::Result<Vec<u8>> {
    let length = u32::from_le_bytes(length) as usize;
    if length > longest { Err(broken()) } else { Ok(vec![0; length]) }
}

/// Reads a message; none when the pipe was closed before it.
pub(crate) fn read<T: DeserializeOwned>(pipe: &mut impl Read) -> io::Result<Option<(T, Vec<String>)>> {
    let mut length = [0; 4];
    match pipe.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut message = room(length, LONGEST)?;
    pipe.read_exact(&mut message)?;
    decode(&message).map(Some)
}

/// Writes a message.
pub(crate) fn write<'t>(
    pipe: &mut impl Write,
    head: &impl Serialize,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> io::Result<()> {
    pipe.write_all(&encode(head, texts)?)?;
    pipe.flush()
}

/// Reads a message of at most `longest` bytes without blocking the thread.
pub(crate) async fn read_async<T: DeserializeOwned>(
    pipe: &mut (impl AsyncRead + Unpin),
    longest: usize,
) -> io::Result<(T, Vec<String>)> {
    let mut length = [0; 4];
    pipe.read_exact(&mut length).await?;
    let mut message = room(length, longest)?;
    pipe.read_exact(&mut message).await?;
    decode(&message)
}
