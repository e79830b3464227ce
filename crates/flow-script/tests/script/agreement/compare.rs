//! Whether both came to the same.

use serde_json::Value;

use super::both::{Case, Outcome};

impl Case {
    /// Whether the outcomes are the same.
    pub(super) fn agrees(&self, native: &Outcome, script: &Outcome) -> bool {
        match (native, script) {
            (Outcome::Error(code), Outcome::Error(name)) => is_error(code, name) || self.converts_late(),
            (
                Outcome::Value { value, truth, text },
                Outcome::Value { value: script_value, truth: script_truth, text: script_text },
            ) => {
                truth == script_truth
                    && self.alike(value, script_value)
                    && self.shown_alike(value, text, script_text)
            }
            _ => false,
        }
    }

    /// Whether QuickJS may throw another of two errors: it evaluates all parts of a template literal before it makes a
    /// text of one, and a member's value before it makes a key of what was computed.
    fn converts_late(&self) -> bool {
        self.source.native.contains('`') || self.source.native.contains("]: ")
    }

    /// Whether two values are equal but for how a number is held, and for members of data, which stay in the data's
    /// order where JavaScript puts indexes first.
    fn alike(&self, native: &Value, script: &Value) -> bool {
        match (native, script) {
            (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
            (Value::String(a), Value::String(b)) => self.same_text(a, b),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.alike(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                let mut members: Vec<_> = a.iter().collect();
                members.sort_by_key(|(key, _)| index_first(key));
                let same = |((k, a), (l, b)): (&(&String, &Value), (&String, &Value))| {
                    self.same_text(k, l) && self.alike(a, b)
                };
                a.len() == b.len() && members.iter().zip(b).all(same)
            }
            (a, b) => a == b,
        }
    }

    fn shown_alike(&self, value: &Value, native: &str, script: &str) -> bool {
        let read = |text| serde_json::from_str(text).expect("it is JSON");
        match value {
            Value::Array(_) | Value::Object(_) => self.alike(&read(native), &read(script)),
            _ => self.same_text(native, script),
        }
    }

    /// Whether texts are the same, but for the digits of an integer beyond 2^53 that is passed on.
    fn same_text(&self, native: &str, script: &str) -> bool {
        let passes_integers =
            ["big", "JSON.parse", "parseJson"].iter().any(|name| self.source.native.contains(name));
        native == script
            || native == with_short_powers(script)
            || (passes_integers && as_doubles(native) == as_doubles(script))
    }
}

/// Whether a native error is the same as one of JavaScript.
fn is_error(code: &str, name: &str) -> bool {
    match code {
        "type_error" | "invalid_base64" => name == "TypeError",
        "range_error" => name == "RangeError",
        "invalid_uri" => name == "URIError",
        "unknown_name" => name == "ReferenceError",
        // `parseJson` throws another error than `JSON.parse`.
        "invalid_json" => name == "SyntaxError" || name == "TypeError",
        _ => false,
    }
}

fn index_first(key: &str) -> u64 {
    let index = key.parse::<u32>().ok().filter(|index| *index < u32::MAX && index.to_string() == key);
    index.map_or(u64::MAX, u64::from)
}

/// A text whose long integers are written as the doubles that they are.
fn as_doubles(text: &str) -> String {
    const LONG: usize = 16;
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = &rest[start..];
        let digits = &digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())];
        let short = digits.len() < LONG;
        out.push_str(&rest[..start]);
        out += &if short {
            digits.to_owned()
        } else {
            digits.parse().map_or(String::new(), |number: f64| number.to_string())
        };
        rest = &rest[start + digits.len()..];
    }
    out + rest
}

/// A text in which QuickJS's texts of powers of two are as short as ECMA-262 wants them.
fn with_short_powers(text: &str) -> String {
    let spelled = |text: String| if text.contains("e-") { text } else { text.replace('e', "e+") };
    (-1074..1024).map(|exponent| f64::from(exponent).exp2()).fold(text.to_owned(), |text, power| {
        text.replace(&spelled(format!("{power:.16e}")), &spelled(format!("{power:e}")))
    })
}
