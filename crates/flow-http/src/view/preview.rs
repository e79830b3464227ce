//! A value cut to what an overview can show.

use flow_model::json_beginning;
use serde::Serialize;
use serde_json::Value;

/// The value itself when its JSON is short enough, else the beginning of that JSON as a string.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Preview<'a> {
    /// All of it.
    Whole(&'a Value),
    /// The beginning of its JSON.
    Cut(String),
}

impl<'a> Preview<'a> {
    /// The preview of a value, in at most `limit` bytes of JSON. Reads no more of it than that.
    pub(crate) fn of(value: &'a Value, limit: usize) -> Self {
        json_beginning(value, limit).map_or(Self::Whole(value), Self::Cut)
    }

    /// Whether something is missing.
    pub(crate) const fn is_cut(&self) -> bool {
        matches!(self, Self::Cut(_))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Preview;

    #[test]
    fn cuts_at_the_limit_between_characters() {
        let shown = |value, limit| serde_json::to_string(&Preview::of(&value, limit)).unwrap();
        assert_eq!(shown(json!({"a": 1}), 7), r#"{"a":1}"#);
        assert_eq!(shown(json!({"a": 1}), 6), r#""{\"a\":1""#);
        assert_eq!(shown(json!("ééé"), 4), r#""\"é""#);
    }
}
