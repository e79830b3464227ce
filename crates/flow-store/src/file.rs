//! What is known of files. Their bytes are in [`FileFolder`](crate::FileFolder).

use diesel::prelude::*;
use flow_engine::FileRecord;
use flow_model::{FileId, WorkspaceId};

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::file::FileRow;
use crate::rows::stored_number;
use crate::schema::files;

/// Stores a file's row unless it is there.
pub(crate) fn store(connection: &mut AnyConnection, new: &FileRecord) -> Outcome<()> {
    let row = (
        files::id.eq(new.id.as_bytes().as_slice()),
        files::workspace_id.eq(new.workspace.as_bytes().as_slice()),
        files::name.eq(new.name.as_str()),
        files::content_type.eq(new.content_type.as_str()),
        files::size.eq(stored_number(new.size)),
        files::sha256.eq(new.sha256.as_slice()),
        files::created_at.eq(new.created_at.millis()),
        files::created_by.eq(new.created_by.as_ref().map(|user| user.as_bytes().as_slice())),
    );
    on_each!(connection, |each| {
        let insert = diesel::insert_into(files::table).values(row);
        insert.on_conflict(files::id).do_nothing().execute(each)
    })?;
    Ok(())
}

pub(crate) fn get(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    file: FileId,
) -> Outcome<Option<FileRecord>> {
    let row: Option<FileRow> = files::table
        .filter(files::id.eq(file.as_bytes().as_slice()))
        .filter(files::workspace_id.eq(workspace.as_bytes().as_slice()))
        .select(FileRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(FileRecord::try_from).transpose()?)
}
