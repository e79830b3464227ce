//! The JSON text of a result: made fit to be read, and read.

use serde_json::{Number, Value};

/// How deeply the arrays and objects of a result may be nested: as deep as the reader goes. It is the reader that
/// keeps a process that was taken over from making this one recurse.
pub(crate) const DEPTH_LIMIT: usize = 127;

/// Up to here a double holds every integer.
const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;

/// Replaces halves of surrogate pairs, which a Rust string can't hold, by U+FFFD. `JSON.stringify` writes them, and
/// them alone, as `\ud800` to `\udfff`. Returns none when the text is nested too deeply.
pub(crate) fn repair(mut text: String) -> Option<String> {
    let mut halves = Vec::new();
    let (mut depth, mut quoted, mut at) = (0_usize, false, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                if bytes[at + 1..].starts_with(b"ud") && matches!(bytes.get(at + 3), Some(b'8'..=b'f')) {
                    halves.push(at);
                }
                at += 1;
            }
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                if depth > DEPTH_LIMIT {
                    return None;
                }
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    for at in halves {
        text.replace_range(at..at + 6, "\\ufffd");
    }
    Some(text)
}

/// Reads a result. Its numbers are those that the native evaluator would have made.
pub(crate) fn read(text: &str) -> serde_json::Result<Value> {
    let mut value = serde_json::from_str(text)?;
    as_doubles(&mut value);
    Ok(value)
}

/// JavaScript's numbers are doubles, and stay doubles where these don't hold every integer.
fn as_doubles(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let exact = number.is_f64()
                || number.as_u64().is_some_and(|integer| integer <= EXACT)
                || number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= EXACT);
            if let (false, Some(double)) = (exact, number.as_f64().and_then(Number::from_f64)) {
                *number = double;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_doubles),
        Value::Object(map) => map.values_mut().for_each(as_doubles),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{DEPTH_LIMIT, read, repair};

    #[test]
    fn halves_of_surrogate_pairs_are_replaced() {
        let text = repair(r#"["\ud800","\\ud800","\"\udfff","ok","😀"]"#.to_owned()).unwrap();
        assert_eq!(read(&text).unwrap(), json!(["\u{fffd}", "\\ud800", "\"\u{fffd}", "ok", "😀"]));
    }

    #[test]
    fn brackets_in_texts_nest_nothing() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(repair(nested(DEPTH_LIMIT)).is_some_and(|text| read(&text).is_ok()));
        assert_eq!(repair(nested(DEPTH_LIMIT + 1)), None);
        assert!(repair(format!("\"{}\"", "[".repeat(1_000))).is_some());
    }

    #[test]
    fn numbers_are_those_of_the_native_evaluator() {
        let values = read("[1,-0,9007199254740992,9007199254740994,1e+21,-9007199254740994,0.5]").unwrap();
        let expected = json!([
            1,
            -0.0,
            9_007_199_254_740_992_u64,
            9_007_199_254_740_994.0,
            1e21,
            -9_007_199_254_740_994.0,
            0.5
        ]);
        assert_eq!(values.to_string(), expected.to_string());
    }
}
