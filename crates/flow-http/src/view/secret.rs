//! Secrets, as far as they are ever shown.

use flow_engine::{SecretRecord, SecretString};
use flow_model::Fields;
use serde::Serialize;

/// The longest value, in bytes.
const MOST_BYTES: usize = 64 << 10;

/// Every secret of a workspace.
#[derive(Serialize)]
pub(crate) struct SecretList {
    data: Vec<SecretBody>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretBody {
    name: String,
    created_at: String,
    updated_at: String,
}

impl SecretList {
    /// The rows, in the order of their names.
    pub(crate) fn of(records: Vec<SecretRecord>) -> Self {
        let body = |record: SecretRecord| SecretBody {
            name: record.name.to_string(),
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
        };
        Self { data: records.into_iter().map(body).collect() }
    }
}

/// Reads `{value}`. No message repeats any of it.
pub(crate) fn secret_value(fields: &Fields<'_>) -> SecretString {
    let value = fields.required_string("value").unwrap_or_default();
    if value.len() > MOST_BYTES {
        let message = format!("a secret has {MOST_BYTES} bytes at the most; store less");
        fields.faults().error(fields.at("value"), "too_long", message);
    }
    SecretString::from(value)
}
