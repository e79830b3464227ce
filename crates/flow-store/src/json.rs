//! JSON as it was stored.

use serde::de::DeserializeOwned;

/// Reads JSON of any depth. What is stored was bounded when it was accepted, and events hold it a few levels deeper:
/// the reader's own limit would make a value unreadable that was just within bounds.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn deeper_than_the_readers_own_limit() {
        let deep = (0..300).fold(json!(1), |inner, _| json!({ "a": [inner] }));
        assert_eq!(super::read::<Value>(deep.to_string().as_bytes()).unwrap(), deep);
        assert!(super::read::<Value>(b"{} trailing").is_err());
    }
}
