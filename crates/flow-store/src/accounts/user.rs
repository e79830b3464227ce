//! Users.

use diesel::prelude::*;
use flow_engine::{NewUser, UserRecord};

use crate::connection::{AnyConnection, on_each};
use crate::failure::Outcome;
use crate::rows::account::UserRow;
use crate::schema::users;

pub(crate) fn ensure(connection: &mut AnyConnection, new: &NewUser) -> Outcome<UserRecord> {
    let workspace = new.workspace.as_bytes().as_slice();
    let row = (
        users::id.eq(new.id.as_bytes().as_slice()),
        users::workspace_id.eq(workspace),
        users::name.eq(new.name.as_str()),
        users::email.eq(new.email.as_str()),
        users::created_at.eq(new.now.millis()),
    );
    on_each!(connection, |each| {
        let insert = diesel::insert_into(users::table).values(row);
        insert.on_conflict((users::workspace_id, users::email)).do_nothing().execute(each)
    })?;
    let found: UserRow = users::table
        .filter(users::workspace_id.eq(workspace))
        .filter(users::email.eq(new.email.as_str()))
        .select(UserRow::as_select())
        .get_result(connection)?;
    Ok(UserRecord::try_from(found)?)
}

/// A user by the id that a row names.
pub(crate) fn get(connection: &mut AnyConnection, id: &[u8]) -> Outcome<Option<UserRecord>> {
    let row: Option<UserRow> = users::table
        .filter(users::id.eq(id))
        .select(UserRow::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(UserRecord::try_from).transpose()?)
}
