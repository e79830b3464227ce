//! Publishing the working draft.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use flow_engine::{PublishDraft, VersionRecord, VersionStatus};

use super::flow::user_bytes;
use super::{hook, version};
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::schema::{flows, versions};
use crate::statement::update;

/// Makes the draft that the caller saw the latest version. None, and nothing is written, when it isn't the
/// draft any more or the label is taken.
pub(crate) fn publish(connection: &mut AnyConnection, new: &PublishDraft) -> Outcome<Option<VersionRecord>> {
    if !point_flow(connection, new)? {
        return Ok(None);
    }
    let id = new.flow.as_bytes().as_slice();
    let latest = versions::table.filter(versions::flow_id.eq(id)).filter(versions::is_latest);
    update(latest, versions::is_latest.eq(false)).execute(connection)?;
    let draft = versions::table.filter(versions::flow_id.eq(id)).filter(versions::number.eq(new.draft));
    let label = new.label.to_string();
    let change = (
        versions::status.eq(VersionStatus::Published.as_str()),
        versions::is_latest.eq(true),
        versions::label.eq(label.as_str()),
        versions::summary.eq(new.summary.as_deref()),
        versions::published_by.eq(user_bytes(new.published_by.as_ref())),
        versions::published_at.eq(new.now.millis()),
    );
    update(draft, change).execute(connection)?;
    hook::store(connection, new.flow, &new.hooks, new.now)?;
    version::get(connection, new.flow, new.draft)
}

/// The whole check in one statement, which also locks the row: whoever changes a draft or gives a label
/// changes this row too. False when it fails.
fn point_flow(connection: &mut AnyConnection, new: &PublishDraft) -> Outcome<bool> {
    let label = new.label.to_string();
    let same_label =
        versions::table.filter(versions::flow_id.eq(flows::id)).filter(versions::label.eq(label.as_str()));
    let row = flows::table
        .filter(flows::id.eq(new.flow.as_bytes().as_slice()))
        .filter(flows::draft_number.eq(new.draft))
        .filter(flows::definition_hash.eq(new.hash.as_bytes().as_slice()))
        .filter(flows::deleted_at.is_null())
        .filter(not(exists(same_label)));
    let change = (
        flows::draft_number.eq(None::<i32>),
        flows::latest_number.eq(new.draft),
        flows::revision.eq(flows::revision + 1),
        flows::updated_at.eq(new.now.millis()),
    );
    Ok(update(row, change).execute(connection)? == 1)
}
