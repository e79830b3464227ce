//! Reading versions.

use std::collections::HashMap;

use diesel::prelude::*;
use flow_engine::{UserRecord, VersionRecord};
use flow_model::{FlowId, VersionNumber};

use crate::accounts::user;
use crate::connection::AnyConnection;
use crate::failure::Outcome;
use crate::rows::version::{VersionRow, record};
use crate::schema::versions;

/// Every version of a flow, the newest first.
pub(crate) fn list(connection: &mut AnyConnection, flow: FlowId) -> Outcome<Vec<VersionRecord>> {
    let rows: Vec<VersionRow> = versions::table
        .filter(versions::flow_id.eq(flow.as_bytes().as_slice()))
        .order(versions::number.desc())
        .select(VersionRow::as_select())
        .load(connection)?;
    with_users(connection, rows)
}

pub(crate) fn latest(connection: &mut AnyConnection, flow: FlowId) -> Outcome<Option<VersionRecord>> {
    let row: Option<VersionRow> = versions::table
        .filter(versions::flow_id.eq(flow.as_bytes().as_slice()))
        .filter(versions::is_latest)
        .select(VersionRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(with_users(connection, row.into_iter().collect())?.pop())
}

pub(crate) fn get(
    connection: &mut AnyConnection,
    flow: FlowId,
    number: VersionNumber,
) -> Outcome<Option<VersionRecord>> {
    let row: Option<VersionRow> = versions::table
        .filter(versions::flow_id.eq(flow.as_bytes().as_slice()))
        .filter(versions::number.eq(number))
        .select(VersionRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(with_users(connection, row.into_iter().collect())?.pop())
}

/// Looks each user up once: a flow has many versions and few authors.
fn with_users(connection: &mut AnyConnection, rows: Vec<VersionRow>) -> Outcome<Vec<VersionRecord>> {
    let mut users: HashMap<Vec<u8>, UserRecord> = HashMap::new();
    for id in rows.iter().flat_map(VersionRow::users) {
        if !users.contains_key(id)
            && let Some(user) = user::get(connection, id)?
        {
            users.insert(id.to_owned(), user);
        }
    }
    rows.into_iter().map(|row| Ok(record(row, &users)?)).collect()
}
