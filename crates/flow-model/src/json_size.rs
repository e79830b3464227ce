//! How large a value is.

use serde_json::Value;

/// About the bytes of a value as compact JSON, without writing it out: exact but for escapes and the digits of
/// numbers.
pub fn json_size(value: &Value) -> usize {
    const NUMBER: usize = 8;
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(_) => NUMBER,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| json_size(item) + 1).sum::<usize>(),
        Value::Object(map) => {
            2 + map.iter().map(|(key, value)| key.len() + 4 + json_size(value)).sum::<usize>()
        }
    }
}
