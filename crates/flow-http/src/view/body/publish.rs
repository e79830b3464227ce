//! The body that publishes a draft.

use flow_model::{Bump, Fields};

use super::text;

/// `{summary?, bump?, revision?}`.
pub(crate) struct Publish {
    /// What the author says of the version.
    pub(crate) summary: Option<String>,
    /// How much the label rises at least.
    pub(crate) bump: Option<Bump>,
    /// The revision that the caller saw.
    pub(crate) revision: Option<i64>,
}

impl Publish {
    /// Reads the body.
    pub(crate) fn read(fields: &Fields<'_>) -> Self {
        let summary = fields.string("summary");
        text::check(fields, "summary", summary.unwrap_or_default(), text::PROSE);
        Self {
            summary: summary.map(str::to_owned),
            bump: bump(fields),
            revision: fields.whole_number("revision").map(|number| i64::try_from(number).unwrap_or(i64::MAX)),
        }
    }
}

fn bump(fields: &Fields<'_>) -> Option<Bump> {
    match fields.string("bump")? {
        "major" => Some(Bump::Major),
        "minor" => Some(Bump::Minor),
        "patch" => Some(Bump::Patch),
        other => {
            let message = format!("`{other}` is no bump; use major, minor or patch");
            fields.faults().error(fields.at("bump"), "unknown_value", message);
            None
        }
    }
}
