//! The row of a file.

use diesel::prelude::*;
use flow_engine::FileRecord;
use flow_model::{FileId, Timestamp, UserId, WorkspaceId};

use super::{bytes, number, read};
use crate::failure::Corrupt;
use crate::schema::files;

/// A file.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = files)]
pub(crate) struct FileRow {
    id: Vec<u8>,
    workspace_id: Vec<u8>,
    name: String,
    content_type: String,
    size: i64,
    sha256: Vec<u8>,
    created_at: i64,
    created_by: Option<Vec<u8>>,
}

impl TryFrom<FileRow> for FileRecord {
    type Error = Corrupt;

    fn try_from(row: FileRow) -> Result<Self, Corrupt> {
        let key = row.id.clone();
        read("file", &key, || {
            let created_by = row.created_by.as_deref().map(|user| bytes("created_by", user)).transpose()?;
            Ok(Self {
                id: FileId::from_bytes(bytes("id", &row.id)?),
                workspace: WorkspaceId::from_bytes(bytes("workspace_id", &row.workspace_id)?),
                size: number("size", row.size)?,
                sha256: bytes("sha256", &row.sha256)?,
                created_at: Timestamp::from_millis(row.created_at),
                created_by: created_by.map(UserId::from_bytes),
                name: row.name,
                content_type: row.content_type,
            })
        })
    }
}
