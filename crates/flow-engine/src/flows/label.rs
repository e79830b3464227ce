//! Which label a new version gets.

use flow_model::{Bump, Document, Faults, Interface};
use semver::Version;
use serde_json::Value;

use crate::EngineError;
use crate::ports::VersionRecord;

/// The first label of every flow.
const FIRST: Version = Version::new(1, 0, 0);

/// The label of a version of `document`: one above the highest ever given, by as much as its interface
/// differs from that of `latest`. A caller's `bump` may raise it.
///
/// # Errors
/// `bump` is less than what changed.
pub(super) fn label(
    document: &Value,
    latest: Option<&Value>,
    versions: &[VersionRecord],
    bump: Option<Bump>,
) -> Result<Version, EngineError> {
    let Some(highest) = versions.iter().filter_map(|version| version.label.as_ref()).max() else {
        return Ok(FIRST);
    };
    let interface = interface(document);
    let needed = latest.map_or(Bump::Patch, |latest| interface.bump_from(&self::interface(latest)));
    match bump {
        Some(bump) if bump < needed => {
            let before = latest.map(self::interface).unwrap_or_default();
            Err(EngineError::BumpTooSmall { needed, changes: interface.changes_from(&before).join("; ") })
        }
        Some(bump) => Ok(bump.next(highest)),
        None => Ok(needed.next(highest)),
    }
}

fn interface(document: &Value) -> Interface {
    Interface::of(&Document::read(document, &Faults::new()))
}
