//! Tokens. Only their hashes are ever stored.

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use diesel::upsert::excluded;
use flow_engine::{Caller, NewToken, TokenHash, TokenRecord};
use flow_model::{Timestamp, TokenId, WorkspaceId};

use crate::connection::{AnyConnection, on_each};
use crate::failure::{Corrupt, Outcome};
use crate::rows::account::{TokenRow, UserRow, caller as caller_of, scopes_text, token};
use crate::schema::{tokens, users, workspaces};
use crate::statement::update;

/// The end of a token, which a second revocation leaves as it is.
macro_rules! revoked {
    ($now:expr) => {
        tokens::revoked_at.eq(case_when(
            tokens::revoked_at.is_null(),
            Some($now.millis()).into_sql::<Nullable<BigInt>>(),
        )
        .otherwise(tokens::revoked_at))
    };
}

/// Stores a token in place of one with the same hash.
pub(crate) fn create(connection: &mut AnyConnection, new: &NewToken) -> Outcome<()> {
    let scopes = scopes_text(&new.scopes);
    let row = (
        tokens::id.eq(new.id.as_bytes().as_slice()),
        tokens::workspace_id.eq(new.workspace.as_bytes().as_slice()),
        tokens::user_id.eq(new.user.as_bytes().as_slice()),
        tokens::hash.eq(new.hash.as_slice()),
        tokens::prefix.eq(new.prefix.as_str()),
        tokens::scopes.eq(scopes.as_str()),
        tokens::created_at.eq(new.now.millis()),
        tokens::expires_at.eq(new.expires_at.map(Timestamp::millis)),
    );
    on_each!(connection, |each| {
        let insert = diesel::insert_into(tokens::table).values(row);
        let replaced = insert.on_conflict(tokens::hash).do_update().set((
            tokens::id.eq(excluded(tokens::id)),
            tokens::workspace_id.eq(excluded(tokens::workspace_id)),
            tokens::user_id.eq(excluded(tokens::user_id)),
            tokens::prefix.eq(excluded(tokens::prefix)),
            tokens::scopes.eq(excluded(tokens::scopes)),
            tokens::created_at.eq(excluded(tokens::created_at)),
            tokens::expires_at.eq(excluded(tokens::expires_at)),
            tokens::last_used_at.eq(None::<i64>),
            tokens::revoked_at.eq(None::<i64>),
        ));
        replaced.execute(each)
    })?;
    Ok(())
}

/// Asked at every request: one query.
pub(crate) fn caller(
    connection: &mut AnyConnection,
    hash: TokenHash,
    now: Timestamp,
) -> Outcome<Option<Caller>> {
    let row: Option<(TokenRow, UserRow)> = tokens::table
        .inner_join(users::table)
        .filter(tokens::hash.eq(hash.as_slice()))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(now.millis())))
        .select((TokenRow::as_select(), UserRow::as_select()))
        .get_result(connection)
        .optional()?;
    Ok(row.map(caller_of).transpose()?)
}

/// The newest first.
pub(crate) fn list(
    connection: &mut AnyConnection,
    workspace: Option<WorkspaceId>,
) -> Outcome<Vec<TokenRecord>> {
    let all = tokens::table
        .inner_join(users::table)
        .inner_join(workspaces::table)
        .order((tokens::created_at.desc(), tokens::id.desc()))
        .select((TokenRow::as_select(), UserRow::as_select(), workspaces::name));
    let rows: Vec<(TokenRow, UserRow, String)> = match workspace {
        Some(workspace) => {
            all.filter(tokens::workspace_id.eq(workspace.as_bytes().as_slice())).load(connection)?
        }
        None => all.load(connection)?,
    };
    let tokens: Result<_, Corrupt> = rows.into_iter().map(token).collect();
    Ok(tokens?)
}

pub(crate) fn revoke(connection: &mut AnyConnection, token: TokenId, now: Timestamp) -> Outcome<bool> {
    let row = tokens::table.filter(tokens::id.eq(token.as_bytes().as_slice()));
    Ok(update(row, revoked!(now)).execute(connection)? > 0)
}

pub(crate) fn revoke_hash(connection: &mut AnyConnection, hash: TokenHash, now: Timestamp) -> Outcome<bool> {
    let row = tokens::table.filter(tokens::hash.eq(hash.as_slice()));
    Ok(update(row, revoked!(now)).execute(connection)? > 0)
}
