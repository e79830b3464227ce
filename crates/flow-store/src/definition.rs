//! Definitions by their hash.

use diesel::prelude::*;
use flow_engine::StoredDefinition;
use flow_model::DefinitionHash;

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::{json, read};
use crate::schema::definitions;

/// A definition's text, written before its job is queued.
pub(crate) fn text(definition: &StoredDefinition) -> String {
    definition.to_string()
}

pub(crate) fn store(connection: &mut AnyConnection, hash: DefinitionHash, document: &str) -> Outcome<()> {
    let row = (definitions::hash.eq(hash.as_bytes().as_slice()), definitions::document.eq(document));
    on_each!(connection, |each| {
        diesel::insert_into(definitions::table).values(row).on_conflict_do_nothing().execute(each)
    })?;
    Ok(())
}

pub(crate) fn load(
    connection: &mut AnyConnection,
    hash: DefinitionHash,
) -> Outcome<Option<StoredDefinition>> {
    let text: Option<String> = definitions::table
        .filter(definitions::hash.eq(hash.as_bytes().as_slice()))
        .select(definitions::document)
        .get_result(connection)
        .optional()?;
    let Some(text) = text else { return Ok(None) };
    Ok(Some(read("definition", hash.as_bytes(), || json("document", &text))?))
}
