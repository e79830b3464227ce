//! Workspaces.

use diesel::prelude::*;
use flow_model::{Timestamp, WorkspaceId};

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::{bytes, read};
use crate::schema::workspaces;

pub(crate) fn ensure(
    connection: &mut AnyConnection,
    name: &str,
    id: WorkspaceId,
    now: Timestamp,
) -> Outcome<WorkspaceId> {
    let row = (
        workspaces::id.eq(id.as_bytes().as_slice()),
        workspaces::name.eq(name),
        workspaces::created_at.eq(now.millis()),
    );
    on_each!(connection, |each| {
        let insert = diesel::insert_into(workspaces::table).values(row);
        insert.on_conflict(workspaces::name).do_nothing().execute(each)
    })?;
    let found: Vec<u8> =
        workspaces::table.filter(workspaces::name.eq(name)).select(workspaces::id).get_result(connection)?;
    Ok(read("workspace", &found, || bytes("id", &found).map(WorkspaceId::from_bytes))?)
}
