//! The working draft.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::upsert::excluded;
use flow_engine::{FlowRecord, NewDraft, VersionStatus};
use flow_model::{DefinitionHash, FlowId, Timestamp, UserId, VersionNumber};

use super::flow::{get, user_bytes};
use crate::connection::{AnyConnection, on_each};
use crate::definition;
use crate::failure::Outcome;
use crate::rows::flow::FlowRow;
use crate::schema::{flows, versions};
use crate::statement::update;

/// Makes a definition the draft, in the version there is or in one numbered after the highest ever.
pub(crate) fn store(
    connection: &mut AnyConnection,
    new: &NewDraft,
    text: &str,
) -> Outcome<Option<FlowRecord>> {
    if get(connection, new.workspace, new.flow)?.is_none() {
        return Ok(None);
    }
    definition::store(connection, new.hash, text)?;
    let Some(row) = point_flow(connection, new)? else { return Ok(None) };
    let number = row.draft_number.unwrap_or(row.last_number);
    store_version(
        connection,
        Version { flow: new.flow, number, definition: new.hash, by: new.changed_by, at: new.now },
    )?;
    Ok(Some(FlowRecord::try_from(row)?))
}

/// Points the flow's row at the draft, and with that locks it.
fn point_flow(connection: &mut AnyConnection, new: &NewDraft) -> Outcome<Option<FlowRow>> {
    let next = flows::last_number + 1;
    let row = flows::table
        .filter(flows::id.eq(new.flow.as_bytes().as_slice()))
        .filter(flows::workspace_id.eq(new.workspace.as_bytes().as_slice()))
        .filter(flows::deleted_at.is_null());
    let change = (
        flows::name.eq(new.name.as_str()),
        flows::definition_hash.eq(new.hash.as_bytes().as_slice()),
        flows::last_number.eq(case_when(flows::draft_number.is_null(), next).otherwise(flows::last_number)),
        flows::draft_number
            .eq(case_when(flows::draft_number.is_null(), next.nullable()).otherwise(flows::draft_number)),
        flows::revision.eq(flows::revision + 1),
        flows::updated_at.eq(new.now.millis()),
    );
    let update = update(row, change).returning(FlowRow::as_returning());
    Ok(update.get_result(connection).optional()?)
}

/// A draft's row before it is stored.
pub(super) struct Version {
    pub(super) flow: FlowId,
    pub(super) number: VersionNumber,
    pub(super) definition: DefinitionHash,
    pub(super) by: Option<UserId>,
    pub(super) at: Timestamp,
}

/// Stores a draft, or gives the one of that number another definition; who began it stays.
pub(super) fn store_version(connection: &mut AnyConnection, new: Version) -> Outcome<()> {
    let row = (
        versions::flow_id.eq(new.flow.as_bytes().as_slice()),
        versions::number.eq(new.number),
        versions::status.eq(VersionStatus::Draft.as_str()),
        versions::is_latest.eq(false),
        versions::definition_hash.eq(new.definition.as_bytes().as_slice()),
        versions::created_by.eq(user_bytes(new.by.as_ref())),
        versions::created_at.eq(new.at.millis()),
    );
    on_each!(connection, |each| {
        let insert = diesel::insert_into(versions::table).values(row);
        let upsert = insert.on_conflict((versions::flow_id, versions::number)).do_update();
        upsert.set(versions::definition_hash.eq(excluded(versions::definition_hash))).execute(each)
    })?;
    Ok(())
}
