//! A flow's row.

use diesel::prelude::*;
use flow_engine::{FlowRecord, Visibility};
use flow_model::{DefinitionHash, FlowId, Timestamp, UserId, WorkspaceId};

use super::{bytes, json, named, read};
use crate::failure::Corrupt;
use crate::schema::flows;

/// A flow.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = flows)]
pub(crate) struct FlowRow {
    id: Vec<u8>,
    workspace_id: Vec<u8>,
    name: String,
    description: Option<String>,
    tags: String,
    visibility: String,
    pub(crate) draft_number: Option<i32>,
    latest_number: Option<i32>,
    pub(crate) last_number: i32,
    pub(crate) definition_hash: Vec<u8>,
    revision: i64,
    created_by: Option<Vec<u8>>,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<FlowRow> for FlowRecord {
    type Error = Corrupt;

    fn try_from(row: FlowRow) -> Result<Self, Corrupt> {
        read("flow", &row.id, || {
            let author = row.created_by.as_deref().map(|id| bytes("created_by", id)).transpose()?;
            Ok(Self {
                id: FlowId::from_bytes(bytes("id", &row.id)?),
                workspace: WorkspaceId::from_bytes(bytes("workspace_id", &row.workspace_id)?),
                name: row.name.clone(),
                description: row.description.clone(),
                tags: json("tags", &row.tags)?,
                visibility: named("visibility", &Visibility::ALL, Visibility::as_str, &row.visibility)?,
                draft: row.draft_number,
                definition: DefinitionHash::from_bytes(bytes("definition_hash", &row.definition_hash)?),
                latest: row.latest_number,
                revision: row.revision,
                created_by: author.map(UserId::from_bytes),
                created_at: Timestamp::from_millis(row.created_at),
                updated_at: Timestamp::from_millis(row.updated_at),
            })
        })
    }
}
