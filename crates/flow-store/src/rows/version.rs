//! A version's row, and the users it names.

use std::collections::HashMap;

use diesel::prelude::*;
use flow_engine::{UserRecord, VersionRecord, VersionStatus};
use flow_model::{DefinitionHash, FlowId, Timestamp};

use super::{bytes, moment, named, read};
use crate::failure::Corrupt;
use crate::schema::versions;

/// A version.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = versions)]
pub(crate) struct VersionRow {
    flow_id: Vec<u8>,
    number: i32,
    label: Option<String>,
    status: String,
    is_latest: bool,
    definition_hash: Vec<u8>,
    summary: Option<String>,
    created_by: Option<Vec<u8>>,
    published_by: Option<Vec<u8>>,
    created_at: i64,
    published_at: Option<i64>,
}

impl VersionRow {
    /// The ids of the users it names.
    pub(crate) fn users(&self) -> impl Iterator<Item = &[u8]> {
        [&self.created_by, &self.published_by].into_iter().filter_map(|user| user.as_deref())
    }
}

/// A version with its users; none for a user that is gone or never was.
pub(crate) fn record(
    row: VersionRow,
    users: &HashMap<Vec<u8>, UserRecord>,
) -> Result<VersionRecord, Corrupt> {
    let user = |id: &Option<Vec<u8>>| id.as_ref().and_then(|id| users.get(id)).cloned();
    read(&format!("version {} of flow", row.number), &row.flow_id, || {
        let statuses = [VersionStatus::Draft, VersionStatus::Published];
        let status = named("status", &statuses, VersionStatus::as_str, &row.status)?;
        match status {
            VersionStatus::Published if row.label.is_none() || row.published_at.is_none() => {
                return Err("it is published and lacks a label or a time".to_owned());
            }
            VersionStatus::Draft if row.is_latest => return Err("it is a draft and the latest".to_owned()),
            VersionStatus::Published | VersionStatus::Draft => {}
        }
        let label = row.label.as_deref().map(|label| {
            semver::Version::parse(label).map_err(|error| format!("`label` is `{label}`: {error}"))
        });
        Ok(VersionRecord {
            flow: FlowId::from_bytes(bytes("flow_id", &row.flow_id)?),
            number: row.number,
            label: label.transpose()?,
            status,
            is_latest: row.is_latest,
            definition: DefinitionHash::from_bytes(bytes("definition_hash", &row.definition_hash)?),
            summary: row.summary.clone(),
            created_by: user(&row.created_by),
            published_by: user(&row.published_by),
            created_at: Timestamp::from_millis(row.created_at),
            published_at: moment(row.published_at),
        })
    })
}
