//! Names that authors choose, checked when they are made.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A text that can't be the name it was given as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` can't be a {what}: {rule}")]
pub struct InvalidName {
    what: &'static str,
    rule: &'static str,
    text: String,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        // An `Arc<str>`, since every visit, event and compiled step holds a copy of the same few names.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "Arc<str>")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The rule that a text must keep to be such a name, for messages.
            pub const RULE: &'static str = $rule;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as shared text.
            pub fn shared(&self) -> Arc<str> {
                self.0.clone()
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName {
                        what: $what,
                        rule: $rule,
                        text: text.chars().take(80).collect(),
                    })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for Arc<str> {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name!(
    /// A step's id, unique in its flow. Its alphabet leaves `/ [ ] # :` free for visit paths.
    StepId,
    "step id",
    "1 to 64 letters, digits, `_` or `-`",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
);
name!(
    /// A variable that a step's output or `set-variables` is reached by: a JavaScript identifier, since
    /// expressions name it.
    VariableName,
    "variable name",
    "1 to 64 letters, digits, `_` or `$`, not beginning with a digit, and no word of JavaScript's own",
    |text| (1..=64).contains(&text.chars().count())
        && !RESERVED_WORDS.contains(&text)
        && !text.starts_with(char::is_numeric)
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
);
name!(
    /// A secret of a workspace, as expressions name it: `secrets.NAME`.
    SecretName,
    "secret name",
    "1 to 128 of the letters `A` to `Z` and `a` to `z`, digits and `_`, not beginning with a digit",
    |text| (1..=128).contains(&text.len())
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
);
name!(
    /// A webhook of a flow: what follows `webhook.` in the type of its trigger.
    WebhookId,
    "webhook's id",
    "1 to 64 letters, digits, `_` or `-` behind `webhook.`",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
);

/// The reserved words of strict JavaScript (ECMA-262 §12.7.2), which no expression can use as a name, and the
/// values that have one.
const RESERVED_WORDS: [&str; 50] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "NaN",
];

impl StepId {
    /// The variable that receives the step's output when it names none: the id with `-` as `_`.
    /// `None` for an id that begins with a digit or is a word of JavaScript's own: no expression could name it.
    pub fn default_variable(&self) -> Option<VariableName> {
        self.0.replace('-', "_").parse().ok()
    }
}
