//! The types of fields.

use serde_json::Value;

/// The type of an input's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// A line of text.
    String,
    /// Text of several lines.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day or a moment, as RFC 3339 writes them.
    Date,
    /// One of the options.
    Select,
    /// Some of the options.
    MultiSelect,
    /// The id of a file.
    File,
    /// An email address.
    Email,
    /// An absolute URL.
    Url,
    /// An object.
    Object,
    /// A list.
    Array,
    /// Whatever a JSON Schema says of it.
    Any,
}

impl FieldType {
    /// Those that a field can be declared with.
    const DECLARED: [(&str, Self); 12] = [
        ("string", Self::String),
        ("text", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("select", Self::Select),
        ("multiselect", Self::MultiSelect),
        ("file", Self::File),
        ("email", Self::Email),
        ("url", Self::Url),
        ("object", Self::Object),
        ("array", Self::Array),
    ];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::DECLARED.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind)
    }

    /// The type in JSON; none when it can be any.
    pub(crate) const fn in_json(self) -> Option<&'static str> {
        Some(match self {
            Self::String | Self::Text | Self::Date | Self::Select | Self::File | Self::Email | Self::Url => {
                "string"
            }
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array | Self::MultiSelect => "array",
            Self::Any => return None,
        })
    }

    pub(super) fn noun(self) -> &'static str {
        match self.in_json() {
            Some("string") => "a string",
            Some("number") => "a number",
            Some("boolean") => "true or false",
            Some("object") => "an object",
            Some("array") => "a list",
            _ => "any value",
        }
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        match self.in_json() {
            Some("string") => value.is_string(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            _ => true,
        }
    }

    /// Whether its values are texts that an author can bound and describe by a pattern.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Text | Self::Email | Self::Url)
    }

    /// Whether its values are lists.
    pub(super) const fn is_list(self) -> bool {
        matches!(self, Self::Array | Self::MultiSelect)
    }

    /// Whether its values are chosen from options.
    pub(super) const fn is_choice(self) -> bool {
        matches!(self, Self::Select | Self::MultiSelect)
    }
}
