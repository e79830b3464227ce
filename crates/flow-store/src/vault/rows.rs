//! The rows of secrets.

use diesel::prelude::*;
use flow_engine::SecretRecord;
use flow_model::{SecretName, Timestamp, WorkspaceId};

use super::seal::Sealed;
use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::read;
use crate::schema::secrets;

pub(super) fn put(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    name: &SecretName,
    sealed: &Sealed,
    now: Timestamp,
) -> Outcome<bool> {
    let value = (
        secrets::ciphertext.eq(sealed.ciphertext.as_slice()),
        secrets::nonce.eq(sealed.nonce.as_slice()),
        secrets::key_id.eq(sealed.key_id.as_str()),
        secrets::updated_at.eq(now.millis()),
    );
    let row = (
        secrets::workspace_id.eq(workspace.as_bytes().as_slice()),
        secrets::name.eq(name.as_str()),
        secrets::created_at.eq(now.millis()),
        value,
    );
    let made = on_each!(connection, |each| {
        diesel::insert_into(secrets::table).values(row).on_conflict_do_nothing().execute(each)
    })?;
    if made == 0 {
        let row = secrets::table
            .filter(secrets::workspace_id.eq(workspace.as_bytes().as_slice()))
            .filter(secrets::name.eq(name.as_str()));
        diesel::update(row).set(value).execute(connection)?;
    }
    Ok(made == 1)
}

pub(super) fn delete(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Outcome<bool> {
    let row = secrets::table
        .filter(secrets::workspace_id.eq(workspace.as_bytes().as_slice()))
        .filter(secrets::name.eq(name.as_str()));
    Ok(diesel::delete(row).execute(connection)? == 1)
}

/// Those of the names that are there.
pub(super) fn get(
    connection: &mut AnyConnection,
    workspace: WorkspaceId,
    names: &[SecretName],
) -> Outcome<Vec<(SecretName, Sealed)>> {
    let mut found = Vec::new();
    // One by one: a step uses few, and each text of a list would be a statement of its own.
    for name in names {
        let row: Option<(Vec<u8>, Vec<u8>, String)> = secrets::table
            .filter(secrets::workspace_id.eq(workspace.as_bytes().as_slice()))
            .filter(secrets::name.eq(name.as_str()))
            .select((secrets::ciphertext, secrets::nonce, secrets::key_id))
            .get_result(connection)
            .optional()?;
        let sealed = row.map(|(ciphertext, nonce, key_id)| Sealed { ciphertext, nonce, key_id });
        found.extend(sealed.map(|sealed| (name.clone(), sealed)));
    }
    Ok(found)
}

pub(super) fn list(connection: &mut AnyConnection, workspace: WorkspaceId) -> Outcome<Vec<SecretRecord>> {
    let rows: Vec<(String, i64, i64)> = secrets::table
        .filter(secrets::workspace_id.eq(workspace.as_bytes().as_slice()))
        .order(secrets::name)
        .select((secrets::name, secrets::created_at, secrets::updated_at))
        .load(connection)?;
    let record = |(name, created_at, updated_at): (String, i64, i64)| {
        read("secret of workspace", workspace.as_bytes(), || {
            Ok(SecretRecord {
                name: name.parse().map_err(|error| format!("`name`: {error}"))?,
                created_at: Timestamp::from_millis(created_at),
                updated_at: Timestamp::from_millis(updated_at),
            })
        })
    };
    rows.into_iter().map(|row| Ok(record(row)?)).collect()
}
