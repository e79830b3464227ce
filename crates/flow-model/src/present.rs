//! Reads an optional value that may be null: a member that is there is some value, null included.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// For a member with a default, which is taken when the member is absent.
pub(crate) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
    Arc::deserialize(deserializer).map(Some)
}
