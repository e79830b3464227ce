//! A flow's row.

use diesel::prelude::*;
use flow_engine::{FlowRecord, NewFlow};
use flow_model::{FlowId, UserId, WorkspaceId};

use super::draft::{Version, store_version};
use crate::connection::{AnyConnection, on_each};
use crate::definition;
use crate::failure::{Failure, Outcome};
use crate::rows::flow::FlowRow;
use crate::schema::flows;

/// Stores a flow with its first draft. A repeat is answered with the flow as it is.
pub(crate) fn create(connection: &mut AnyConnection, new: &NewFlow, text: &str) -> Outcome<FlowRecord> {
    definition::store(connection, new.hash, text)?;
    if store(connection, new)? {
        store_version(
            connection,
            Version { flow: new.id, number: 1, definition: new.hash, by: new.created_by, at: new.now },
        )?;
    }
    let taken = || Failure::rejected(format!("the id {} is another flow's", new.id));
    get(connection, new.workspace, new.id)?.ok_or_else(taken)
}

/// False when there is a flow with that id.
fn store(connection: &mut AnyConnection, new: &NewFlow) -> Outcome<bool> {
    let tags = serde_json::to_string(&new.tags).map_err(|error| Failure::rejected(error.to_string()))?;
    let row = (
        flows::id.eq(new.id.as_bytes().as_slice()),
        flows::workspace_id.eq(new.workspace.as_bytes().as_slice()),
        flows::name.eq(new.name.as_str()),
        flows::description.eq(new.description.as_deref()),
        flows::tags.eq(tags.as_str()),
        flows::visibility.eq(new.visibility.as_str()),
        flows::draft_number.eq(1),
        flows::last_number.eq(1),
        flows::definition_hash.eq(new.hash.as_bytes().as_slice()),
        flows::revision.eq(1_i64),
        flows::created_by.eq(user_bytes(new.created_by.as_ref())),
        flows::created_at.eq(new.now.millis()),
        flows::updated_at.eq(new.now.millis()),
    );
    let stored = on_each!(connection, |each| {
        diesel::insert_into(flows::table).values(row).on_conflict_do_nothing().execute(each)
    })?;
    Ok(stored == 1)
}

pub(crate) fn get(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    flow: FlowId,
) -> Outcome<Option<FlowRecord>> {
    let row: Option<FlowRow> = flows::table
        .filter(flows::id.eq(flow.as_bytes().as_slice()))
        .filter(flows::workspace_id.eq(workspace.as_bytes().as_slice()))
        .filter(flows::deleted_at.is_null())
        .select(FlowRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(FlowRecord::try_from).transpose()?)
}

/// The oldest flow of that name.
pub(crate) fn named(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    name: &str,
) -> Outcome<Option<FlowRecord>> {
    let row: Option<FlowRow> = flows::table
        .filter(flows::workspace_id.eq(workspace.as_bytes().as_slice()))
        .filter(flows::name.eq(name))
        .filter(flows::deleted_at.is_null())
        .order((flows::created_at, flows::id))
        .select(FlowRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map(FlowRecord::try_from).transpose()?)
}

/// A user's id for its column.
pub(super) fn user_bytes(user: Option<&UserId>) -> Option<&[u8]> {
    user.map(|user| user.as_bytes().as_slice())
}
