//! Which version of a flow a caller asks for.

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};

/// A version's number: 1, 2, 3, … in a flow, drafts included.
pub type VersionNumber = i32;

/// A caller's choice of a version, as `?version=` spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSelector {
    /// The version marked latest.
    Latest,
    /// The version with that number: `3`.
    Number(VersionNumber),
    /// The version with that label: `1.4.0` or `v1.4.0`.
    Label(Version),
    /// The newest published version that a range takes in: `^1.2`.
    Range(VersionReq),
}

/// A text that chooses no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` chooses no version; use `latest`, a number (3), a label (1.4.0) or a range (^1.2)")]
pub struct InvalidSelector(String);

impl FromStr for VersionSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let text = text.trim();
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Ok(number) = text.parse() {
            return if number >= 1 {
                Ok(Self::Number(number))
            } else {
                Err(InvalidSelector(text.to_owned()))
            };
        }
        if let Ok(label) = Version::parse(text.strip_prefix('v').unwrap_or(text)) {
            return Ok(Self::Label(label));
        }
        VersionReq::parse(text).map(Self::Range).map_err(|_| InvalidSelector(text.chars().take(64).collect()))
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Number(number) => number.fmt(f),
            Self::Label(label) => label.fmt(f),
            Self::Range(range) => range.fmt(f),
        }
    }
}
